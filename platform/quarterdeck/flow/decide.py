"""What a person says, over one run or many: a row first, then its effect, then a receipt with one line a run.

Each run is decided in a transaction of its own: one that cannot take it does not hold up the others. The same actor with
the same key gets the same receipt.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from deckwire import crash
from deckwire.events import Decided
from deckwire.tokens import digest
from deckwire.words import Verb
from quarterdeck.errors import Refused
from quarterdeck.flow import answers, left, retrying, reviews, rewind, steer, stop
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.receipts import Line, Receipt, batch_id
from quarterdeck.record import audit, ledger, lifecycle
from quarterdeck.record.models import OPEN_REQUEST, Command, Decision, Request, Run


@dataclass(frozen=True)
class Said:
    """Everything a decision may carry; each verb reads its own."""

    verb: Verb
    words: str = ""
    mode: str = "enqueue"
    choice: str = ""
    plan: dict[str, Any] | None = None
    amount_micro: int | None = None
    checkpoint: str = ""
    head: str = ""
    digest: str = ""
    request: UUID | None = None
    body: dict[str, Any] = field(default_factory=dict)


def decide(
    actor: Actor, key: str, verb: Verb, *, runs: list[UUID] | tuple[UUID, ...] = (),
    requests: list[UUID] | tuple[UUID, ...] = (), words: str = "", mode: str = "enqueue", choice: str = "",
    plan: dict[str, Any] | None = None, amount_micro: int | None = None, checkpoint: str = "", head: str = "",
    digest: str = "", heads: Mapping[UUID, str] | None = None,
) -> Receipt:  # fmt: skip
    """One decision over many runs. Raises Refused only for what concerns all of them (no key, no target).

    `heads`: what was seen of each review, by its request. Nobody looked at two runs and saw one head.
    """
    if not key or len(key) > 100:
        raise Refused("A decision needs a key of 1 to 100 characters.", reason="malformed", status=422)
    said = Said(
        Verb(verb), words.replace("\0", "")[:20_000], mode, choice, plan, amount_micro, checkpoint, head, digest
    )
    batch = batch_id(actor.word, key)
    targets = [(run, None) for run in runs] + [(_run_of(one), one) for one in requests]
    seen = heads or {}
    return Receipt(
        batch,
        [
            _one(actor, key, batch, replace(said, head=seen.get(one, head)) if one else said, run, one)
            for run, one in targets
        ],
    )


def _run_of(request: UUID) -> UUID | None:
    return Request.objects.filter(id=request).values_list("run_id", flat=True).first()


def _one(actor: Actor, key: str, batch: UUID, said: Said, run_id: UUID | None, request: UUID | None) -> Line:
    if run_id is None:
        return Line(None, "", "rejected", "There is no such request.")
    full_key = key if request is None else f"{key if len(key) <= 80 else digest(key)}/{request}"
    try:
        with transaction.atomic():
            run = lifecycle.hold(run_id)
            again = Decision.objects.filter(actor=actor.word, key=full_key, run=run, verb=said.verb).first()
            if again:
                _same_words(again, said)
                return _line_of(run, Command.objects.get(run=run, decision=again))
            return _line_of(run, _store(actor, full_key, batch, said, run, request))
    except Refused as no:
        return _rejected(actor, run_id, said, no)


def _store(actor: Actor, key: str, batch: UUID, said: Said, run: Run, request_id: UUID | None) -> Command:
    request = _open_request(run, request_id) if request_id else None
    decision = Decision.objects.create(
        batch=batch, key=key, actor_type=actor.type, actor=actor.word, person=actor.person, run=run, verb=said.verb,
        words=said.words, body={"choice": said.choice, "mode": said.mode, "head": said.head, "said": _print(said)},
    )  # fmt: skip
    transaction.on_commit(lambda: crash.point("decision.stored"))
    command = ACTS[said.verb](run, decision, said, request)
    told = Decided(verb=said.verb, words=said.words[:2000], by=actor.name, fate=command.fate, why=command.why,
                   request=str(request_id or ""))  # fmt: skip
    ledger.note(run.stream, told, by=actor.word)
    audit.write(
        actor.word, f"decided {said.verb}", f"run:{run.id}", project=run.project_id, words=said.words[:500],
        kind=request.kind if request else "",
    )  # fmt: skip
    return command


def _print(said: Said) -> str:
    """Of everything that was said: a key names one decision, not whatever comes under it later."""
    return digest(repr(said))


def _same_words(again: Decision, said: Said) -> None:
    if again.body.get("said", _print(said)) != _print(said):
        raise Refused("This key was used for something else already.", reason="key_used",
                      remedy="Send a new decision under a key of its own.")  # fmt: skip


def _open_request(run: Run, id: UUID) -> Request:
    request = Request.objects.select_for_update(of=("self",)).select_related("decision__person").get(id=id, run=run)
    if request.state not in OPEN_REQUEST:
        by = request.decision.person if request.decision and request.decision.person else None
        raise Refused(f"{by} decided this already." if by else "This request is closed.", reason="already_decided")
    return request


def _line_of(run: Run, command: Command) -> Line:
    return Line(run.id, run.ticket.key, str(command.fate), command.why, command.id)


def _rejected(actor: Actor, run_id: UUID, said: Said, no: Refused) -> Line:
    run = Run.objects.select_related("ticket").filter(id=run_id).first()
    if run is None:
        return Line(None, "", "rejected", "There is no such run.")
    audit.write(actor.word, f"refused {said.verb}", f"run:{run_id}", project=run.project_id, why=no.text)
    return Line(run_id, run.ticket.key, "rejected", no.text)


def _answer_or(other: Callable[..., Command]) -> Callable[..., Command]:
    """A verb on an agent's request answers it; without one it is an act on the run."""

    def act(run: Run, decision: Decision, said: Said, request: Request | None) -> Command:
        if request is not None and request.interrupt:
            return answers.answer(run, decision, said, request)
        return other(run, decision, said, request)

    return act


