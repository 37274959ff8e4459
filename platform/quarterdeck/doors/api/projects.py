"""Projects, their settings and their members."""

from uuid import UUID

from ninja import Router, Status

from deckwire import bodies, views
from quarterdeck.doors.access import Needs
from quarterdeck.doors.api.asked import Asked
from quarterdeck.flow import projects, repositories
from quarterdeck.record import lists
from quarterdeck.record.views.times import ms_or_none

router = Router(tags=["projects"], by_alias=True)
ADMIN = Needs("admin", of="project")


@router.get("/projects", response=list[views.ProjectView], auth=Needs("signed in"))
def every(request: Asked) -> list[views.ProjectView]:
    return lists.project_views(request.auth.projects)


@router.post("/projects", response={201: views.ProjectView}, auth=Needs("owner"))
def create(request: Asked, body: bodies.ProjectBody) -> Status[views.ProjectView]:
    made = projects.create(request.auth.actor, name=body.name, key=body.key)
    return Status(201, _one(made.id))


@router.patch("/projects/{uuid:project}", response=views.ProjectView, auth=ADMIN)
def edit(request: Asked, project: UUID, body: bodies.ProjectPatch) -> views.ProjectView:
    """For runs that are opened from now on: a run keeps what it was opened with."""
    projects.edit(request.auth.actor, project, **body.model_dump(by_alias=False))
    return _one(project)


@router.post("/projects/{uuid:project}/repository/test", response={202: views.RepositoryLook}, auth=ADMIN)
def test_repository(request: Asked, project: UUID) -> Status[views.RepositoryLook]:
    """A worker looks; read it again while it is looking. Nothing of the repository is run."""
    return Status(202, _look(repositories.order(project)))


@router.get("/projects/{uuid:project}/repository/test", response=views.RepositoryLook, auth=ADMIN)
def tested_repository(request: Asked, project: UUID) -> views.RepositoryLook:
    """What the last look at the repository found, whoever wanted it."""
    return _look(repositories.found(project))


@router.put("/projects/{uuid:project}/members/{uuid:person}", response=views.ProjectView, auth=ADMIN)
def set_member(request: Asked, project: UUID, person: UUID, body: bodies.RoleBody) -> views.ProjectView:
    projects.set_member(request.auth.actor, project, person, body.role)
    return _one(project)


@router.delete("/projects/{uuid:project}/members/{uuid:person}", response=views.ProjectView, auth=ADMIN)
def remove_member(request: Asked, project: UUID, person: UUID) -> views.ProjectView:
    projects.remove_member(request.auth.actor, project, person)
    return _one(project)


def facts(found: list[tuple[str, bool, str]]) -> list[views.SettingFact]:
    return [views.SettingFact(label=label, ok=ok, remedy=remedy) for label, ok, remedy in found]


def _look(found: repositories.Look) -> views.RepositoryLook:
    return views.RepositoryLook(looking=found.looking, at=ms_or_none(found.at), facts=facts(found.facts))


def _one(project: UUID) -> views.ProjectView:
    return lists.project_views([project])[0]
