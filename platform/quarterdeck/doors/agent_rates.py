"""How fast a caller may go: a bucket per token and door, in memory, so that no hostile agent makes us ask the database."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from quarterdeck.errors import TryLater

MOST_CALLERS = 20_000
"""Callers remembered per process; the ones silent for longest are forgotten first."""
UNKNOWN_A_SECOND = 50.0
"""Tokens that a caller shows for the first time: each is a question to the record, and whoever invents them has many."""


@dataclass
class Rates:
    """Buckets that hold two seconds' worth. `clock` is in seconds and never goes back."""

    clock: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def knows(self, caller: str) -> bool:
        """Whether it took anything of late."""
        with self._lock:
            return caller in self._buckets

    def remember(self, caller: str) -> None:
        """As one that took nothing just now."""
        with self._lock:
            self._buckets[caller] = self._buckets.pop(caller, (0.0, self.clock()))
            self._forget()

    def _forget(self) -> None:
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)

    def take(self, caller: str, rate: float, weight: float = 1.0) -> None:
        """Raises TryLater(rate) with the seconds until there is room again. A weight over the bucket passes when it is full."""
        now, whole = self.clock(), rate * 2
        with self._lock:
            level, since = self._buckets.pop(caller, (whole, now))
            level = min(whole, level + (now - since) * rate)
            enough = level >= min(weight, whole)
            self._buckets[caller] = (level - weight if enough else level, now)
            self._forget()
        if not enough:
            wait = (min(weight, whole) - level) / rate
            raise TryLater(f"Too fast: at most {rate:g} a second here.", after=wait, reason="rate")
