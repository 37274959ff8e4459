"""Who was told to wait does not ask again before its time: reads, writes, and the writes to one issue wait apart."""

import threading
import time
from collections.abc import Callable

from quarterdeck.errors import TryLater

MOST = 1_000
LONGEST = 3600.0


class Pauses:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._until: dict[str, tuple[float, str]] = {}

    def wait(self, lane: str, seconds: float, reason: str) -> None:
        with self._lock:
            if len(self._until) >= MOST:
                now = self._clock()
                self._until = {one: pair for one, pair in self._until.items() if pair[0] > now}
            self._until[lane] = (self._clock() + min(seconds, LONGEST), reason)

    def check(self, *lanes: str) -> None:
        """Raises TryLater while one of the lanes rests."""
        with self._lock:
            rests = [self._until[lane] for lane in lanes if lane in self._until]
        if not rests:
            return
        until, reason = max(rests)
        left = until - self._clock()
        if left > 0:
            raise TryLater(f"Jira asked us to wait {left:.0f} s more.", after=left, reason=reason)
