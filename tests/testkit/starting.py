"""What reconciler and worker do between a run's opening and its attempt, by hand."""

from collections.abc import Collection
from uuid import UUID

from quarterdeck.flow import fetches, launch, reconcile
from quarterdeck.record.models import Attempt, Run
from testkit.hand import Hand


def prepared(run: Run) -> bool:
    """The launcher asks, the worker fetches, the launcher comes by again."""
    return launch.prepare(run) or (fetches.work() > 0 and launch.prepare(run))


def admitted(there: Collection[str] = ()) -> int:
    """Two passes of the reconciler with the worker's fetch between them."""
    first = reconcile.admit_all(there)
    fetches.work()
    return first + reconcile.admit_all(there)


def give(*ready: UUID) -> Attempt | None:
    """One place, for the one of these runs whose turn it is. None: no room, no money, or none of them waits any more."""
    return next(iter(launch.give_all(ready, most=1)), None)


def next_hand(run: Run) -> Hand:
    """The agent of the run's next attempt; it has said hello."""
    attempt = give(run.id)
    assert attempt is not None
    hand = Hand(attempt)
    hand.hello()
    return hand
