"""An attempt ended without a good-bye. Whose doing was it, and what follows for the run?

infrastructure: free retry with back-off; agent: counts, three without a step between them fail the run, and so do eight
kills or silences; configuration: a person has to mend something first.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Greatest, Now

from deckwire.words import LIVE_ATTEMPT, AttemptState, Blame, Phase
from quarterdeck.flow import asks, fencing, mailbox
from quarterdeck.outside.cluster.port import END_REMEDIES
from quarterdeck.record import lifecycle
from quarterdeck.record.models import Attempt, Run

BY = "rule:reconciler"
LONELY = timedelta(seconds=30)
MAX_FAILURES = 3
MAX_KILLS = 8
OWN = {"killed", "silent", "theft"}
"""Ends that are infrastructure's, but so many in a row without a step between are the run's own: one of its commands ends or
stops every process, or spends the secret."""
MAX_PAUSE_S = 60
WORKS = (Phase.STARTING, Phase.WORKING, Phase.WAITING)
HAD_ATTEMPT = (*WORKS, Phase.SEALING)


def lost(attempt_id: UUID, *, reason: str, text: str, blame: Blame, state: AttemptState = AttemptState.LOST,
         remedy: str = "") -> None:  # fmt: skip
    """Fences the attempt and sends its run where it belongs. Twice, or late, changes nothing."""
    with transaction.atomic():
        run = lifecycle.hold(Attempt.objects.values_list("run_id", flat=True).get(id=attempt_id))
        attempt = Attempt.objects.select_for_update().get(id=attempt_id)
        if not attempt.live:
            return
        fencing.end(run, attempt, state, reason=reason, text=text, blame=blame)
        send_on(run, reason, text, blame, remedy)


def overstayed(attempt_id: UUID) -> None:
    """Its run needs no agent any more and it has not left: it is shown out. Its run stays where it stands."""
    with transaction.atomic():
        run = lifecycle.hold(Attempt.objects.values_list("run_id", flat=True).get(id=attempt_id))
        attempt = Attempt.objects.select_for_update().get(id=attempt_id)
        if attempt.live and run.phase not in WORKS:
            text = "Its work was over and it did not leave."
            fencing.end(run, attempt, AttemptState.FENCED, reason="overstayed", text=text)


def strays() -> None:
    """Runs that need an agent and have none, whatever the reason: a run that nobody works for must not look at work."""
    lonely = Run.objects.filter(phase__in=WORKS, phase_since__lt=Now() - LONELY)
    for run_id in lonely.exclude(attempts__state__in=LIVE_ATTEMPT).values_list("id", flat=True):
        with transaction.atomic():
            run = lifecycle.hold(run_id)
            if fencing.live_attempt(run) is None:
                send_on(run, "stray", "No attempt worked for this run any more.", Blame.INFRASTRUCTURE)


def send_on(run: Run, reason: str, text: str, blame: Blame, remedy: str = "") -> None:
    """Where a run goes whose attempt has just ended without its work being done. The caller holds the run."""
    if run.phase not in HAD_ATTEMPT:
        return  # it ended or was sent elsewhere before
    if run.phase == Phase.WAITING and asks.waits(run) and not mailbox.open_for_agent(run.id):
        return  # it waits for a person, who needs no place: the decision will bring it back
    if run.phase == Phase.SEALING:
        return  # the head is sealed and frozen: the platform needs no agent from here on
    if run.desired == "pause":
        lifecycle.move(run, Phase.PAUSED, reason="paused", by=BY)
    elif blame == Blame.CONFIGURATION:
        _fail(run, reason, text, remedy or END_REMEDIES.get(reason, "Mend what it names, then retry."))
    elif blame == Blame.AGENT and run.failures + 1 >= MAX_FAILURES:
        _fail_again(run, reason, text, MAX_FAILURES)
    elif reason in OWN and _ends_itself(run):
        _fail_again(run, reason, text, MAX_KILLS)
    else:
        _back_to_queue(run, text, blame)


def _ends_itself(run: Run) -> bool:
    newest = Attempt.objects.filter(run=run).order_by("-epoch")[:MAX_KILLS]
    return run.losses + 1 >= MAX_KILLS and all(map(_maybe_own, newest))


def _maybe_own(attempt: Attempt) -> bool:
    """Before its hello nothing of a run was done: that silence is of the way to us, which is everybody's."""
    return attempt.reason in OWN and (attempt.reason != "silent" or attempt.started_at is not None)


def _fail_again(run: Run, reason: str, text: str, times: int) -> None:
    remedy = END_REMEDIES.get(reason, "Look at the last lines, then retry or stop.")
    _fail(run, reason, f"{text} It happened {times} times without progress.", remedy)


def _back_to_queue(run: Run, text: str, blame: Blame) -> None:
    lifecycle.move(run, Phase.QUEUED, reason="attempt_lost", by=BY, text=text)
    back_off(run, blame)


def back_off(run: Run, blame: Blame) -> None:
    """The next attempt of a queued run waits the longer the more went before it without a step: at once, 2 s, 4 s … 60 s."""
    counts = {"failures": run.failures + 1} if blame == Blame.AGENT else {"losses": min(run.losses + 1, 30)}
    before = run.failures if blame == Blame.AGENT else run.losses
    pause = 0 if before == 0 else min(MAX_PAUSE_S, 2**before)
    Run.objects.filter(id=run.id).update(not_before=Now() + timedelta(seconds=pause) if pause else None, **counts)


def no_sooner(run: UUID, seconds: float) -> None:
    """The cluster named a time, and the run's own pause may be shorter. One that does not queue is left alone."""
    later = Greatest("not_before", Now() + timedelta(seconds=seconds))  # of null and a time it is the time
    Run.objects.filter(id=run, phase=Phase.QUEUED).update(not_before=later)


def _fail(run: Run, reason: str, text: str, remedy: str) -> None:
    asks.supersede(run, "the run failed")
    mailbox.supersede(run, "the run failed")
    lifecycle.move(run, Phase.FAILED, reason=reason, by=BY, text=text, remedy=remedy)
    asks.failure(run, text, remedy)
