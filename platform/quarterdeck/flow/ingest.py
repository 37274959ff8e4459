"""What agents report. A step is stored in one transaction or not at all; narrative events bind nothing."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from deckwire import crash
from deckwire.base import Message
from deckwire.envelope import MAIN_THREAD, Batch, Envelope, Numbered, Step, Stored
from deckwire.events import (
    BINDING_KINDS,
    NARRATIVE_KINDS,
    PLATFORM,
    Applied,
    Asked,
    Failed,
    Noted,
    Planned,
    Progressed,
    Quarantined,
    Rejected,
    Sealed,
    Understood,
    read_event,
)
from deckwire.words import Fate, Phase, RequestKind
from quarterdeck.errors import Refused
from quarterdeck.flow import asks, mailbox, pokes, stores, watching
from quarterdeck.outside import plugs
from quarterdeck.record import fences, ledger, lifecycle, wakes
from quarterdeck.record.ledger import Line
from quarterdeck.record.models import Attempt, Checkpoint, Run, RunRepository, StreamHead
from quarterdeck.record.tokens import Bearer

SEALED_FIRST = "The agent sealed its work before it read this: send it back from the review with your words."
NOT_KEPT = Noted(
    text="This run has said more than 200 MB: from here on only its steps are kept, not what it says beside them."
)
SHA = re.compile(r"[0-9a-f]{40}")
OURS = {RequestKind.REVIEW, RequestKind.CONFLICT}
PLATFORM_KINDS = frozenset(model.model_fields["kind"].default for model in PLATFORM)


def step(bearer: Bearer, said: Step) -> Stored:
    """The second act of a step. Same checkpoint and digest again is the same write.

    Raises Refused: fenced, conflict (409), missing_parts (422), no_such_commit (409), too_big (413).
    """
    if said.checkpoint is not None:
        stores.check_parts(said)
        _pin(bearer, said.checkpoint)
    with transaction.atomic():
        run = lifecycle.hold(bearer.run)
        head = fences.writing(run.id, bearer.epoch)
        stores.check_told(head, stores.MAX_TOLD_BYTES)
        repeated = stores.is_repeat(run, said.checkpoint)
        stores.keep_parts(run, said.parts)
        missing = stores.missing(run, said)
        if missing:
            raise Refused(f"{len(missing)} parts of this checkpoint are not stored.", reason="missing_parts", status=422,
                          remedy="Send the step again with every part of its state.")  # fmt: skip
        stores.keep_writes(run, said.writes)
        seq = _take_events(run, head, bearer, said.events, BINDING_KINDS)
        stores.count(head, said)
        if said.checkpoint is not None and not repeated:
            stores.keep_checkpoint(run, said.checkpoint, epoch=bearer.epoch, seq=seq)
            _move_head(run, said.checkpoint, seq)
        elif said.checkpoint is None and any(group.checkpoint == run.head for group in said.writes):
            # An interrupt adds writes to the head: what it asked belongs to the history that will be resumed.
            Run.objects.filter(id=run.id).update(head_seq=seq)
        Attempt.objects.filter(id=bearer.id).update(sign_at=Now(), used=True)
    crash.point("step.stored")
    return Stored(seq=seq, repeated=repeated)


def _pin(bearer: Bearer, checkpoint: Envelope) -> None:
    """The commit that a checkpoint names must be there, and stay: before the transaction, for it asks the git service."""
    if not checkpoint.commit or Checkpoint.objects.filter(run_id=bearer.run, commit=checkpoint.commit).exists():
        return
    if RunRepository.objects.filter(run_id=bearer.run, base=checkpoint.commit).exists():
        return
    plugs.repos().pin(str(bearer.run), bearer.epoch * 1_000_000 + max(checkpoint.step, 0), checkpoint.commit)


def _move_head(run: Run, checkpoint: Envelope, seq: int) -> None:
    """`latest` is what the platform says. The agent's clock has no part in it."""
    if checkpoint.thread != MAIN_THREAD or checkpoint.ns:
        return
    run.head, run.head_seq, run.steps = checkpoint.id, seq, run.steps + 1
    run.head_commit = checkpoint.commit or run.head_commit
    if checkpoint.source in ("update", "fork"):  # the agent has forked with the words: they are in the history now
        run.fork = run.conflict = None
    Run.objects.filter(id=run.id).update(
        head=run.head, head_seq=seq, head_commit=run.head_commit, steps=run.steps, fork=run.fork, conflict=run.conflict,
        failures=0, losses=0,
    )  # fmt: skip


def events(bearer: Bearer, said: Batch) -> Stored:
    """Narrative events, stored in order; deltas pushed to whoever watches. Raises Refused: fenced, too_big (413)."""
    with transaction.atomic():
        needs_run = any(one.body.get("kind") == "progressed" for one in said.events)
        run = lifecycle.hold(bearer.run) if needs_run else Run(id=bearer.run)
        head = fences.writing(bearer.run, bearer.epoch)
        stores.check_told(head, stores.MAX_SAID_BYTES)
        seq = _take_events(run, head, bearer, said.events, NARRATIVE_KINDS)
        if head.bytes >= stores.MAX_SAID_BYTES:
            seq = ledger.note(head.stream, NOT_KEPT, by="rule:ingest", head=head)
    if said.deltas and watching.is_watched(str(bearer.run)):
        wakes.tell("delta", run=str(bearer.run), items=said.deltas[:100])
    return Stored(seq=seq)


