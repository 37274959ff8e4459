"""Ending an attempt: the epoch rises first, then everything else. Whoever still speaks with the old one is refused."""

from django.db.models.functions import Now

from deckwire.events import Attempted
from deckwire.words import LIVE_ATTEMPT, AttemptState, Blame
from quarterdeck.flow import pokes
from quarterdeck.record import fences, ledger
from quarterdeck.record.models import Attempt, Run


def fence(run: Run) -> None:
    """Raises the epoch past the newest attempt. The caller holds the run's row. Repeating it changes nothing."""
    if not Attempt.objects.filter(run=run, epoch=run.epoch).exists():
        return  # nobody has this epoch yet: the next attempt will
    run.epoch += 1
    Run.objects.filter(id=run.id).update(epoch=run.epoch)
    fences.raise_epoch(run.id, run.epoch)


def end(
    run: Run, attempt: Attempt, state: AttemptState, *, reason: str, text: str = "", blame: Blame = Blame.NONE,
    unwanted: bool = True,
) -> None:  # fmt: skip
    """The attempt is over, for this reason. Its tokens are dead from here on; the reconciler removes its place.

    `unwanted` False leaves the place a moment to go by itself (it said good-bye); the reconciler takes it later.
    """
    attempt.state = state
    changed = Attempt.objects.filter(id=attempt.id, state__in=LIVE_ATTEMPT).update(
        state=state, reason=reason, text=text[:2000], blame=blame, ended_at=Now(), unwanted=unwanted
    )
    if not changed:
        return
    fence(run)
    said = Attempted(epoch=attempt.epoch, state=state, reason=reason, text=text[:2000])
    ledger.note(run.stream, said, by="rule:platform", epoch=attempt.epoch)
    pokes.poke("places")


def live_attempt(run: Run) -> Attempt | None:
    return Attempt.objects.filter(run=run, state__in=LIVE_ATTEMPT).first()
