"""Tickets of the board of our own: created, edited and commented by people, and moved by runs through the tracker's port."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from deckwire.events import Changed
from quarterdeck.errors import Refused
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.text import bounded
from quarterdeck.outside.tracker.board import Board
from quarterdeck.outside.tracker.port import Comment, Issue
from quarterdeck.record import audit, ledger
from quarterdeck.record.models import Project, Ticket, TicketComment

TITLE, DESCRIPTION, COMMENT, LABELS, LABEL = 500, 200_000, 32_000, 30, 60
KINDS = ("Bug", "Story", "Task", "Chore")
PRIORITIES = ("Highest", "High", "Medium", "Low")
STATUS = {"todo": "To do", "doing": "In progress", "done": "Done"}


def create_ticket(
    actor: Actor, project_id: UUID, *, title: str, description: str = "", kind: str = "Task", priority: str = "Medium",
    labels: list[str] | None = None,
) -> Ticket:  # fmt: skip
    """Raises Refused: too_long, empty, unknown_word (422), no_such_project (404)."""
    fields = _fields(title=title, description=description, kind=kind, priority=priority, labels=labels or [])
    with transaction.atomic():
        project = Project.objects.select_for_update().filter(id=project_id).first()
        if project is None:
            raise Refused("There is no such project.", reason="no_such_project", status=404)
        number, key = _next_key(project)
        Project.objects.filter(id=project.id).update(next_number=number + 1)
        ticket = Ticket.objects.create(
            project=project,
            tracker="board",
            external_id=f"{project.id}/{key}",
            key=key,
            reporter=actor.name[:120],
            **fields,
        )
        _note(actor, ticket, "created")
    return ticket


def edit_ticket(actor: Actor, ticket_id: UUID, **fields: Any) -> Ticket:
    """Takes title, description, kind, priority, labels and status (open or done). What is None stays.

    Raises Refused: too_long, empty, unknown_word (422), not_ours (409) for a ticket of another tracker.
    """
    status = fields.pop("status", None)
    changes = _fields(**{name: value for name, value in fields.items() if value is not None})
    if status is not None:
        category = "done" if status == "done" else "todo"
        changes |= {"category": category, "status": STATUS[category]}
    with transaction.atomic():
        ticket = _hold(ticket_id)
        if changes:
            Ticket.objects.filter(id=ticket.id).update(**changes, version=F("version") + 1, updated_at=Now())
            _note(actor, ticket, "edited", fields=sorted(changes))
        ticket.refresh_from_db()
    return ticket


def comment(actor: Actor, ticket_id: UUID, body: str) -> TicketComment:
    """Raises Refused: too_long, empty (422), not_ours (409)."""
    body = bounded("The comment", body, COMMENT, least=1)
    with transaction.atomic():
        ticket = _hold(ticket_id)
        made = TicketComment.objects.create(ticket=ticket, author=actor.name[:120], body=body)
        Ticket.objects.filter(id=ticket.id).update(version=F("version") + 1, updated_at=Now())
        _note(actor, ticket, "commented")
    return made


def tracker() -> Board:
    return Board(Rows())


class Rows:
    """The board's store over our own tables. Ids are `Ticket.external_id`."""

    def get(self, id: str) -> Issue | None:
        row = Ticket.objects.filter(tracker="board", external_id=id).prefetch_related("comments").first()
        return issue(row) if row else None

    def find(self, query: str, after: str, limit: int) -> list[Issue]:
        rows = Ticket.objects.filter(tracker="board", external_id__gt=after).prefetch_related("comments")
        rows = rows.filter(Q(key__icontains=query) | Q(title__icontains=query)) if query else rows
        return [issue(row) for row in rows.order_by("external_id")[:limit]]

    def put_comment(self, id: str, marker: str, body: str) -> str:
        with transaction.atomic():
            ticket = Ticket.objects.select_for_update().get(tracker="board", external_id=id)
            row, made = TicketComment.objects.get_or_create(
                ticket=ticket, marker=marker[:80], defaults={"author": "Quarterdeck", "body": body[:COMMENT]}
            )
            if not made:
                TicketComment.objects.filter(id=row.id).update(body=body[:COMMENT])
            _changed(ticket, "rule:tracker")
        return str(row.id)

    def set_category(self, id: str, was: str, category: str) -> bool:
        with transaction.atomic():
            moved = Ticket.objects.filter(tracker="board", external_id=id, category=was).update(
                category=category, status=STATUS[category], version=F("version") + 1, updated_at=Now()
            )
            if moved:
                _changed(Ticket.objects.get(tracker="board", external_id=id), "rule:tracker")
        return bool(moved)

    def put_link(self, id: str, global_id: str, url: str, title: str) -> None:
        with transaction.atomic():
            ticket = Ticket.objects.select_for_update().get(tracker="board", external_id=id)
            links = {**ticket.raw.get("links", {}), global_id: {"url": url, "title": title}}
            Ticket.objects.filter(id=ticket.id).update(raw={**ticket.raw, "links": links}, version=F("version") + 1)
            _changed(ticket, "rule:tracker")


