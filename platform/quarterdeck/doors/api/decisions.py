"""What a person says: decisions over runs and requests, taking them back, and putting a request aside."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ninja import Router

from deckwire import bodies, views
from quarterdeck.doors.access import Needs
from quarterdeck.doors.api.asked import Asked
from quarterdeck.doors.api.ids import ids, one_id
from quarterdeck.doors.api.receipts import receipt
from quarterdeck.flow import decide, intake, requests
from quarterdeck.record.models import Decision, Request, Run, Ticket
from quarterdeck.record.views.requests import request as request_view

router = Router(tags=["decisions"], by_alias=True)
DECIDE = Needs("supervisor", of="body")


@router.post("/decisions", response=views.Receipt, auth=DECIDE)
def say(request: Asked, body: bodies.DecisionBody) -> views.Receipt:
    """One decision over many: a line for each in the receipt. The same key again is the same decision."""
    runs, asked = ids(body.runs), ids(body.requests)
    request.auth.need(_projects(Run.objects, runs, "project_id"), "supervisor")
    request.auth.need(_projects(Request.objects, asked, "run__project_id"), "supervisor")
    plan = {"steps": [step.model_dump(mode="json") for step in body.plan]} if body.plan is not None else None
    said = decide.decide(
        request.auth.actor, body.key, body.verb, runs=runs, requests=asked, words=body.words, mode=body.mode,
        choice=body.choice, plan=plan, amount_micro=body.amount_micro, checkpoint=body.checkpoint, head=body.head,
        digest=body.digest, heads={one_id(request): head for request, head in body.heads.items()},
    )  # fmt: skip
    return receipt(said, asked=asked if not runs else [])


@router.post("/decisions/{uuid:batch}/undo", response=views.Receipt, auth=DECIDE)
def undo(request: Asked, batch: UUID) -> views.Receipt:
    """Takes back what nobody has read yet, of the caller's own, where he may still decide."""
    own = Decision.objects.filter(batch=batch, actor=request.auth.actor.word)
    request.auth.need(own.values_list("run__project_id", flat=True).distinct(), "supervisor")
    return receipt(decide.undo(request.auth.actor, batch))


@router.get("/requests", response=list[views.Request], auth=Needs("signed in"))
def decided(request: Asked) -> list[views.Request]:
    """The newest 100 that were decided."""
    return requests.decided(request.auth.projects)


@router.post("/requests/{uuid:request_id}/snooze", response=views.Request, auth=Needs("supervisor", of="request_id"))
def snooze(request: Asked, request_id: UUID, body: bodies.SnoozeBody) -> views.Request:
    until = datetime.fromtimestamp(body.until_ms / 1000, UTC)
    return _again(decide.snooze(request.auth.actor, request_id, until))


@router.post("/requests/{uuid:request_id}/delegate", response=views.Request, auth=Needs("supervisor", of="request_id"))
def delegate(request: Asked, request_id: UUID, body: bodies.DelegateBody) -> views.Request:
    """To somebody who may decide it: a supervisor of the project."""
    return _again(requests.delegate(request.auth.actor, request_id, one_id(body.person)))


@router.post("/requests/{uuid:request_id}/return", response=views.Request, auth=Needs("supervisor", of="request_id"))
def take_back(request: Asked, request_id: UUID) -> views.Request:
    return _again(decide.take_back(request.auth.actor, request_id))


@router.post("/runs", response=views.Receipt, auth=DECIDE)
def assign(request: Asked, body: bodies.AssignBody) -> views.Receipt:
    """Gives tickets to agents: one open run a ticket."""
    tickets = ids(body.tickets)
    request.auth.need(_projects(Ticket.objects, tickets, "project_id"), "supervisor")
    opened = intake.open_runs(
        request.auth.actor, body.key, tickets, cap_micro=body.cap_micro, plan_dial=body.plan_dial,
        model=body.model or None, force=body.force, words=body.words,
    )  # fmt: skip
    return receipt(opened)


def _projects(rows: Any, wanted: list[UUID], column: str) -> list[UUID | None]:
    """The project of each; None for what is not there."""
    found = dict(rows.filter(id__in=wanted).values_list("id", column))
    return [found.get(one) for one in wanted]


def _again(row: Request) -> views.Request:
    fresh = Request.objects.select_related("run", "delegate", "decision__person").get(id=row.id)
    return request_view(fresh)
