"""Who may do what. The one place that decides it for every route and for the live socket.

A route says what it needs (`Needs`): which role, and in whose project. What lies outside the caller's projects is 404,
as if it were not there; what he may see but not do is 403. Browsers come with a session and a CSRF header, scripts with
a bearer token; both at once is refused, so that a page can never lend its cookie to a token's request.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest
from ninja.utils import check_csrf

from deckwire.tokens import digest
from quarterdeck.doors.rates import Bucket
from quarterdeck.errors import Refused
from quarterdeck.flow import actor
from quarterdeck.record.models import ApiToken, Member, Person, Project, Request, Role, Run, Ticket

Least = Literal["anyone", "signed in", "viewer", "supervisor", "admin", "owner"]
Of = Literal["", "run", "request_id", "project", "ticket", "body"]
RANK: dict[str, int] = {Role.VIEWER: 1, Role.SUPERVISOR: 2, Role.ADMIN: 3}
PREFIX = "qdu_"
_rates: dict[UUID, Bucket] = {}

# Path parameter → the project it lies in. Each is one indexed query.
PROJECT_OF: dict[str, Callable[[UUID], Any]] = {
    "run": lambda id: Run.objects.filter(id=id).values_list("project_id", flat=True).first(),
    "request_id": lambda id: Request.objects.filter(id=id).values_list("run__project_id", flat=True).first(),
    "project": lambda id: Project.objects.filter(id=id).values_list("id", flat=True).first(),
    "ticket": lambda id: Ticket.objects.filter(id=id).values_list("project_id", flat=True).first(),
}


@dataclass(frozen=True)
class Caller:
    """A person who is let in, with the role in each project. The owner has the highest in all of them."""

    person: Person
    roles: dict[UUID, str]
    by_token: bool = False

    @property
    def actor(self) -> actor.Actor:
        return actor.person(self.person)

    @property
    def projects(self) -> list[UUID]:
        return list(self.roles)

    def may(self, project: UUID | None, least: str) -> bool:
        role = self.roles.get(project) if project else None
        return role is not None and RANK[role] >= RANK[least]

    def need(self, projects: Iterable[UUID | None], least: str) -> None:
        """Raises Refused: 404 when one of them is not the caller's to see, 403 when the role is too low."""
        wanted = list(projects)
        if not all(self.may(one, Role.VIEWER) for one in wanted):
            raise not_there()
        if not all(self.may(one, least) for one in wanted):
            raise not_allowed(least)


@dataclass(frozen=True)
class Needs:
    """What a route needs. `of` names the path parameter whose project counts; "body" means the route asks `Caller.need`
    for what the body names, after the caller has that role somewhere."""

    least: Least
    of: Of = ""

    def __call__(self, request: HttpRequest) -> Caller:
        caller = caller_of(request)
        if self.least == "owner" and not caller.person.is_superuser:
            raise not_allowed("owner")
        if self.of == "body" and not any(caller.may(one, self.least) for one in caller.roles):
            raise not_allowed(self.least)
        if self.of in PROJECT_OF:
            caller.need([_project_of(self.of, request)], self.least)
        return caller


def caller_of(request: HttpRequest) -> Caller:
    """Raises Refused 401 when nobody is signed in or the token is not good, 403 without the CSRF header."""
    header = request.headers.get("Authorization", "")
    if header:
        return _by_token(request, header)
    if not request.user.is_authenticated:
        raise Refused("Sign in first.", reason="signed_out", status=401, remedy="Open the sign-in page.")
    if check_csrf(request) is not None:
        raise Refused("This request did not come from the dashboard.", reason="csrf", status=403,
                      remedy="Reload the page and try again.")  # fmt: skip
    return let_in(request.user)


def let_in(person: Person, *, by_token: bool = False) -> Caller:
    """Raises Refused(too_fast), 429. Counted for each person and process, in memory."""
    if not _rates.setdefault(person.id, Bucket(per_second=30, burst=300)).take():
        raise Refused("Too many requests at once.", reason="too_fast", status=429, remedy="Wait a second.")
    return Caller(person, roles_of(person), by_token)


def roles_of(person: Person) -> dict[UUID, str]:
    if not person.is_active:
        return {}
    if person.is_superuser:
        return dict.fromkeys(Project.objects.values_list("id", flat=True), str(Role.ADMIN))
    return dict(Member.objects.filter(person=person).values_list("project_id", "role"))


def not_there() -> Refused:
    return Refused("There is nothing here by that name.", reason="not_found", status=404)


def not_allowed(least: str) -> Refused:
    article = "an" if least[0] in "ao" else "a"
    return Refused(f"This needs {article} {least}.", reason="not_allowed", status=403,
                   remedy="Ask an admin of the project for the role.")  # fmt: skip


def _by_token(request: HttpRequest, header: str) -> Caller:
    scheme, _, token = header.partition(" ")
    if "sessionid" in request.COOKIES or "__Host-sessionid" in request.COOKIES:
        raise Refused("Send a token or a session, not both.", reason="two_keys", status=400)
    if scheme.lower() != "bearer" or not token.startswith(PREFIX) or len(token) > 120:
        raise _bad_token()
    row = (
        ApiToken.objects.filter(digest=digest(token), expires_at__gt=Now(), person__is_active=True)
        .select_related("person")
        .first()
    )
    if row is None:
        raise _bad_token()
    stale = Q(used_at__isnull=True) | Q(used_at__lt=Now() - timedelta(minutes=1))
    ApiToken.objects.filter(stale, id=row.id).update(used_at=Now())
    return let_in(row.person, by_token=True)


def _bad_token() -> Refused:
    return Refused("This token opens nothing: it is wrong, expired or withdrawn.", reason="bad_token", status=401,
                   remedy="Make a new one under Settings, People.")  # fmt: skip


def _project_of(of: str, request: HttpRequest) -> UUID | None:
    assert request.resolver_match is not None
    value = request.resolver_match.kwargs.get(of)
    try:
        found: UUID | None = PROJECT_OF[of](value if isinstance(value, UUID) else UUID(str(value)))
    except ValueError:
        return None
    return found