ACTS: dict[Verb, Callable[..., Command]] = {
    Verb.APPROVE: _answer_or(reviews.approve),
    Verb.DENY: _answer_or(reviews.decline),
    Verb.ANSWER: _answer_or(left.answer),
    Verb.REDIRECT: _answer_or(steer.redirect),
    Verb.RAISE_BUDGET: answers.raise_budget,
    Verb.PAUSE: lambda run, decision, said, request: steer.pause(run, decision),
    Verb.RESUME: lambda run, decision, said, request: left.resume(run, decision),
    Verb.REWIND: lambda run, decision, said, request: rewind.rewind(run, decision, said.checkpoint, said.words),
    Verb.STOP: lambda run, decision, said, request: stop.stop(run, decision),
    Verb.RETRY: _answer_or(lambda run, decision, said, request: retrying.retry(run, decision)),
    Verb.MERGE: reviews.approve,
}


def undo(actor: Actor, batch: UUID) -> Receipt:
    """Takes back what nobody has read yet: an answer or redirect still pending, a pause."""
    lines = []
    for decision in Decision.objects.filter(batch=batch, actor=actor.word, undone_at__isnull=True).order_by("id"):
        try:
            with transaction.atomic():
                run = lifecycle.hold(decision.run_id)
                why = steer.take_back(run, decision)
                ledger.note(run.stream, Decided(verb="undo", by=actor.name, fate="applied", why=why), by=actor.word)
                audit.write(actor.word, "undid", f"run:{run.id}", project=run.project_id, verb=decision.verb)
                lines.append(Line(run.id, run.ticket.key, "applied", why))
        except Refused as no:
            run = Run.objects.select_related("ticket").get(id=decision.run_id)
            lines.append(Line(run.id, run.ticket.key, "rejected", no.text))
    return Receipt(batch, lines)


def snooze(actor: Actor, request: UUID, until: datetime) -> Request:
    return _aside(actor, request, "snoozed", until=until, delegate=None)


def delegate(actor: Actor, request: UUID, person: UUID) -> Request:
    return _aside(actor, request, "delegated", until=None, delegate_id=person)


def take_back(actor: Actor, request: UUID) -> Request:
    """A snoozed or delegated request is open again."""
    return _aside(actor, request, "open", until=None, delegate=None)


def _aside(actor: Actor, id: UUID, state: str, **fields: Any) -> Request:
    """Fields of a request, not decisions: nothing about the run changes."""
    with transaction.atomic():
        run = lifecycle.hold(_run_of(id) or id)
        request = _open_request(run, id)
        for name, value in {"state": state, **fields}.items():
            setattr(request, name, value)
        request.save(update_fields=["state", "until", "delegate"])
        ledger.note(run.stream, Decided(verb=state, by=actor.name, fate="applied", request=str(id)), by=actor.word)
        audit.write(actor.word, state, f"request:{id}", project=run.project_id)
        return request
