"""What a new attempt reads back: checkpoints by the platform's own order, with writes and parts."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Length

from deckwire.envelope import MAIN_THREAD, Envelope, Part, Recalled, Write
from quarterdeck.record import models
from quarterdeck.record.models import Checkpoint, CheckpointWrite, Run
from quarterdeck.record.tokens import Bearer

MOST_BYTES = 96 * 1024 * 1024
"""Of parts in one answer, as text: a part that many checkpoints name is told with each of them."""


@dataclass(frozen=True)
class Page:
    """`more`: who asks on with `before`, the last one's id, is told the rest."""

    items: list[Recalled]
    more: bool = False


def one(bearer: Bearer, thread: str, ns: str, id: str) -> Recalled | None:
    """That checkpoint; without an id the run's head (main thread) or the one put last."""
    rows = Checkpoint.objects.filter(run_id=bearer.run, thread=thread, ns=ns, hidden=False)
    if not id and thread == MAIN_THREAD and not ns:
        id = Run.objects.values_list("head", flat=True).get(id=bearer.run)
        if not id:
            return None
    row = rows.filter(checkpoint=id).first() if id else rows.order_by("-order").first()
    return _recalled([row], {row.id: _writes(bearer, row)}, bearer)[0] if row else None


def many(
    bearer: Bearer, thread: str | None, ns: str | None, before: str, limit: int | None, filter: dict[str, Any] | None
) -> Page:
    """Newest put first, one at least and no more than fit. `before` is a checkpoint id; `filter` matches metadata's own keys."""
    rows: QuerySet[Checkpoint] = Checkpoint.objects.filter(run_id=bearer.run, hidden=False).order_by("-order")
    if thread is not None:
        rows = rows.filter(thread=thread)
    if ns is not None:
        rows = rows.filter(ns=ns)
    if before:
        edge = Checkpoint.objects.filter(run_id=bearer.run, checkpoint=before).order_by("-order").first()
        rows = rows.filter(order__lt=edge.order) if edge else rows.none()
    if filter:
        rows = rows.filter(metadata__contains=filter)
    found = list(rows[: limit or 1000])
    writes = {row.id: _writes(bearer, row) for row in found}
    fitting = found[: _fitting(bearer, [{*row.refs, *(one.ref for one in writes[row.id])} for row in found])]
    return Page(_recalled(fitting, writes, bearer), more=len(fitting) < len(found))


def _fitting(bearer: Bearer, wanted: list[set[str]]) -> int:
    """How many of these, from the first on, are told in one answer."""
    parts = models.Part.objects.filter(run_id=bearer.run, digest__in=set().union(*wanted))
    sizes = {digest: 4 * size // 3 + 4 for digest, size in parts.values_list("digest", Length("data"))}
    left = MOST_BYTES
    for number, refs in enumerate(wanted):
        left -= sum(sizes.get(ref, 0) for ref in refs)
        if left < 0:
            return max(1, number)
    return len(wanted)


def hide(bearer: Bearer, thread: str) -> None:
    """A deleted thread is hidden; the record keeps it. The main thread cannot be hidden."""
    if thread != MAIN_THREAD:
        Checkpoint.objects.filter(run_id=bearer.run, thread=thread).update(hidden=True)


def _recalled(rows: list[Checkpoint], writes: dict[Any, list[Write]], bearer: Bearer) -> list[Recalled]:
    wanted = {ref for row in rows for ref in [*row.refs, *(one.ref for one in writes[row.id])]}
    parts = {
        part.digest: Part(digest=part.digest, type=part.type, data=base64.b64encode(bytes(part.data)).decode())
        for part in models.Part.objects.filter(run_id=bearer.run, digest__in=wanted)
    }
    return [
        Recalled(
            envelope=_envelope(row),
            writes=writes[row.id],
            parts=_pick(parts, [*row.refs, *(w.ref for w in writes[row.id])]),
        )
        for row in rows
    ]


def _pick(parts: dict[str, Part], refs: Iterable[str]) -> list[Part]:
    return [parts[ref] for ref in dict.fromkeys(refs) if ref in parts]


def _writes(bearer: Bearer, row: Checkpoint) -> list[Write]:
    found = CheckpointWrite.objects.filter(run_id=bearer.run, thread=row.thread, ns=row.ns, checkpoint=row.checkpoint)
    return [
        Write(task=one.task, path=one.path, idx=one.idx, channel=one.channel, ref=one.ref)
        for one in found.order_by("task", "idx")
    ]


def _envelope(row: Checkpoint) -> Envelope:
    return Envelope(
        thread=row.thread, ns=row.ns, id=row.checkpoint, parent=row.parent, step=row.step, source=row.source, node=row.node,
        metadata=row.metadata, commit=row.commit, graph_version=row.graph_version, manifest=row.manifest, refs=row.refs,
        digest=row.digest,
    )  # fmt: skip
