"""Requests aside from their decisions: what was decided lately, and to whom one may be handed."""

from collections.abc import Sequence
from uuid import UUID

from deckwire import views
from quarterdeck.errors import Refused
from quarterdeck.flow import decide
from quarterdeck.flow.actor import Actor
from quarterdeck.record.models import Member, Person, Request, RequestState, Role
from quarterdeck.record.views.requests import request as request_view

NEWEST = 100


def decided(projects: Sequence[UUID]) -> list[views.Request]:
    rows = Request.objects.filter(run__project__in=projects, state=RequestState.DECIDED)
    rows = rows.select_related("run", "delegate", "decision__person").order_by("-closed_at")
    return [request_view(row) for row in rows[:NEWEST]]


def delegate(actor: Actor, request: UUID, person: UUID) -> Request:
    """Raises Refused(not_a_supervisor) when that person could not decide it."""
    project = Request.objects.filter(id=request).values_list("run__project_id", flat=True).first()
    may = Member.objects.filter(
        project=project, person=person, person__is_active=True, role__in=[Role.SUPERVISOR, Role.ADMIN]
    )
    if not may.exists() and not Person.objects.filter(id=person, is_superuser=True, is_active=True).exists():
        raise Refused("Only a supervisor of this project can decide it.", reason="not_a_supervisor",
                      remedy="Choose somebody else, or make this person a supervisor.")  # fmt: skip
    return decide.delegate(actor, request, person)
