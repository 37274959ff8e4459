"""Whose turn it is: one order over everything that waits for a place. Pure; who gives places and who explains the queue both
use it, so that what is shown is what happens.

Between projects: the least places in use for its weight comes first. Places are whole and weights are not, so up to one place
is added to a project that was given more than the others of late, for its weight: over time each gets its part however few
places there are. Within a project: priority, then age. Nobody starves: a project that waits falls behind the others until it
is first, and a priority is only a head start, so age overtakes it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

PRIORITIES = {"Highest": 3, "High": 2, "Medium": 1, "Low": 0}
HEAD_START = timedelta(hours=8)
"""What each step of priority is worth: a run goes before all of the next lower priority but those that are older by this."""
STEP = 1_000_000
"""How far a project of weight 1 moves on with each place it is given."""
REMEMBERED = 2 * STEP
"""A project that wanted nothing for long has no more than this to catch up with: what it left to others is gone."""


@dataclass(frozen=True)
class Share:
    """A project's part. `turn` rises by STEP / weight with each place it is given."""

    used: int
    places: int
    weight: int = 1
    turn: int = 0

    def given(self) -> "Share":
        """After one place more."""
        return replace(self, used=self.used + 1, turn=self.turn + STEP // self.weight)


@dataclass(frozen=True)
class Waiting:
    run: UUID
    project: UUID
    priority: int
    since: datetime

    @property
    def rank(self) -> tuple[datetime, UUID]:
        return self.since - self.priority * HEAD_START, self.run


def lines(waiting: Iterable[Waiting]) -> dict[UUID, list[Waiting]]:
    """Each project's own line, the first in front."""
    found: dict[UUID, list[Waiting]] = defaultdict(list)
    for one in sorted(waiting, key=lambda one: one.rank):
        found[one.project].append(one)
    return dict(found)


def caught_up(shares: Mapping[UUID, Share]) -> dict[UUID, Share]:
    """Nobody is further behind than what is remembered."""
    least = max((share.turn for share in shares.values()), default=0) - REMEMBERED
    return {project: replace(share, turn=max(share.turn, least)) for project, share in shares.items()}


def order(shares: Mapping[UUID, Share], waiting: Iterable[Waiting]) -> Iterator[Waiting]:
    """In the order in which places go round while none of those in use comes back. Who is beyond its project's own places is
    not among them: it waits for its project."""
    ahead = {project: line[::-1] for project, line in lines(waiting).items()}
    now = caught_up(shares)
    while able := [project for project, line in ahead.items() if line and now[project].used < now[project].places]:
        floor = min(now[project].turn for project in able)
        first = min(able, key=lambda one: (_load(now[one], floor), now[one].turn, ahead[one][-1].rank))
        yield ahead[first].pop()
        now[first] = now[first].given()


def _load(share: Share, floor: int) -> float:
    """Places in use for its weight, and up to one more for what it was given before the others."""
    return (share.used + min(1.0, (share.turn - floor) / STEP)) / share.weight
