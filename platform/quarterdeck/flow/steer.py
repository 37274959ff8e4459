"""Redirect, pause, resume, and taking a decision back before anybody has read it."""

from typing import TYPE_CHECKING

from django.db.models.functions import Now

from deckwire.requests import Answer
from deckwire.words import AttemptState, Fate, Phase, Verb
from quarterdeck.errors import Refused
from quarterdeck.flow import answers, fencing, mailbox, pokes, rewind
from quarterdeck.record import lifecycle
from quarterdeck.record.models import OPEN_REQUEST, Command, Decision, Request, RequestState, Run

if TYPE_CHECKING:
    from quarterdeck.flow.decide import Said

PAUSABLE = (Phase.QUEUED, Phase.STARTING, Phase.WORKING, Phase.WAITING)


def redirect(run: Run, decision: Decision, said: "Said", request: Request | None) -> Command:
    """Words for the agent: at its next step, at once (mode interrupt), or as the answer to what it asks now."""
    if not said.words.strip():
        raise Refused("A redirect needs words.", reason="malformed", status=422)
    if run.phase in (Phase.REVIEW, Phase.PUBLISHED):
        return rewind.send_back(run, decision, said.words)
    waiting = _asked(run)
    if waiting:
        by = str(decision.person or decision.actor)
        for one in waiting[:-1]:
            Request.objects.filter(id=one.id).update(
                state=RequestState.DECIDED, decision=decision, closed_at=Now(),
                answer=Answer(verb="redirect", words=said.words, by=by).model_dump(mode="json"),
            )  # fmt: skip
        return answers.answer(run, decision, said, waiting[-1])
    if run.phase in (Phase.QUEUED, Phase.STARTING, Phase.WORKING, Phase.PAUSED, Phase.WAITING):
        mode = "interrupt" if said.mode == "interrupt" else "enqueue"
        return mailbox.put(
            run, decision, mode=mode, body={"verb": "redirect"}, why="stored; read before the agent's next step"
        )
    if run.phase == Phase.SEALING:
        raise Refused("The head was sealed: wait for the review, then redirect from there.", reason="sealed")
    raise Refused(f"A run that is {run.phase} takes no redirect.", reason="not_possible")


def _asked(run: Run) -> list[Request]:
    rows = Request.objects.select_for_update().filter(run=run, state__in=OPEN_REQUEST).exclude(interrupt="")
    return list(rows.order_by("index"))


def pause(run: Run, decision: Decision) -> Command:
    """A living agent finishes its step and parks; where none has begun the run is paused at once, and its place goes."""
    if run.phase == Phase.PAUSED or run.desired == "pause":
        raise Refused("Already paused, or about to be.", reason="already_paused")
    if run.phase not in PAUSABLE:
        raise Refused(f"A run that is {run.phase} has nothing running to pause.", reason="not_possible")
    Run.objects.filter(id=run.id).update(desired="pause")
    run.desired = "pause"
    attempt = fencing.live_attempt(run)
    if attempt and attempt.state == AttemptState.RUNNING:
        return mailbox.put(run, decision, body={"verb": "pause"}, why="stored; the agent parks after its step")
    if attempt:
        fencing.end(
            run, attempt, AttemptState.FENCED, reason="paused", text="It was paused before its agent had begun."
        )
    lifecycle.move(run, Phase.PAUSED, reason="paused", by=decision.actor)
    return mailbox.put(run, decision, fate=Fate.APPLIED, for_agent=False, why="paused; nothing was running")


def resume(run: Run, decision: Decision) -> Command:
    """Back to where it stood: to its open question if it has one, else to the queue."""
    if run.phase != Phase.PAUSED and run.desired != "pause":
        raise Refused("The run is not paused.", reason="not_possible")
    Run.objects.filter(id=run.id).update(desired="run")
    run.desired = "run"
    _call_off(run, "resumed before the agent had parked")
    if run.phase == Phase.PAUSED:
        _go_on(run, decision)
    return mailbox.put(run, decision, fate=Fate.APPLIED, for_agent=False, why="resumed")


def _call_off(run: Run, why: str) -> None:
    """No agent of this run has to pause any more."""
    pauses = Command.objects.filter(run=run, fate__in=mailbox.WAITING, verb=Verb.PAUSE).values_list("id", flat=True)
    mailbox.end(run, [str(id) for id in pauses], Fate.SUPERSEDED, why)


def _go_on(run: Run, decision: Decision) -> None:
    if _asked(run):
        lifecycle.move(run, Phase.WAITING, reason="resumed", by=decision.actor)
        return
    lifecycle.move(run, Phase.QUEUED, reason="resumed", by=decision.actor)
    pokes.poke("places")


def take_back(run: Run, decision: Decision) -> str:
    """Undo, while the command is still pending. Returns what it means now. Raises Refused(too_late)."""
    command = Command.objects.select_for_update().get(run=run, decision=decision)
    if decision.verb == Verb.PAUSE and run.phase == Phase.PAUSED and _newest_pause(run) == decision:
        _call_off(run, "taken back")
        Run.objects.filter(id=run.id).update(desired="run")
        _go_on(run, decision)
    elif command.fate == Fate.PENDING and command.for_agent:
        _unsend(run, decision, command)
    else:
        raise Refused("It has been read or carried out already.", reason="too_late")
    Decision.objects.filter(id=decision.id).update(undone_at=Now())
    return "undone; no agent had read it"


def _newest_pause(run: Run) -> Decision | None:
    """The one that the run stands paused by."""
    return Decision.objects.filter(run=run, verb=Verb.PAUSE, undone_at__isnull=True).order_by("-id").first()


def _unsend(run: Run, decision: Decision, command: Command) -> None:
    mailbox.end(run, [str(command.id)], Fate.SUPERSEDED, "taken back")
    if decision.verb == Verb.PAUSE:
        Run.objects.filter(id=run.id).update(desired="run")
    answers.lower_budget(run, decision)
    reopened = Request.objects.filter(run=run, decision=decision).update(
        state=RequestState.OPEN, decision=None, answer=None, closed_at=None
    )
    if reopened and run.phase in (Phase.QUEUED, Phase.WORKING):
        lifecycle.move(run, Phase.WAITING, reason="taken_back", by=decision.actor)
