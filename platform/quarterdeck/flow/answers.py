"""Answers to what an agent asked. When all asks of an interrupt are decided, one command resumes it, keyed by interrupt."""

from typing import TYPE_CHECKING, Any

from django.db.models.functions import Now
from pydantic import ValidationError

from deckwire.requests import Answer, Plan
from deckwire.words import Fate, Phase, RequestKind, Verb
from quarterdeck.errors import Refused
from quarterdeck.flow import asks, fencing, mailbox, pokes
from quarterdeck.record import lifecycle
from quarterdeck.record.models import Command, Decision, Request, RequestState, Run

if TYPE_CHECKING:
    from quarterdeck.flow.decide import Said

MAX_CAP = 1_000_000_000


def answer(run: Run, decision: Decision, said: "Said", request: Request) -> Command:
    """Stores the answer to one request. The caller holds run and request."""
    if request.kind == RequestKind.BUDGET and said.verb == Verb.APPROVE:
        return raise_budget(run, decision, said, request)
    return _store(run, decision, request, _wire(decision, said))


def _is_money(request: Request) -> bool:
    """Steps and time are granted by the agent itself: no cap moves for them."""
    return all(fact["value"] == "money" for fact in request.body.get("facts", []) if fact["label"] == "Limit")


def _wire(decision: Decision, said: "Said") -> Answer:
    by = str(decision.person or decision.actor)
    verb = "approve" if said.verb == Verb.RETRY else said.verb.value
    return Answer(verb=verb, words=said.words, choice=said.choice, plan=_plan(said.plan), by=by)


def _plan(data: dict[str, Any] | None) -> Plan | None:
    try:
        return Plan.tolerant(data) if data else None
    except ValidationError as bad:
        raise Refused(
            "The edited plan is not a plan: each step needs a title.", reason="malformed", status=422
        ) from bad


def _store(run: Run, decision: Decision, request: Request, wire: Answer) -> Command:
    Request.objects.filter(id=request.id).update(
        state=RequestState.DECIDED, decision=decision, answer=wire.model_dump(mode="json"), closed_at=Now()
    )
    if asks.open_of(run, request.interrupt):
        return mailbox.put(
            run, decision, fate=Fate.APPLIED, for_agent=False, why="stored; the agent goes on when all is answered"
        )
    return _resume(run, decision, request.interrupt)


def _resume(run: Run, decision: Decision, interrupt: str) -> Command:
    rows = Request.objects.filter(run=run, interrupt=interrupt, state=RequestState.DECIDED).order_by("index")
    body = {"verb": "answer", "answers": {interrupt: [row.answer for row in rows]}, "interrupt": interrupt}
    parked = fencing.live_attempt(run) is None
    why = "stored; the next attempt takes it up" if parked else "stored; the agent takes it up now"
    command = mailbox.put(run, decision, body=body, why=why)
    if run.phase == Phase.WAITING and parked:
        lifecycle.move(run, Phase.QUEUED, reason="decided", by=decision.actor)
        pokes.poke("places")
    return command


def raise_budget(run: Run, decision: Decision, said: "Said", request: Request | None) -> Command:
    """`amount_micro` is the new cap; without it the cap rises by half of what it was, at least by 1.00."""
    if request is not None and request.interrupt and not _is_money(request):
        return _store(run, decision, request, _wire(decision, said))
    cap = run.cap_micro + max(1_000_000, run.cap_micro // 2) if said.amount_micro is None else said.amount_micro
    if not run.cap_micro < cap <= MAX_CAP:
        raise Refused(f"The new cap must lie above {run.cap_micro / 1e6:.2f}, and at 1,000.00 at the most.",
                      reason="malformed", status=422)  # fmt: skip
    if not run.open:
        raise Refused(f"The run is {run.phase}: it spends nothing any more.", reason="not_possible")
    decision.body |= {"cap": [run.cap_micro, cap]}
    Decision.objects.filter(id=decision.id).update(body=decision.body)
    run.cap_micro = cap
    Run.objects.filter(id=run.id).update(cap_micro=run.cap_micro)
    if request is not None and request.interrupt:
        words = said.words or f"The cap is now {run.cap_micro / 1e6:.2f}."
        by = str(decision.person or decision.actor)
        return _store(run, decision, request, Answer(verb="raise budget", words=words, by=by))
    waiting = Request.objects.filter(
        run=run, kind=RequestKind.BUDGET, state__in=["open", "snoozed", "delegated"]
    ).first()
    if waiting is not None and waiting.interrupt:
        return raise_budget_answer(run, decision, waiting)
    return mailbox.put(
        run, decision, fate=Fate.APPLIED, for_agent=False, why=f"the cap is now {run.cap_micro / 1e6:.2f}"
    )


def lower_budget(run: Run, decision: Decision) -> None:
    """Takes a raise back, unless somebody has set another cap since."""
    before, after = decision.body.get("cap", (None, None))
    if before is not None:
        Run.objects.filter(id=run.id, cap_micro=after).update(cap_micro=before)


def raise_budget_answer(run: Run, decision: Decision, request: Request) -> Command:
    words = f"The cap is now {run.cap_micro / 1e6:.2f}."
    return _store(
        run, decision, request, Answer(verb="raise budget", words=words, by=str(decision.person or decision.actor))
    )


def nothing_asked(run: Run, decision: Decision, said: "Said", request: Request | None) -> Command:
    raise Refused("The run asks nothing that this could answer.", reason="not_possible")
