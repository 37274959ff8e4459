"""Where a parcel goes and what that costs."""
from dataclasses import dataclass

# Zone: (fee of the first kilogram, fee of each further one that is begun), in cents.
RATES = {
    "home": (3_90, 80),
    "union": (8_50, 2_10),
    "world": (17_00, 5_40),
}
HEAVIEST = 30_000


@dataclass(frozen=True)
class Delivery:
    """How and where an order is sent."""

    zone: str = "home"


def fee(delivery: Delivery, grams: int) -> int:
    """Cents for a parcel of so many grams. Raises ValueError for an unknown zone or a parcel nobody carries."""
    first, further = rate(delivery.zone, grams)
    return first + further * begun(grams)


def rate(zone: str, grams: int) -> tuple[int, int]:
    if zone not in RATES:
        raise ValueError(f"unknown zone: {zone}")
    if grams > HEAVIEST:
        raise ValueError("too heavy for one parcel")
    return RATES[zone]


def begun(grams: int) -> int:
    """Kilograms begun after the first one."""
    return max(0, -(-grams // 1000) - 1)
