"""Amounts of money in whole cents. Floats never touch a price."""
from decimal import ROUND_HALF_UP, Decimal


def cents(text: str) -> int:
    """Cents from what a person wrote: "12.5" is 1250. A half cent is rounded up."""
    amount = Decimal(text.strip().replace(",", ""))
    return int((amount * 100).to_integral_value(rounding=ROUND_HALF_UP))


def to_text(amount: int) -> str:
    """Cents as a person reads them: 123450 is "1,234.50"."""
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), 100)
    return f"{sign}{whole:,}.{rest:02d}"


def percent_of(amount: int, percent: int) -> int:
    """So many percent of an amount, in cents. A half cent is rounded up."""
    exact = Decimal(amount) * percent / 100
    return int(exact.to_integral_value(rounding=ROUND_HALF_UP))
