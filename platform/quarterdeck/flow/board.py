"""The built-in board: people create, edit, label, prioritise and comment; agents' runs move its tickets along.

Text is kept as it came but for what PostgreSQL cannot hold; hidden characters stay, and are shown for what they are.
"""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from deckwire.events import Changed
from django.db import transaction
from django.db.models import F

from quarterdeck.errors import Refused
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.tracker.board import BoardTracker
from quarterdeck.outside.tracker.memory import STATUS
from quarterdeck.outside.tracker.port import Comment, Issue
from quarterdeck.record import audit, ledger
from quarterdeck.record.models import Project, Ticket, TicketComment

KINDS = ("Bug", "Story", "Task", "Chore")
PRIORITIES = ("Highest", "High", "Medium", "Low")
LIMITS = {"title": 500, "description": 200_000, "comment": 32_000}
MAX_COMMENTS = 10_000
SURROGATES = re.compile("[\ud800-\udfff]")


def clean(text: str, field: str) -> str:
    """Without NUL and lone surrogates, which no database row holds. Raises Refused(too_long)."""
    kept = SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text.replace("\0", ""))
    if len(kept) > LIMITS[field]:
        raise Refused(f"The {field} has {len(kept):,} characters; {LIMITS[field]:,} is the most.", reason="too_long", status=422,
                      remedy="Shorten it, or put the rest into a file of the repository.")  # fmt: skip
    return kept


def _title(text: str) -> str:
    title = " ".join(clean(text, "title").split())
    if not title:
        raise Refused("A ticket needs a title.", reason="malformed", status=422)
    return title


def _one_of(values: tuple[str, ...], name: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in values:
            raise Refused(f"{name} is one of {', '.join(values)}.", reason="malformed", status=422)
        return value

    return check


def _labels(labels: list[str]) -> list[str]:
    kept = list(dict.fromkeys(clean(label, "title").strip()[:60] for label in labels if label.strip()))
    if len(kept) > 30:
        raise Refused("A ticket takes 30 labels at the most.", reason="malformed", status=422)
    return kept


CLEAN: dict[str, Callable[[Any], Any]] = {
    "title": _title,
    "description": lambda text: clean(text, "description"),
    "kind": _one_of(KINDS, "Kind"),
    "priority": _one_of(PRIORITIES, "Priority"),
    "labels": _labels,
    "category": _one_of(tuple(STATUS), "Status"),
}


def _cleaned(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - set(CLEAN)
    if unknown:
        raise Refused(f"A ticket has no {', '.join(sorted(unknown))}.", reason="malformed", status=422)
    return {name: CLEAN[name](value) for name, value in fields.items() if value is not None}


def create_ticket(actor: Actor, project: Project, **fields: Any) -> Ticket:
    """title (needed), description, kind, priority, labels. Raises Refused(malformed, too_long)."""
    values = _cleaned({"title": "", **fields})
    with transaction.atomic():
        held = Project.objects.select_for_update().get(id=project.id)
        number = held.next_number
        Project.objects.filter(id=held.id).update(next_number=F("next_number") + 1)
        key = f"{held.key}-{number}"
        ticket = Ticket.objects.create(
            project=held, tracker="board", external_id=f"{held.id}/{key}", key=key, reporter=actor.name, **values
        )
        _tell(actor, ticket, "created")
        return ticket


def edit_ticket(actor: Actor, ticket: Ticket, **fields: Any) -> Ticket:
    """Any of title, description, kind, priority, labels, category. A living run sees the new text at its next attempt."""
    values = _cleaned(fields)
    if "category" in values:
        values["status"] = STATUS[values["category"]]
    with transaction.atomic():
        held = Ticket.objects.select_for_update().get(id=ticket.id)
        for name, value in values.items():
            setattr(held, name, value)
        held.version += 1
        held.save()
        _tell(actor, held, "edited", fields=sorted(values))
        return held


def comment(actor: Actor, ticket: Ticket, body: str) -> TicketComment:
    text = clean(body, "comment")
    if not text.strip():
        raise Refused("A comment needs words.", reason="malformed", status=422)
    with transaction.atomic():
        held = Ticket.objects.select_for_update().get(id=ticket.id)
        if held.comments.count() >= MAX_COMMENTS:
            raise Refused(
                f"This ticket has {MAX_COMMENTS:,} comments, the most it takes.", reason="too_many", status=422
            )
        made = TicketComment.objects.create(ticket=held, author=actor.name, body=text)
        Ticket.objects.filter(id=held.id).update(version=F("version") + 1)
        _tell(actor, held, "commented")
        return made


def _tell(actor: Actor, ticket: Ticket, verb: str, **body: Any) -> None:
    stream = f"project:{ticket.project_id}"
    ledger.note(stream, Changed(what="ticket", id=str(ticket.id), by=actor.name), by=actor.word)
    audit.write(actor.word, f"ticket {verb}", f"ticket:{ticket.id}", project=ticket.project_id, **body)


def tracker() -> BoardTracker:
    """The board behind the tracker port."""
    return BoardTracker(Tables())


class Tables:
    """The board's tickets in our own tables (a BoardStore)."""

    def page(self, query: str, after: str, limit: int) -> list[Issue]:
        rows = Ticket.objects.filter(tracker="board", external_id__gt=after)
        for word in query.split():
            rows = rows.filter(title__icontains=word) | rows.filter(key__icontains=word)
        return [_issue(row) for row in rows.order_by("external_id")[:limit]]

    def issue(self, id: str) -> Issue:
        return _issue(self._row(id))

    def put_comment(self, id: str, marker: str, body: str) -> str:
        row, _ = TicketComment.objects.update_or_create(
            ticket=self._row(id), marker=marker, defaults={"author": "Quarterdeck", "body": body}
        )
        return str(row.id)

    def set_category(self, id: str, category: str) -> None:
        with transaction.atomic():
            row = Ticket.objects.select_for_update().get(id=self._row(id).id)
            row.category, row.status, row.version = category, STATUS[category], row.version + 1
            row.save(update_fields=["category", "status", "version", "updated_at"])
            said = Changed(what="ticket", id=str(row.id), by="Quarterdeck")
            ledger.note(f"project:{row.project_id}", said, by="rule:outbox")

    def put_link(self, id: str, global_id: str, url: str, title: str) -> None:
        row = self._row(id)
        links = row.raw.get("links", {}) | {global_id: {"url": url, "title": title}}
        Ticket.objects.filter(id=row.id).update(raw=row.raw | {"links": links})

    def _row(self, id: str) -> Ticket:
        row = Ticket.objects.filter(tracker="board", external_id=id).first()
        if row is None:
            raise Refused("There is no such ticket.", reason="no_such_ticket", status=404)
        return row


def _issue(row: Ticket) -> Issue:
    comments = [Comment(str(one.id), one.author, one.body, one.created_at) for one in row.comments.order_by("id")]
    return Issue(
        id=row.external_id, key=row.key, title=row.title, description=row.description, kind=row.kind, priority=row.priority,
        status=row.status, status_category=row.category, reporter=row.reporter, assignee=row.assignee, labels=row.labels,
        comments=comments, updated=row.updated_at, version=row.version, raw=row.raw,
    )  # fmt: skip


def ticket_of(id: UUID) -> Ticket:
    row = Ticket.objects.select_related("project").filter(id=id).first()
    if row is None:
        raise Refused("There is no such ticket.", reason="no_such_ticket", status=404)
    return row
