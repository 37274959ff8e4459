"""Lists for the pages beside the runs: tickets, projects, connections, people, tokens, the audit."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, IntegerField, Prefetch, Q, QuerySet, Sum, When
from django.db.models.functions import Now

from deckwire import views
from quarterdeck.record.models import (
    OPEN_PHASES,
    ApiToken,
    Audit,
    Connection,
    LoginLink,
    Member,
    ModelCall,
    Person,
    Project,
    Repository,
    Run,
    Ticket,
    TicketComment,
)
from quarterdeck.record.views import audited, people, projects
from quarterdeck.record.views.tickets import Judge, ticket_views

MOST_TICKETS = 500
AUDIT_PAGE = 200
REPOSITORIES = Prefetch("repositories", Repository.objects.order_by("created_at"))


def tickets(projects: Sequence[UUID], query: str, lacks: Judge, warns: Judge) -> list[views.TicketView]:
    rows = _tickets().filter(project__in=projects)
    if query:
        rows = rows.filter(Q(key__icontains=query) | Q(title__icontains=query))
    done_last = Case(When(category="done", then=1), default=0, output_field=IntegerField())
    return ticket_views(list(rows.order_by(done_last, "-updated_at")[:MOST_TICKETS]), lacks, warns)


def ticket(id: UUID, lacks: Judge, warns: Judge) -> views.TicketView:
    return ticket_views(list(_tickets().filter(id=id)), lacks, warns)[0]


def _tickets() -> QuerySet[Ticket]:
    comments = Prefetch("comments", TicketComment.objects.order_by("created_at"))
    repositories = Prefetch("project__repositories", Repository.objects.order_by("created_at"))
    return Ticket.objects.select_related("project").prefetch_related(comments, repositories)


def project_views(ids: Sequence[UUID]) -> list[views.ProjectView]:
    members = Prefetch("members", Member.objects.select_related("person"))
    rows = Project.objects.filter(id__in=ids).prefetch_related(REPOSITORIES, members).order_by("name")
    spent, running = _spent_today(ids), _open_runs(ids)
    return [
        projects.project_view(row, spent_today=spent.get(row.id, 0), open_runs=running.get(row.id, 0)) for row in rows
    ]


def _spent_today(ids: Sequence[UUID]) -> dict[UUID, int]:
    midnight = datetime.combine(datetime.now(UTC).date(), time(), UTC)
    rows = ModelCall.objects.filter(run__project__in=ids, created_at__gte=midnight)
    return {project: int(total or 0) for project, total in _by_project(rows, Sum("settled"))}


def _open_runs(ids: Sequence[UUID]) -> dict[UUID, int]:
    rows = Run.objects.filter(project__in=ids, phase__in=OPEN_PHASES)
    return dict(rows.values_list("project").annotate(n=Count("id")).order_by())


def _by_project(rows: QuerySet[Any], total: Sum) -> QuerySet[Any]:
    return rows.values_list("run__project").annotate(total=total).order_by()


def connections() -> list[views.ConnectionView]:
    return [projects.connection(row) for row in Connection.objects.filter(kind="model").order_by("name")]


def connection(id: UUID) -> views.ConnectionView:
    return projects.connection(Connection.objects.get(id=id))


def everybody() -> list[views.PersonView]:
    links = {link.person_id: link for link in LoginLink.objects.filter(used_at__isnull=True, expires_at__gt=Now())}
    rows = Person.objects.prefetch_related("memberships")
    return sorted((people.person_view(row, links.get(row.id)) for row in rows), key=lambda one: one.person.name.lower())


def person(id: UUID) -> views.PersonView:
    return next(one for one in everybody() if one.person.id == str(id))


def tokens(owner: Person) -> list[views.TokenView]:
    return [people.token(row) for row in ApiToken.objects.filter(person=owner).order_by("-created_at")]


def audit(projects: Sequence[UUID], *, site: bool, after: int, people_only: bool = False) -> list[views.AuditLine]:
    """Newest first. `after` counts lines already seen; `site` adds what belongs to no project; `people_only` leaves out
    what the platform and its agents did by themselves."""
    scope = Q(project__in=projects) | (Q(project__isnull=True) if site else Q(pk__in=[]))
    rows = Audit.objects.filter(scope)
    if people_only:
        # That a run moved because of a decision is said by the decision.
        rows = rows.filter(actor__startswith="person:").exclude(verb="moved")
    return audited.lines(list(rows.order_by("-at", "-id")[after : after + AUDIT_PAGE]), after + 1)
