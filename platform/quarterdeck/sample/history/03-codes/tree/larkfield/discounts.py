"""Discount codes."""
from dataclasses import dataclass

from larkfield.money import percent_of


@dataclass(frozen=True)
class Discount:
    """Either `percent` of the subtotal or a fixed `amount` in cents, from a subtotal of `least` on."""

    percent: int = 0
    amount: int = 0
    least: int = 0

    def of(self, subtotal: int) -> int:
        """Cents off this subtotal; never more than the subtotal itself."""
        if subtotal < self.least:
            return 0
        return min(subtotal, self.amount + percent_of(subtotal, self.percent))


CODES = {
    "SPRING10": Discount(percent=10),
    "FRIENDS15": Discount(percent=15, least=20_00),
    "FIVER": Discount(amount=5_00, least=25_00),
}


def find(code: str) -> Discount:
    """The discount of a code as typed by a customer. No code is no discount; an unknown one is a ValueError."""
    name = code.strip().upper()
    if not name:
        return Discount()
    if name not in CODES:
        raise ValueError(f"unknown code: {name}")
    return CODES[name]