def _take_events(run: Run, head: StreamHead, bearer: Bearer, numbered: list[Numbered], allowed: frozenset[str]) -> int:
    """Stores them in the agent's order, repeats dropped, and lets each have its effect once."""
    new = ledger.unknown(head.stream, bearer.epoch, [one.n for one in numbered])
    fresh = []
    for one in numbered:
        if one.n in new:
            new.discard(one.n)  # told twice in one batch, it is one event with one effect
            fresh.append(one)
    bodies = [_admit(one, allowed) for one in fresh]
    lines = [
        Line(body=body, actor=f"agent:{bearer.epoch}", epoch=bearer.epoch, n=one.n, at=_when(one.at))
        for one, body in zip(fresh, bodies, strict=True)
    ]
    ledger.append(head.stream, lines, head=head, fresh=True)
    for body in bodies:
        effect = EFFECTS.get(type(body))
        if effect is not None:
            effect(run, body, head)
    return head.seq


def _when(at: float) -> datetime | None:
    """The agent's clock is only told, never trusted: out of range is our own."""
    return datetime.fromtimestamp(at, UTC) if 0 < at < 4e9 else None


def _admit(one: Numbered, allowed: frozenset[str]) -> Message:
    body = read_event(one.body)
    kind = body.model_dump().get("kind")
    if kind in allowed and type(body) in EFFECTS:
        return _sound(body, allowed)
    if kind in allowed or kind == "unknown":
        return body
    if isinstance(body, Quarantined) and one.body.get("kind") != "quarantined":
        return body
    return Quarantined(why=f"an agent may not send {kind} here")


def _sound(body: Message, allowed: frozenset[str]) -> Message:
    """An event with an effect is one that its effect can be made of. Raises Refused(malformed), 422, for one that binds:
    without its effect it would be a lie. A narrative one becomes a stub like any other poison."""
    why = _unsound(body)
    if why and allowed is NARRATIVE_KINDS:
        return Quarantined(why=why)
    if why:
        raise Refused(f"This event cannot be taken: {why}.", reason="malformed", status=422)
    return body


def _unsound(body: Message) -> str:
    if not ledger.can_be_held(body):
        return "it holds what the record cannot"
    if isinstance(body, Sealed) and not SHA.fullmatch(body.head):
        return "what is sealed is a commit"
    if isinstance(body, Asked) and not 0 < len(body.interrupt) <= 80:
        return "an interrupt has a name of 1 to 80 characters"
    if isinstance(body, Asked) and not body.asks:
        return "it asks nothing"
    if isinstance(body, Asked) and OURS & {one.kind for one in body.asks}:
        return "a review and a conflict are the platform's to ask about"
    return ""


# ---- what a binding event does, in the transaction that stores it ---------------------------------------------------


def _understood(run: Run, said: Understood, head: StreamHead) -> None:
    Run.objects.filter(id=run.id).update(understood=said.model_dump(mode="json"))


def _planned(run: Run, said: Planned, head: StreamHead) -> None:
    Run.objects.filter(id=run.id).update(plan=said.plan.model_dump(mode="json"))


def _asked(run: Run, said: Asked, head: StreamHead) -> None:
    asks.from_agent(run, said)
    if run.phase == Phase.WORKING:
        kind = said.asks[0].kind if said.asks else "question"
        lifecycle.move(run, Phase.WAITING, reason=f"asked_{kind}", by="rule:ingest", head=head)


def _applied(run: Run, said: Applied, head: StreamHead) -> None:
    done = mailbox.end(run, said.commands, Fate.APPLIED, "the agent has taken it up")
    if run.phase == Phase.WAITING and any(row.body.get("verb", row.verb) == "answer" for row in done):
        lifecycle.move(run, Phase.WORKING, reason="decided", by="rule:ingest", head=head)


def _rejected(run: Run, said: Rejected, head: StreamHead) -> None:
    mailbox.end(run, [said.command], Fate.REJECTED, said.why)


def _sealed(run: Run, said: Sealed, head: StreamHead) -> None:
    """The ref takes no more commits from here on; the worker goes on with checks and evidence.

    What was said and not read by now never will be: it is rejected in words, not left to look as if it were on its way.
    """
    transaction.on_commit(lambda: crash.point("seal.stored"))
    RunRepository.objects.filter(run=run).update(frozen=said.head)
    StreamHead.objects.filter(stream=head.stream).update(frozen=True)
    lifecycle.move(run, Phase.SEALING, reason="sealed", by="rule:ingest", text=said.summary, head=head)
    for command in mailbox.open_for_agent(run.id):
        mailbox.end(run, [str(command.id)], Fate.REJECTED, SEALED_FIRST)
        ledger.note(run.stream, Rejected(command=str(command.id), why=SEALED_FIRST), by="rule:ingest", head=head)
    Run.objects.filter(id=run.id, desired="pause").update(desired="run")  # nothing is running: that pause is over
    pokes.poke("seals")
    crash.point("seal.taken")


def _failed(run: Run, said: Failed, head: StreamHead) -> None:
    asks.supersede(run, "the run failed")
    mailbox.supersede(run, "the run failed")
    lifecycle.move(
        run, Phase.FAILED, reason=said.reason, by="rule:ingest", text=said.text, remedy=said.remedy, head=head
    )
    asks.failure(run, said.text, said.remedy)


def _progressed(run: Run, said: Progressed, head: StreamHead) -> None:
    plan: dict[str, Any] | None = run.plan
    if plan and 0 <= said.index < len(plan.get("steps", [])):
        plan["steps"][said.index] |= {"state": said.state, "note": said.note}
        Run.objects.filter(id=run.id).update(plan=plan)


EFFECTS: dict[type[Message], Callable[..., None]] = {
    Understood: _understood,
    Planned: _planned,
    Asked: _asked,
    Applied: _applied,
    Rejected: _rejected,
    Sealed: _sealed,
    Failed: _failed,
    Progressed: _progressed,
}
