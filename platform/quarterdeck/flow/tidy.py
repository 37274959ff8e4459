"""Small sweeps: snoozed requests come back, a pause that no agent answers is carried out without it, and runs that touch
the same files are told."""

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from deckwire.words import AttemptState, Fate, Phase
from quarterdeck.flow import fencing, mailbox
from quarterdeck.record import lifecycle, overlaps
from quarterdeck.record.models import Command, Request, RequestState, Run

PAUSE_GRACE = timedelta(seconds=90)


def sweep() -> int:
    return requests() + overlaps.sweep()


def requests() -> int:
    """Returns how many things were put right."""
    woken = Request.objects.filter(state=RequestState.SNOOZED, until__lte=Now()).update(
        state=RequestState.OPEN, until=None
    )
    return woken + sum(_force(command) for command in _stale_pauses())


def _stale_pauses() -> list[Command]:
    return list(Command.objects.filter(fate__in=mailbox.WAITING, verb="pause", at__lt=Now() - PAUSE_GRACE))


def _force(command: Command) -> int:
    """The checkpoint it had counts; the attempt is fenced."""
    with transaction.atomic():
        run: Run = lifecycle.hold(command.run_id)
        attempt = fencing.live_attempt(run)
        if attempt is not None:
            fencing.end(run, attempt, AttemptState.FENCED, reason="paused", text="It did not park in time.")
        mailbox.end(run, [str(command.id)], Fate.APPLIED, "paused without the agent's help")
        if run.desired == "pause" and run.phase in (Phase.WORKING, Phase.STARTING, Phase.WAITING):
            lifecycle.move(run, Phase.PAUSED, reason="paused", by="rule:tidy")
    return 1
