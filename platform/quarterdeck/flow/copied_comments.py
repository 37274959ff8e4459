"""Comments of a tracker's tickets, kept as they were last said. Our own come back too: they are marked and never heard."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from quarterdeck.flow.heard import Told
from quarterdeck.flow.text import clean
from quarterdeck.outside.tracker.port import Comment
from quarterdeck.record.models import Ticket, TicketComment

MOST = 32_000


def take(told: Sequence[tuple[Ticket, Told]], me: str) -> dict[UUID, list[Comment]]:
    """In the caller's transaction, which holds the tickets. Returns who is new, by ticket."""
    rows = [(ticket, one) for ticket, one in told if one.comments or one.dropped]
    if not rows:
        return {}
    known = _known([ticket for ticket, _ in rows])
    made: list[TicketComment] = []
    changed: list[TicketComment] = []
    new: dict[UUID, list[Comment]] = {}
    for ticket, one in rows:
        for id, comment in one.comments.items():
            row = known.get((ticket.id, id))
            if id in one.dropped or ticket.deleted_at:
                continue
            if row is None:
                made.append(_row(ticket, comment, me))
                new.setdefault(ticket.id, []).append(comment)
            elif _edited(row, comment):
                row.body, row.edited_at = clean(comment.body)[:MOST], comment.edited
                changed.append(row)
    TicketComment.objects.bulk_create(made, ignore_conflicts=True)
    TicketComment.objects.bulk_update(changed, ["body", "edited_at"])
    _drop(rows)
    return new


def _known(tickets: Sequence[Ticket]) -> dict[tuple[UUID, str], TicketComment]:
    rows = TicketComment.objects.filter(ticket__in=tickets).exclude(external_id="")
    return {(row.ticket_id, row.external_id): row for row in rows}


def _row(ticket: Ticket, comment: Comment, me: str) -> TicketComment:
    own = bool(me) and comment.author_id == me
    return TicketComment(
        ticket=ticket, author=clean(comment.author)[:120], author_id=comment.author_id[:120], body=clean(comment.body)[:MOST],
        external_id=comment.id[:80], said_at=comment.at, edited_at=comment.edited,
        marker=f"own:{comment.marker or comment.id}"[:80] if own else "",
    )  # fmt: skip


def _edited(row: TicketComment, comment: Comment) -> bool:
    if row.body == clean(comment.body)[:MOST]:
        return False
    return (comment.edited or comment.at) >= (row.edited_at or row.said_at or comment.at)


def _drop(rows: Sequence[tuple[Ticket, Any]]) -> None:
    for ticket, one in rows:
        if one.dropped:
            TicketComment.objects.filter(ticket=ticket, external_id__in=one.dropped).delete()
