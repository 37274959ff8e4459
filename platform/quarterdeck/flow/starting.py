"""Who begins next among those that have a place: a few at a time on each node, the oldest first.

An agent's start is processor time. Thirty on one node that share it all begin as late as the last one would; where a few start
at a time half of them work, and speak, in little more than half of that time. Who waits for the others says so.
"""

from collections.abc import Sequence

from django.conf import settings

from deckwire.words import AttemptState
from quarterdeck.flow import pokes
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceState
from quarterdeck.record import wakes
from quarterdeck.record.models import Attempt

PATIENCE_S = 10.0
"""Who has said nothing for so long waits for something else (an image, a node) and keeps nobody."""
WAITS = "waiting until others have started"


def next_of(wanting: Sequence[Attempt], seen: Sequence[PlaceSeen]) -> Sequence[Attempt]:
    """Of the attempts that want a place, in their order, those that begin now. The others say that they wait."""
    if not wanting:
        return wanting
    living = [place for place in seen if place.state != PlaceState.ENDED]
    nodes = {place.node for place in living if place.node}
    room = max(0, settings.STARTING * max(1, len(nodes)) - _starting(living))
    for attempt in wanting[room:]:
        if attempt.doing != WAITS:
            Attempt.objects.filter(id=attempt.id, state=AttemptState.CREATED).update(doing=WAITS)
            wakes.tell("card", run=str(attempt.run_id))
    return wanting[:room]


def begun() -> None:
    """One of those that started has said hello: the next one need not wait for the reconciler's own rhythm."""
    if Attempt.objects.filter(state=AttemptState.CREATED, doing=WAITS).exists():
        pokes.poke("places")


def _starting(living: Sequence[PlaceSeen]) -> int:
    """Their place is there, and they have not said hello."""
    silent = set(Attempt.objects.filter(state=AttemptState.PENDING).values_list("place", flat=True))
    return sum(place.name in silent and place.age_s < PATIENCE_S for place in living)
