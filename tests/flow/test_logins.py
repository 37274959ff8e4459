"""A repository's login: sealed at rest, for its host alone, never told again."""

import pytest

from quarterdeck.errors import Refused
from quarterdeck.flow import logins, projects
from quarterdeck.flow.actor import Actor
from quarterdeck.record import keys
from quarterdeck.record.lists import project_views
from quarterdeck.record.models import Audit, Project, Repository

pytestmark = pytest.mark.django_db
SETTINGS = {"branch": "main", "install": "", "setup": "", "test": "", "report": ""}


def point_to(actor: Actor, project: Project, url: str) -> None:
    projects.edit(actor, project.id, repository={"url": url, **SETTINGS})


def enter(actor: Actor, project: Project, secret: str = "s3cret-word") -> None:
    projects.edit(actor, project.id, login={"user": "bot", "secret": secret})


def stored() -> dict[str, str]:
    return logins.of(Repository.objects.get())


def test_it_is_sealed_and_never_told_again(alice_acts: Actor, project: Project) -> None:
    point_to(alice_acts, project, "https://git.example/a.git")
    enter(alice_acts, project)
    row = Repository.objects.get()
    assert b"s3cret-word" not in bytes(row.secret)
    assert stored() == {"user": "bot", "secret": "s3cret-word"}
    [view] = project_views([project.id])
    assert (view.repository_user, view.repository_has_secret) == ("bot", True)
    assert "s3cret-word" not in view.model_dump_json() + repr(logins.target(row))
    assert not any("s3cret" in str(one.body) for one in Audit.objects.all())
    assert keys.missing() == []
    enter(alice_acts, project, "")
    assert stored() == {}


def test_another_path_of_the_host_keeps_it_and_another_host_never_gets_it(alice_acts: Actor, project: Project) -> None:
    point_to(alice_acts, project, "https://git.example/a.git")
    enter(alice_acts, project)
    point_to(alice_acts, project, "https://git.example/b.git")
    assert stored()["secret"] == "s3cret-word"
    point_to(alice_acts, project, "https://mallory.example/a.git")
    assert stored() == {}


@pytest.mark.parametrize("url", ["https://bot:s3cret@git.example/a.git", "https://token@git.example/a.git"])
def test_an_address_holds_no_login(alice_acts: Actor, project: Project, url: str) -> None:
    with pytest.raises(Refused, match="no password"):
        point_to(alice_acts, project, url)


def test_only_https_takes_one(alice_acts: Actor, project: Project) -> None:
    with pytest.raises(Refused, match="https"):
        enter(alice_acts, project)
