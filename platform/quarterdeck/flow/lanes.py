"""How many calls at once a model endpoint bears: half as many after each push-back, and more again with its good answers.

It is asked for much from the beginning, and says no: fifty agents that wait for their turn at a model that would bear them
all lose minutes. Kept in memory, per process: a restart learns it again within a few calls.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from quarterdeck.errors import TryLater

FIRST, MOST = 32, 200
CALM_S, WARY_S = 60.0, 600.0
"""So long after a push-back each good answer is room for one more; before, as many as are borne at once are. An endpoint that
fell silent says no to nobody and lets them wait: of it less is believed for longer."""


@dataclass
class Lane:
    name: str
    limit: int = FIRST
    busy: int = 0
    good: int = 0
    """Answers in a row since the limit last changed."""
    quiet_until: float = 0.0
    calm_at: float = float("-inf")


@dataclass
class Lanes:
    """`clock` is in seconds and never goes back."""

    clock: Callable[[], float] = time.monotonic
    _lanes: dict[str, Lane] = field(default_factory=dict)

    @contextmanager
    def taken(self, endpoint: str, name: str) -> Iterator[Lane]:
        """One place in this endpoint's lane. Raises TryLater(provider) when it is full, or was told to be quiet."""
        lane = self._lanes.setdefault(endpoint, Lane(name))
        quiet = lane.quiet_until - self.clock()
        if quiet > 0:
            raise TryLater(f"{name} asked for a pause.", after=quiet, reason="provider")
        if lane.busy >= lane.limit:
            raise TryLater(f"{name} bears {lane.limit} calls at once.", after=1.0, reason="provider")
        lane.busy += 1
        try:
            yield lane
        finally:
            lane.busy -= 1

    def pushed_back(self, lane: Lane, after: float, *, silent: bool = False) -> None:
        """`after` in seconds, as the provider asked. `silent`: it asked nothing, its answer did not come."""
        if self.clock() >= lane.quiet_until:  # the others that were on their way say nothing new
            lane.limit = max(1, lane.limit // 2)
        lane.good, lane.quiet_until = 0, max(lane.quiet_until, self.clock() + after)
        lane.calm_at = max(lane.calm_at, self.clock() + (WARY_S if silent else CALM_S))

    def went_well(self, lane: Lane) -> None:
        lane.good += 1
        if lane.good >= lane.limit or self.clock() >= lane.calm_at:
            lane.limit, lane.good = min(MOST, lane.limit + 1), 0

    def seen(self) -> list[Lane]:
        return list(self._lanes.values())


LANES = Lanes()


def concurrency() -> list[Lane]:
    """The lanes of this process, for the fleet's view: name, calls on their way, and how many it bears."""
    return LANES.seen()
