"""A house whose processes die at named points of the code (`deckwire.crash`) when a test orders it."""

from testkit.house import House
from testkit.waiting import until


class DoomedHouse(House):
    """Platform processes take an order away and obey it once. Agents cannot: each attempt obeys until it is withdrawn."""

    def __init__(self, **environment: str) -> None:
        super().__init__(**environment)
        self.orders = self.data / "orders"
        self.orders.mkdir(parents=True)
        self.environment["QUARTERDECK_CRASH"] = str(self.orders)

    def order(self, label: str, signal: str = "KILL") -> None:
        """Whole at once: half an order would be another one."""
        fresh = self.data / f".{label}"
        fresh.write_text(signal)
        fresh.rename(self.orders / label)

    def withdraw(self, label: str) -> None:
        (self.orders / label).unlink(missing_ok=True)

    def ordered(self) -> list[str]:
        return sorted(path.name for path in self.orders.iterdir())

    def obeyed(self, label: str, seconds: float = 60) -> None:
        """Until a process of the platform has met the point."""
        until(lambda: label not in self.ordered(), seconds, every=0.04, what=f"somebody to come to {label}")
