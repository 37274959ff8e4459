"""Checkpoints as the platform keeps them: envelopes, pending writes, and parts stored once by digest. Never opened."""

import base64
import binascii
import hashlib
import json

from django.db.models import Max, Sum
from django.db.models.functions import Length

from deckwire.base import MAX_PART_BYTES
from deckwire.envelope import Envelope, Part, Step, Writes
from quarterdeck.errors import Refused
from quarterdeck.record import models
from quarterdeck.record.models import Checkpoint, CheckpointWrite, Run, StreamHead

MAX_RUN_BYTES = 500 * 1024 * 1024
MAX_STATE_BYTES = 64 * 1024 * 1024
"""Of the parts of one checkpoint: an attempt reads them back in one answer."""
MAX_ENVELOPE_BYTES = 1024 * 1024
MAX_SAID_BYTES, MAX_TOLD_BYTES = 200 * 1024 * 1024, 300 * 1024 * 1024
"""Of a run's events, and of them with its steps' covers and writes: what talks without end shall still be able to work."""
WRITE_BYTES = 300
"""About what the row of one pending write takes."""


def check_parts(step: Step) -> None:
    """Each part must be what its digest says, and all within their caps: found before any lock is taken."""
    if step.checkpoint is not None and len(json.dumps(step.checkpoint.model_dump())) > MAX_ENVELOPE_BYTES:
        raise Refused("A checkpoint's envelope is over 1 MB.", reason="too_big", status=413)
    for part in step.parts:
        data = data_of(part)
        if len(data) > MAX_PART_BYTES:
            raise Refused("A part of the state is over 8 MB.", reason="too_big", status=413)
        if hashlib.sha256(data).hexdigest() != part.digest:
            raise Refused("A part is not what its digest says.", reason="bad_digest", status=422)


def check_told(head: StreamHead, most: int) -> None:
    """Raises Refused(too_big), 413, for a run that has told so much already."""
    if head.bytes >= most:
        raise Refused(
            f"This run has told more than {most >> 20} MB.", reason="too_big", status=413,
            remedy="Look at its last lines: something speaks without end. Stop it and assign the ticket again.",
        )  # fmt: skip


def count(head: StreamHead, step: Step) -> None:
    """What a step brings beside its parts and events."""
    head.bytes += len(json.dumps(step.checkpoint.model_dump())) if step.checkpoint else 0
    head.bytes += WRITE_BYTES * sum(len(group.writes) for group in step.writes)
    StreamHead.objects.filter(stream=head.stream).update(bytes=head.bytes)


def data_of(part: Part) -> bytes:
    try:
        return base64.b64decode(part.data, validate=True)
    except binascii.Error as bad:
        raise Refused("A part is not base64.", reason="malformed", status=422) from bad


def is_repeat(run: Run, envelope: Envelope | None) -> bool:
    """True for the same write again. Raises Refused(conflict) for another state under a known id."""
    if envelope is None:
        return False
    known = Checkpoint.objects.filter(
        run=run, thread=envelope.thread, ns=envelope.ns, checkpoint=envelope.id, hidden=False
    ).first()
    if known is None:
        return False
    if known.digest != envelope.digest:
        raise Refused("This checkpoint id holds another state already.", reason="conflict",
                      remedy="Start again from the head.")  # fmt: skip
    return True


def keep_parts(run: Run, parts: list[Part]) -> None:
    if not parts:
        return
    rows = [models.Part(run=run, digest=part.digest, type=part.type[:20], data=data_of(part)) for part in parts]
    used = models.Part.objects.filter(run=run).aggregate(n=Sum(Length("data")))["n"] or 0
    if used + sum(len(row.data) for row in rows) > MAX_RUN_BYTES:
        raise Refused(
            "This run's history is over 500 MB.", reason="too_big", status=413, remedy="Rewind, or stop the run."
        )
    models.Part.objects.bulk_create(rows, ignore_conflicts=True)


def missing(run: Run, step: Step) -> list[str]:
    """Digests that this step names and nobody has sent. Raises Refused(too_big), 413."""
    wanted = set(step.checkpoint.refs if step.checkpoint else [])
    wanted |= {write.ref for group in step.writes for write in group.writes}
    held = dict(models.Part.objects.filter(run=run, digest__in=wanted).values_list("digest", Length("data")))
    if sum(held.values()) > MAX_STATE_BYTES:
        raise Refused(
            "The agent's state is over 64 MB.", reason="too_big", status=413, remedy="Rewind, or stop the run."
        )
    return sorted(wanted - held.keys())


def keep_writes(run: Run, groups: list[Writes]) -> None:
    """LangGraph's rule: ordinary writes stay as first written; the special ones (idx below 0) are replaced."""
    for group in groups:
        rows = [
            CheckpointWrite(
                run=run, thread=group.thread, ns=group.ns, checkpoint=group.checkpoint, task=write.task, path=write.path,
                idx=write.idx, channel=write.channel, ref=write.ref,
            )
            for write in group.writes
        ]  # fmt: skip
        CheckpointWrite.objects.bulk_create([row for row in rows if row.idx >= 0], ignore_conflicts=True)
        CheckpointWrite.objects.bulk_create(
            [row for row in rows if row.idx < 0], update_conflicts=True, update_fields=["channel", "ref", "path"],
            unique_fields=["run", "thread", "ns", "checkpoint", "task", "idx"],
        )  # fmt: skip


def keep_checkpoint(run: Run, envelope: Envelope, *, epoch: int, seq: int) -> None:
    order = (Checkpoint.objects.filter(run=run).aggregate(n=Max("order"))["n"] or 0) + 1
    Checkpoint.objects.create(
        run=run, thread=envelope.thread, ns=envelope.ns, checkpoint=envelope.id, parent=envelope.parent, order=order,
        step=envelope.step, source=envelope.source, node=envelope.node, metadata=envelope.metadata,
        commit=envelope.commit, graph_version=envelope.graph_version, manifest=envelope.manifest, refs=envelope.refs,
        digest=envelope.digest, epoch=epoch, seq=seq, fork=run.forks,
    )  # fmt: skip
