"""The text that is printed and put into the parcel."""
from larkfield.money import to_text
from larkfield.orders import Order

WIDTH = 48


def invoice(order: Order) -> str:
    lines = [f"Invoice {order.number:05d}", order.placed.isoformat(), ""]
    for line in order.cart.lines:
        lines.append(row(f"{line.count} x {line.product.name}", line.total()))
    lines.append("-" * WIDTH)
    lines.append(row("Goods", order.cart.subtotal()))
    if order.discount():
        lines.append(row(f"Code {order.code.strip().upper()}", -order.discount()))
    lines.append(row("Shipping", order.shipping()))
    lines.append(row("Total", order.total()))
    return "\n".join(lines) + "\n"


def row(text: str, amount: int) -> str:
    """One line of a fixed width; a long text is cut so that the amount always fits."""
    price = f"{to_text(amount)} EUR"
    room = WIDTH - len(price) - 1
    return f"{text[:room]:<{room}} {price}"
