"""What a customer gets back."""
from larkfield.orders import Order


def refund_of(order: Order, skus: list[str]) -> int:
    """Cents to pay back for these lines of an order. Raises ValueError for a sku that is not in the order."""
    known = [line.product.sku for line in order.cart.lines]
    for sku in skus:
        if sku not in known:
            raise ValueError(f"not in order {order.number}: {sku}")
    return sum(line_refund(order, known.index(sku)) for sku in set(skus))


def line_refund(order: Order, place: int) -> int:
    """The price of one line less its part of the discount."""
    line = order.cart.lines[place]
    part = -(-order.discount() * line.total() // order.cart.subtotal())
    return line.total() - part
