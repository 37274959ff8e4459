"""How runs stand for whoever holds a connection on them: their epochs and their newest mail, for all at once."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Max

from quarterdeck.flow import mailbox
from quarterdeck.record.models import Command, StreamHead


def of(runs: Collection[UUID]) -> dict[UUID, tuple[int, int]]:
    """{run: (epoch, newest open command's number or 0)}. Two queries, however many runs. A run that is gone is left out."""
    streams = {f"run:{run}": run for run in runs}
    epochs = StreamHead.objects.filter(stream__in=streams).values_list("stream", "epoch")
    rows = Command.objects.filter(run_id__in=runs, for_agent=True, fate__in=mailbox.WAITING)
    newest = dict(rows.values_list("run_id").annotate(Max("n")))
    return {streams[stream]: (epoch, newest.get(streams[stream], 0)) for stream, epoch in epochs}
