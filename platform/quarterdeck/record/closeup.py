"""A run looked at closely: pages of its lines in both directions, rewind targets, and what became of the files."""

from bisect import bisect_right
from uuid import UUID

from deckwire import views
from deckwire.envelope import MAIN_THREAD
from quarterdeck.record import ledger
from quarterdeck.record.models import Checkpoint, Event
from quarterdeck.record.snapshot import one_read
from quarterdeck.record.views.timeline import raw as raw_line
from quarterdeck.record.views.timeline import sentence, timeline
from quarterdeck.record.views.times import ms

LISTEN = "listen"
"""Only these checkpoints are rewind targets: nothing half done lies before them."""
MOST_CHECKPOINTS = 300
OFFERED = "Candidates offered"
TELLING = ["understood", "planned", "said", "edited", "ran", "tested", "committed"]


def events(run: UUID, *, after: int | None, before: int | None, limit: int) -> views.Events:
    """Lines after a cursor, or the newest before one; without both the newest of all."""
    stream = f"run:{run}"
    with one_read():
        head = ledger.heads([stream]).get(stream, 0)
        if after is not None:
            rows = ledger.after(stream, after, limit=limit)
        else:
            rows = ledger.before(stream, head if before is None else before - 1, limit=limit)
        return views.Events(head=head, events=timeline(stream, rows))


def raw(run: UUID, *, after: int, limit: int) -> views.RawEvents:
    stream = f"run:{run}"
    with one_read():
        rows = ledger.after(stream, after, limit=limit)
        return views.RawEvents(head=ledger.heads([stream]).get(stream, 0), events=[raw_line(row) for row in rows])


def checkpoints(run: UUID) -> list[views.Checkpoint]:
    """Newest first. One that a rewind left behind is marked as undone, and can still be gone back to."""
    rows = Checkpoint.objects.filter(run=run, thread=MAIN_THREAD, ns="", node=LISTEN, hidden=False)
    found = rows.select_related("run").order_by("-order")[:MOST_CHECKPOINTS]
    titles = _titles(run)
    return [
        views.Checkpoint(
            id=row.checkpoint, step=row.step, node=row.node, title=_before(titles, row.seq), at=ms(row.created_at),
            commit=row.commit, undone=row.fork < row.run.forks,
        )
        for row in found
    ]  # fmt: skip


def _titles(run: UUID) -> list[tuple[int, str]]:
    """What the agent said it did, by the number of the line."""
    lines = Event.objects.filter(stream=f"run:{run}", kind__in=TELLING).order_by("seq")
    return [(row.seq, sentence(row, {})[:120]) for row in lines]


def _before(titles: list[tuple[int, str]], seq: int) -> str:
    place = bisect_right(titles, seq, key=lambda one: one[0])
    return titles[place - 1][1] if place else ""


def files(run: UUID) -> list[views.OfferedFile]:
    """What the agent was offered (by a note), what it read, and what it changed, from its own lines."""
    lines = Event.objects.filter(stream=f"run:{run}", kind__in=["read", "edited", "noted"]).order_by("seq")
    found: dict[str, views.OfferedFile] = {}
    for kind, body in lines.values_list("kind", "body"):
        if kind == "noted":
            found |= {one.path: one for one in _offers(body) if one.path not in found}
            continue
        path = str(body.get("path", ""))
        held = found.get(path, views.OfferedFile(path=path))
        found[path] = held.model_copy(update={"read": True} if kind == "read" else {"changed": True})
    return sorted(found.values(), key=lambda one: (one.rank or 10_000, one.path))


def _offers(body: dict[str, object]) -> list[views.OfferedFile]:
    """The agent's note of what its ranking offered: paths with a comma between them, or one a line with the reason
    behind a tab; best first."""
    if not str(body.get("text", "")).startswith(OFFERED):
        return []
    detail = str(body.get("detail", ""))
    words = detail.splitlines() if "\n" in detail or "\t" in detail else detail.split(", ")
    rows = [word.partition("\t") for word in words if word.strip()]
    return [views.OfferedFile(path=path, rank=rank, why=why) for rank, (path, _, why) in enumerate(rows, 1)]
