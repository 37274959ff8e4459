"""A supervisor says which of the runs that wait is wanted more, and the owner how much room and money there is in all."""

from typing import Any
from uuid import UUID

from django.db import transaction

from deckwire.events import Changed, Decided
from deckwire.words import Phase
from quarterdeck.errors import Refused
from quarterdeck.flow import pokes
from quarterdeck.flow.actor import Actor
from quarterdeck.record import audit, ledger, lifecycle, wakes
from quarterdeck.record.models import Run, SiteSetting
from quarterdeck.record.places import DAILY, PLACES
from quarterdeck.record.turns import PRIORITIES

MOST_SITE_PLACES = 10_000
MOST_DAILY = 1_000_000_000_000
TOLD = 30
"""Waiting runs whose cards are told at once that the queue has changed; the others hear of it when they come nearer."""


def prioritise(actor: Actor, run_id: UUID, word: str) -> None:
    """Empty: the ticket's own priority again. Counts whenever the run waits for a place, now or later. Raises
    Refused: malformed (422), ended (409)."""
    if word and word not in PRIORITIES:
        raise Refused(f"A priority is one of {', '.join(PRIORITIES)}.", reason="malformed", status=422)
    with transaction.atomic():
        run = lifecycle.hold(run_id)
        if not run.open:
            raise Refused("The run has ended.", reason="ended")
        if run.priority == word:
            return
        Run.objects.filter(id=run.id).update(priority=word)
        told = Decided(verb="priority", words=word or "its ticket's", by=actor.name, fate="applied")
        ledger.note(run.stream, told, by=actor.word)
        audit.write(
            actor.word, "run prioritised", f"run:{run.id}", project=run.project_id, priority=word or "its ticket's",
            was=run.priority,
        )  # fmt: skip
    tell_waiting(run.project_id)
    pokes.poke("places")


def tell_waiting(project: UUID | None = None) -> None:
    """What a waiting run's card says has changed, though nothing of the run itself did."""
    rows = Run.objects.filter(phase=Phase.QUEUED)
    rows = rows.filter(project=project) if project else rows
    for id in rows.order_by("created_at").values_list("id", flat=True)[:TOLD]:
        wakes.tell("card", run=str(id))


def set_site(actor: Actor, *, places: int | None = None, daily_micro: int | None = None) -> None:
    """Places of the whole installation, and what may be spent in a day (0: no limit). None stays. Raises Refused(malformed)."""
    given: dict[str, Any] = {}
    if places is not None:
        given[PLACES] = _within("Places", places, MOST_SITE_PLACES)
    if daily_micro is not None:
        given[DAILY] = _within("A day's budget", daily_micro, MOST_DAILY)
    with transaction.atomic():
        for name, value in given.items():
            SiteSetting.objects.update_or_create(name=name, defaults={"value": value})
        audit.write(actor.word, "site edited", "site:", name="this installation", **given)
        ledger.note("site", Changed(what="settings", by=actor.word), by=actor.word)
    tell_waiting()
    pokes.poke("places")


def _within(what: str, given: int, most: int) -> int:
    if not 0 <= given <= most:
        raise Refused(f"{what}: 0 to {most}.", reason="malformed", status=422)
    return given
