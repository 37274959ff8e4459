"""What the cluster asked not to be asked before: the reconciler's memory of it. One that starts anew asks once too early."""

import time
from collections.abc import Callable, Hashable

LONGEST_S = 300.0
"""Whatever a server says: a clock that is wrong over there shall not stop the fleet for a day."""


class Rests:
    """By whatever names an order. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[Hashable, float] = {}

    def take(self, what: Hashable, seconds: float) -> None:
        self._until[what] = self._clock() + min(seconds, LONGEST_S)

    def over(self, what: Hashable) -> bool:
        """Forgets what is over, of everything: names of places come once."""
        now = self._clock()
        self._until = {one: until for one, until in self._until.items() if until > now}
        return what not in self._until
