"""Orders as CSV, for the bookkeeper."""
import csv
import io
from collections.abc import Iterable

from larkfield.money import to_text
from larkfield.orders import Order

COLUMNS = ["number", "placed", "goods", "discount", "shipping", "total"]


def orders_csv(orders: Iterable[Order]) -> str:
    """One row per order, in the order of their numbers."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for order in sorted(orders, key=lambda one: one.number):
        writer.writerow(cells(order))
    return out.getvalue()


def cells(order: Order) -> list[str]:
    amounts = [order.cart.subtotal(), order.discount(), order.shipping(), order.total()]
    return [str(order.number), order.placed.isoformat(), *(to_text(amount) for amount in amounts)]
