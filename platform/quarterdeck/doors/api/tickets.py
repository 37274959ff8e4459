"""Tickets: read, written and commented on the board of our own."""

from uuid import UUID

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from ninja import Router, Status

from deckwire import bodies, views
from quarterdeck.doors.access import Needs
from quarterdeck.doors.api.asked import Asked
from quarterdeck.doors.api.ids import one_id
from quarterdeck.flow import board, pictures, readiness
from quarterdeck.flow.text import clean
from quarterdeck.record import lists
from quarterdeck.record.models import Ticket

router = Router(tags=["tickets"], by_alias=True)
WRITE = Needs("supervisor", of="ticket")


@router.get("/tickets", response=list[views.TicketView], auth=Needs("signed in"))
def tickets(request: Asked, project: UUID | None = None, q: str = "") -> list[views.TicketView]:
    """Open ones first, newest first, 500 at the most. `q` looks in key and title."""
    if project is not None:
        request.auth.need([project], "viewer")
    return lists.tickets(
        [project] if project else request.auth.projects, clean(q)[:200], readiness.lacks, readiness.warns
    )


@router.post("/tickets", response={201: views.TicketView}, auth=Needs("supervisor", of="body"))
def create(request: Asked, body: bodies.TicketBody) -> Status[views.TicketView]:
    project = one_id(body.project)
    request.auth.need([project], "supervisor")
    made = board.create_ticket(
        request.auth.actor, project, title=body.title, description=body.description, kind=body.kind,
        priority=body.priority, labels=body.labels,
    )  # fmt: skip
    return Status(201, _view(made))


@router.patch("/tickets/{uuid:ticket}", response=views.TicketView, auth=WRITE)
def edit(request: Asked, ticket: UUID, body: bodies.TicketPatch) -> views.TicketView:
    return _view(board.edit_ticket(request.auth.actor, ticket, **body.model_dump(by_alias=False)))


@router.post("/tickets/{uuid:ticket}/comments", response={201: views.TicketView}, auth=WRITE)
def comment(request: Asked, ticket: UUID, body: bodies.CommentBody) -> Status[views.TicketView]:
    made = board.comment(request.auth.actor, ticket, body.body)
    return Status(201, _view(made.ticket))


@router.get("/tickets/{uuid:ticket}/images/{str:digest}", auth=Needs("viewer", of="ticket"))
def image(request: Asked, ticket: UUID, digest: str) -> HttpResponse:
    """A download of a stranger's bytes: saved and never shown as a page of ours."""
    row = pictures.one(ticket, digest)
    answer = HttpResponse(bytes(row.data), content_type=row.mime)
    answer["Content-Disposition"] = content_disposition_header(True, row.name)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _view(row: Ticket) -> views.TicketView:
    return lists.ticket(row.id, readiness.lacks, readiness.warns)
