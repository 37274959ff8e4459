"""Tickets as cards and as the ticket's own page show them."""

from collections.abc import Callable, Sequence
from uuid import UUID

from deckwire import views
from quarterdeck.record.models import OPEN_PHASES, Run, Ticket, TicketComment
from quarterdeck.record.turns import PRIORITIES
from quarterdeck.record.views.times import ms


def plain(row: Ticket) -> views.Ticket:
    return views.Ticket(
        id=str(row.id), key=row.key, title=row.title, kind=row.kind,
        priority=row.priority if row.priority in PRIORITIES else "Medium", labels=row.labels, reporter=row.reporter,
        description=row.description,
    )  # fmt: skip


def priority(run: Run) -> str:
    """A supervisor's word, or its ticket's, which should be selected with it."""
    return run.priority or (run.ticket.priority if run.ticket.priority in PRIORITIES else "Medium")


Judge = Callable[[Ticket], list[str]]


def ticket_views(rows: Sequence[Ticket], lacks: Judge, warns: Judge) -> list[views.TicketView]:
    """`rows` with project.repositories and comments prefetched; `lacks` says what keeps an agent from taking one, `warns`
    what somebody should know before.

    One query more, for the open runs.
    """
    running = Run.objects.filter(ticket__in=rows, phase__in=OPEN_PHASES).order_by("lane")
    open_runs: dict[UUID, UUID] = {}
    for ticket, run in running.values_list("ticket_id", "id"):
        open_runs.setdefault(ticket, run)
    return [_view(row, open_runs.get(row.id), lacks(row), " ".join(warns(row))) for row in rows]


def _view(row: Ticket, run: UUID | None, lacks: list[str], note: str) -> views.TicketView:
    if not row.project.repositories.all():
        lacks = [*lacks, "The project has no repository yet: add one in its settings."]
    return views.TicketView(
        **plain(row).model_dump(by_alias=False), project=str(row.project_id),
        status="done" if row.category == "done" else "open",
        readiness=views.Readiness(ready=not lacks, why=" ".join(lacks), note=note),
        open_run=str(run) if run else None, comments=[comment(one) for one in row.comments.all()],
        updated=ms(row.updated_at), url=str(row.raw.get("url", "")), editable=row.tracker == "board",
        note=row.note, images=_images(row),
    )  # fmt: skip


def _images(row: Ticket) -> list[views.TicketImage]:
    kept = [one for one in row.raw.get("files", []) if one.get("image")]
    return [views.TicketImage(name=one["name"], digest=one["image"], size=one.get("size", 0)) for one in kept]


def comment(row: TicketComment) -> views.TicketComment:
    return views.TicketComment(id=str(row.id), by=row.author, at=ms(row.created_at), body=row.body)