def issue(row: Ticket) -> Issue:
    comments = [Comment(str(one.id), one.author, one.body, one.created_at) for one in row.comments.all()]
    return Issue(
        id=row.external_id, key=row.key, title=row.title, description=row.description, kind=row.kind,
        priority=row.priority, status=row.status, status_category=row.category, reporter=row.reporter,
        assignee=row.assignee, labels=list(row.labels), comments=comments, updated=row.updated_at, version=row.version,
        raw=row.raw,
    )  # fmt: skip


def _hold(ticket_id: UUID) -> Ticket:
    ticket = Ticket.objects.select_for_update().filter(id=ticket_id).first()
    if ticket is None:
        raise Refused("There is no such ticket.", reason="no_such_ticket", status=404)
    if ticket.tracker != "board":
        raise Refused(f"{ticket.key} lives in another tracker: edit it there.", reason="not_ours")
    return ticket


def _next_key(project: Project) -> tuple[int, str]:
    """The next number that is free: a board may have been filled from elsewhere."""
    number = project.next_number
    while Ticket.objects.filter(project=project, key=f"{project.key}-{number}").exists():
        number += 1
    return number, f"{project.key}-{number}"


def _fields(**given: Any) -> dict[str, Any]:
    checks: dict[str, Callable[[Any], Any]] = {
        "title": lambda text: " ".join(bounded("The title", text, TITLE, least=1).split("\n")),
        "description": lambda text: bounded("The description", text, DESCRIPTION),
        "kind": lambda word: _one_of("kind", word, KINDS),
        "priority": lambda word: _one_of("priority", word, PRIORITIES),
        "labels": _labels,
    }
    return {name: checks[name](value) for name, value in given.items()}


def _one_of(what: str, word: str, words: tuple[str, ...]) -> str:
    if word not in words:
        raise Refused(f"{word[:40]!r} is no {what}: choose {', '.join(words)}.", reason="unknown_word", status=422)
    return word


def _labels(labels: list[str]) -> list[str]:
    if len(labels) > LABELS:
        raise Refused(f"{LABELS} labels are the most.", reason="too_long", status=422)
    found = [bounded("A label", label, LABEL) for label in labels]
    return list(dict.fromkeys(label for label in found if label))


def _note(actor: Actor, ticket: Ticket, verb: str, **body: Any) -> None:
    audit.write(actor.word, f"ticket {verb}", f"ticket:{ticket.id}", project=ticket.project_id, key=ticket.key, **body)
    _changed(ticket, actor.word)


def _changed(ticket: Ticket, by: str) -> None:
    ledger.note(f"project:{ticket.project_id}", Changed(what="ticket", id=str(ticket.id), by=by), by=by)
