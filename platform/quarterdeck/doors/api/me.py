"""Who looks, and what a screen starts from."""

from importlib.metadata import PackageNotFoundError, version
from typing import Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from deckwire import views
from quarterdeck.doors.access import PROJECT_OF, Needs
from quarterdeck.doors.api.asked import Asked
from quarterdeck.doors.api.render import as_is
from quarterdeck.errors import Refused
from quarterdeck.record import snapshot
from quarterdeck.record.models import Connection
from quarterdeck.record.views.people import person

router = Router(tags=["screens"], by_alias=True)


@router.get("/me", response=views.Me, auth=Needs("signed in"))
def me(request: Asked) -> views.Me:
    caller = request.auth
    real = Connection.objects.filter(kind="model").exclude(protocol="rehearsal").exists()
    return views.Me(
        person=person(caller.person), email=caller.person.email, owner=caller.person.is_superuser,
        roles={str(project): role for project, role in caller.roles.items()}, rehearsal=not real, version=_version(),
    )  # fmt: skip


@router.get("/snapshot", response=views.Snapshot, auth=Needs("signed in"))
def take(request: Asked, view: Literal["board", "inbox", "run"] = "board", run: UUID | None = None) -> HttpResponse:
    """State and cursors from one read. View run needs `run`, and has its timeline's newest 200 lines."""
    if view == "run":
        return as_is(_one(request, run))
    draw = snapshot.board if view == "board" else snapshot.inbox
    return as_is(draw(request.auth.projects))


def _one(request: Asked, run: UUID | None) -> views.Snapshot:
    if run is None:
        raise Refused("Say which run.", reason="malformed", status=422)
    request.auth.need([PROJECT_OF["run"](run)], "viewer")
    return snapshot.run(run, request.auth.projects)


def _version() -> str:
    try:
        return version("quarterdeck")
    except PackageNotFoundError:
        return ""
