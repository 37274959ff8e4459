"""Ledger lines → the run's timeline: one sentence each, what it was, which step it belongs to, and whether it still counts."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from deckwire import views
from deckwire.base import Message
from deckwire.events import BINDING_KINDS, NARRATIVE_KINDS, Resumed, read_event
from quarterdeck.record.models import Event
from quarterdeck.record.views import names, sentences
from quarterdeck.record.views.times import ms

SILENT = frozenset({"spent", "quarantined", "unknown"})
"""Kinds that are no news on a card."""
WHAT: dict[str, str] = {
    "understood": "thought", "said": "thought", "read": "read", "edited": "edit", "ran": "shell", "tested": "test",
    "committed": "commit", "planned": "plan", "progressed": "plan", "asked": "request", "decided": "decision",
    "applied": "decision", "rejected": "decision", "failed": "error", "checked": "check", "spent": "cost",
    "sealed": "commit", "merged": "commit", "proposed": "check", "opened": "state", "moved": "state",
    "attempted": "state", "resumed": "state", "noted": "note", "changed": "note", "quarantined": "error",
    "unknown": "note",
}  # fmt: skip
UNDOABLE = BINDING_KINDS | NARRATIVE_KINDS
CUT = 4_000
OUTPUT_CUT = 16_000

Detail = Callable[[Any], dict[str, Any]]
# What a kind has beside its sentence.
MORE: dict[str, Detail] = {
    "ran": lambda e: {"detail": e.command[:CUT], "output": e.output[-OUTPUT_CUT:]},
    "tested": lambda e: {"detail": e.command[:CUT], "output": e.output[-OUTPUT_CUT:]},
    "noted": lambda e: {"detail": e.detail[:CUT]},
    "failed": lambda e: {"detail": e.remedy[:CUT]},
    "committed": lambda e: {"sha": e.sha},
    "sealed": lambda e: {"sha": e.head, "detail": e.summary[:CUT]},
    "proposed": lambda e: {"sha": e.head},
    "merged": lambda e: {"sha": e.sha},
    "spent": lambda e: {"cost_micro": e.micro, "detail": e.model},
    "decided": lambda e: {"detail": e.why[:CUT] or e.words[:CUT]},
    "rejected": lambda e: {"detail": e.why[:CUT]},
    "attempted": lambda e: {"detail": e.text[:CUT]},
    "asked": lambda e: {"detail": "\n".join(ask.context for ask in e.asks if ask.context)[:CUT]},
    "planned": lambda e: {"detail": "\n".join(f"{i}. {step.title}" for i, step in enumerate(e.plan.steps, 1))[:CUT]},
    "understood": lambda e: {"detail": "\n".join(e.behaviours)[:CUT]},
    "progressed": lambda e: {"plan_step": e.index, "detail": e.state},
    "resumed": lambda e: {"resumed_at": e.seq},
    "checked": lambda e: {"detail": e.note[:CUT]},
    "unknown": lambda e: {"detail": str(e.body)[:CUT]},
}


def timeline(stream: str, events: Sequence[Event]) -> list[views.TimelineEvent]:
    """`events` of one stream, in order and without a gap. Five queries at the most."""
    if not events:
        return []
    known, resumes = names_in(events, _run_of(stream)), _resumes(stream)
    step = _steps_before(stream, events[0].seq)
    lines = []
    for event in events:
        lines.append(_line(event, known, _undone(event, resumes), step))
        if event.kind == "committed":
            step = max(step, int(event.body.get("step", step))) + 1
    return lines


def raw(event: Event) -> views.RawEvent:
    return views.RawEvent(
        seq=event.seq, at=ms(event.at), epoch=event.epoch, actor=event.actor, kind=event.kind, body=event.body
    )


def sentence(event: Event, known: names.Names) -> str:
    """The line's text alone, for a card."""
    return sentences.of(read_event(event.body), names.name(actor(event), known))[:300]


def names_in(events: Iterable[Event], run: UUID | None) -> names.Names:
    """Of everybody who speaks in these lines of one run."""
    return names.of([actor(event) for event in events], run)


def actor(event: Event) -> str:
    """Who speaks, as the ledger names them."""
    return str(event.body.get("by") or event.actor)


def _line(event: Event, known: names.Names, undone: bool, step: int) -> views.TimelineEvent:
    said: Message = read_event(event.body)
    by = names.name(str(getattr(said, "by", "") or event.actor), known)
    more = MORE.get(str(getattr(said, "kind", "")), _nothing)
    return views.TimelineEvent(
        seq=event.seq, at=ms(event.at), epoch=event.epoch, kind=event.kind, what=WHAT.get(event.kind, "note"), by=by,
        step=int(event.body.get("step", step)) if event.kind == "committed" else step,
        text=sentences.of(said, by)[:CUT], undone=undone, **more(said),
    )  # fmt: skip


def _nothing(_: Any) -> dict[str, Any]:
    return {}


def _run_of(stream: str) -> UUID | None:
    kind, _, word = stream.partition(":")
    return UUID(word) if kind == "run" else None


def _resumes(stream: str) -> list[tuple[int, Resumed]]:
    rows = Event.objects.filter(stream=stream, kind="resumed").order_by("seq")
    said = [(row.seq, read_event(row.body)) for row in rows]
    return [(seq, one) for seq, one in said if isinstance(one, Resumed)]


def _undone(event: Event, resumes: list[tuple[int, Resumed]]) -> bool:
    """What an older epoch said after the checkpoint that a later attempt went on from."""
    if event.kind not in UNDOABLE:
        return False
    return any(event.epoch < one.epoch and one.seq < event.seq < at for at, one in resumes)


def _steps_before(stream: str, seq: int) -> int:
    last = Event.objects.filter(stream=stream, kind="committed", seq__lt=seq).order_by("-seq").first()
    return int(last.body.get("step", 0)) + 1 if last else 1
