"""The only writer of events, and the only one who wakes the dashboards: after commit, and only with what is stored.

Events belong to a stream (`run:<id>`, `project:<id>`, `site`) and are numbered 1, 2, 3 … under the lock of its head row.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from deckwire.base import MAX_EVENT_BYTES, Message
from deckwire.events import Quarantined
from quarterdeck.record import wakes
from quarterdeck.record.models import Event, StreamHead

MAX_DEPTH = 32


@dataclass(frozen=True)
class Line:
    """An event on its way into a stream. `n` is the agent's number in its epoch, or None for the platform's own."""

    body: Message
    actor: str
    epoch: int = 0
    n: int | None = None
    at: datetime | None = None


def append(stream: str, lines: Sequence[Line], *, head: StreamHead | None = None, fresh: bool = False) -> int:
    """Stores what is not stored yet, in order, and returns the stream's newest seq.

    Must run in a transaction; hand in `head` when the caller holds its lock already. A repeat (same epoch and n) is
    dropped; `fresh` says that the caller asked `unknown` already, under that lock. Poison is stored as a quarantined stub
    in its place, so that nothing behind it is stuck.
    """
    head = head or lock(stream)
    kept = lines if fresh else _without_repeats(stream, lines)
    if not kept:
        return head.seq
    bodies = [storable(line.body) for line in kept]
    rows = [_row(stream, head.seq + i, line, bodies[i - 1][0]) for i, line in enumerate(kept, start=1)]
    Event.objects.bulk_create(rows)
    head.seq += len(rows)
    head.bytes += sum(size for _, size in bodies)
    StreamHead.objects.filter(stream=stream).update(seq=head.seq, bytes=head.bytes)
    seq = head.seq
    transaction.on_commit(lambda: wakes.wake(stream, seq))
    return seq


def note(stream: str, body: Message, *, by: str, epoch: int = 0, head: StreamHead | None = None) -> int:
    """One event of the platform's own."""
    return append(stream, [Line(body=body, actor=by, epoch=epoch)], head=head)


def lock(stream: str) -> StreamHead:
    """The stream's head row, locked for this transaction; made on first use."""
    head = StreamHead.objects.select_for_update().filter(stream=stream).first()
    if head is None:
        StreamHead.objects.bulk_create([StreamHead(stream=stream)], ignore_conflicts=True)
        head = StreamHead.objects.select_for_update().get(stream=stream)
    return head


def after(stream: str, seq: int, *, limit: int = 500) -> list[Event]:
    """The events that follow a cursor, in order."""
    return list(Event.objects.filter(stream=stream, seq__gt=seq).order_by("seq")[:limit])


def before(stream: str, seq: int, *, limit: int = 200) -> list[Event]:
    """The newest events up to and with `seq`, in order."""
    return list(Event.objects.filter(stream=stream, seq__lte=seq).order_by("-seq")[:limit])[::-1]


def heads(streams: Iterable[str]) -> dict[str, int]:
    return dict(StreamHead.objects.filter(stream__in=list(streams)).values_list("stream", "seq"))


def unknown(stream: str, epoch: int, numbers: Sequence[int]) -> set[int]:
    """Those of an agent's numbers in this epoch that are not stored yet."""
    if not numbers:
        return set()
    known = Event.objects.filter(stream=stream, epoch=epoch, n__in=numbers).values_list("n", flat=True)
    return set(numbers) - set(known)


def _without_repeats(stream: str, lines: Sequence[Line]) -> list[Line]:
    numbers = [line.n for line in lines if line.n is not None]
    new = unknown(stream, next((line.epoch for line in lines if line.n is not None), 0), numbers)
    kept = []
    for line in lines:
        if line.n is None or line.n in new:
            kept.append(line)
            new.discard(line.n or 0)
    return kept


def _row(stream: str, seq: int, line: Line, body: dict[str, Any]) -> Event:
    return Event(
        stream=stream, seq=seq, epoch=line.epoch, n=line.n, actor=line.actor[:120],
        kind=body["kind"], body=body, at=line.at or datetime.now(UTC),
    )  # fmt: skip


def storable(event: Message) -> tuple[dict[str, Any], int]:
    """The event as JSON that PostgreSQL takes, or a quarantined stub in its place; and its bytes.

    jsonb refuses NUL, lone surrogates, NaN and nesting past its stack; we refuse over 64 KB and 32 levels.
    """
    why, size = "", 0
    try:
        body = event.model_dump(mode="json")
        text = json.dumps(body, allow_nan=False, ensure_ascii=False)
        size = len(text.encode())
        why = _poison(text, size, body)
        if not why:
            return body, size
    except (ValueError, RecursionError) as bad:  # UnicodeEncodeError (a lone surrogate) is a ValueError too
        why = f"cannot be stored: {type(bad).__name__}"
    return Quarantined(why=why, size=size).model_dump(mode="json"), len(why)


def can_be_held(event: Message) -> bool:
    """Whether jsonb and text take it, however long it is: no NUL, no lone surrogate, no NaN, not nested without end."""
    try:
        text = json.dumps(event.model_dump(mode="json"), allow_nan=False, ensure_ascii=False)
        return "\\u0000" not in text and bool(text.encode())
    except (ValueError, RecursionError):
        return False


def _poison(text: str, size: int, body: dict[str, Any]) -> str:
    if size > MAX_EVENT_BYTES:
        return f"{size} bytes: more than {MAX_EVENT_BYTES}"
    if "\\u0000" in text:
        return "holds a NUL"
    return "nested too deep" if _depth(body) > MAX_DEPTH else ""


def _depth(value: Any, level: int = 0) -> int:
    if level > MAX_DEPTH:
        return level
    if isinstance(value, dict):
        return max((_depth(one, level + 1) for one in value.values()), default=level)
    if isinstance(value, list):
        return max((_depth(one, level + 1) for one in value), default=level)
    return level
