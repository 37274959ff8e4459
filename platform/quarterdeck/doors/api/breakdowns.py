"""An epic's proposal of tickets: made, edited, approved."""

from uuid import UUID

from ninja import Router, Status

from deckwire import bodies, views
from quarterdeck.doors.access import Needs
from quarterdeck.doors.api.asked import Asked
from quarterdeck.flow import breakdowns, judgements
from quarterdeck.record.models import Breakdown

router = Router(tags=["tickets"], by_alias=True)
WRITE = Needs("supervisor", of="ticket")
PATH = "/tickets/{uuid:ticket}/breakdown"


@router.get(PATH, response=views.Breakdown, auth=Needs("viewer", of="ticket"))
def one(request: Asked, ticket: UUID) -> views.Breakdown:
    return _view(breakdowns.of(ticket))


@router.post(PATH, response={201: views.Breakdown}, auth=WRITE)
def propose(request: Asked, ticket: UUID) -> Status[views.Breakdown]:
    """From the epic's own text; one that is open already is the answer."""
    return Status(201, _view(breakdowns.propose(request.auth.actor, ticket)))


@router.put(PATH, response=views.Breakdown, auth=WRITE)
def edit(request: Asked, ticket: UUID, body: bodies.BreakdownBody) -> views.Breakdown:
    lines = [line.model_dump(by_alias=False, include={"id", "title", "description", "kind"}) for line in body.lines]
    return _view(breakdowns.edit(request.auth.actor, ticket, body.version, lines))


@router.post(f"{PATH}/approve", response=views.Breakdown, auth=WRITE)
def approve(request: Asked, ticket: UUID, body: bodies.SeenBody) -> views.Breakdown:
    return _view(breakdowns.approve(request.auth.actor, ticket, body.version))


@router.post(f"{PATH}/decline", response=views.Breakdown, auth=WRITE)
def decline(request: Asked, ticket: UUID, body: bodies.SeenBody) -> views.Breakdown:
    return _view(breakdowns.decline(request.auth.actor, ticket, body.version))


@router.post(f"{PATH}/draft", response=views.Breakdown, auth=WRITE)
def draft(request: Asked, ticket: UUID, body: bodies.SeenBody) -> views.Breakdown:
    """Asks the project's model for lines; they come into the open proposal, for a person to edit and approve."""
    return _view(judgements.draft(request.auth.actor, ticket, body.version))


def _view(row: Breakdown | None) -> views.Breakdown:
    if row is None:
        return views.Breakdown()
    asked = judgements.drafting(row.ticket_id) if row.state == "open" else None
    names = views.BreakdownLine.model_fields
    lines = [views.BreakdownLine(**{name: one[name] for name in names if name in one}) for one in row.lines]
    return views.Breakdown(
        state=row.state, version=row.version, lines=lines, drafting=asked is not None and asked.state == "waiting",
        draft_note=asked.why if asked is not None and asked.state == "failed" else "",
        no_draft="" if judgements.route_of(row.ticket.project) else judgements.NO_MODEL,
    )  # fmt: skip
