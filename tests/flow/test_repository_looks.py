"""Whether a project's repository can be read is a worker's look: a remote that never answers holds nobody who asks."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from quarterdeck.errors import Refused, TryLater
from quarterdeck.flow import actor, fetches, projects, repositories
from quarterdeck.outside.repos.store import Store
from quarterdeck.record.models import Person, Project, Repository
from testkit.remotes import Remote

ASKED_S = 2.0
"""So long a request may take here at the most; a fetch waits for minutes."""


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """It takes connections and says nothing, ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server


def good(project: Project) -> list[tuple[str, bool]]:
    return [(label, ok) for label, ok, _ in repositories.found(project.id).facts]


@pytest.mark.django_db
def test_asking_asks_no_remote_and_a_worker_tells_what_it_found(
    project: Project, remote: Callable[..., Remote]
) -> None:
    asked = remote().asked
    ordered = repositories.order(project.id)
    assert (ordered.looking, ordered.facts, asked) == (True, [], [])
    assert repositories.order(project.id).looking
    assert fetches.work() == 1
    found = repositories.found(project.id)
    assert not found.looking
    assert found.at is not None
    assert good(project)[:2] == [("The repository can be read.", True), ("It has a branch main.", True)]
    assert len(asked) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "no",
    [
        TryLater("lark.example did not answer", after=1.0),
        Refused("It wants a login.", reason="forbidden", remedy="Enter one."),
    ],
)
def test_what_cannot_be_read_is_told_and_asked_anew_by_hand_alone(
    project: Project, remote: Callable[..., Remote], no: Exception
) -> None:
    asked = remote(no, no).asked
    repositories.order(project.id)
    assert fetches.work() == 0
    label, ok, remedy = repositories.found(project.id).facts[0]
    assert (label, ok) == ("The repository can be read.", False)
    assert remedy in ("lark.example did not answer", "It wants a login. Enter one.")
    assert fetches.work() == 0
    assert len(asked) == 1
    assert repositories.order(project.id).looking


@pytest.mark.django_db
def test_a_branch_that_is_not_there_is_told(project: Project, remote: Callable[..., Remote]) -> None:
    remote()
    Repository.objects.filter(project=project).update(branch="nowhere")
    repositories.order(project.id)
    fetches.work()
    assert good(project)[1] == ("It has a branch nowhere.", False)


@pytest.mark.django_db
def test_what_was_seen_of_another_address_is_not_told_of_this_one(
    project: Project, remote: Callable[..., Remote], alice: Person
) -> None:
    row = Repository.objects.get(project=project)

    def changed() -> None:
        values = {"url": row.url, "branch": "next", "install": "", "setup": "", "test": "", "report": ""}
        projects.edit(actor.person(alice), project.id, repository=values)
        repositories.order(project.id)

    remote(changed)
    repositories.order(project.id)
    assert fetches.work(limit=1) == 1
    assert repositories.found(project.id).looking, "the new one is still to be looked at"
    assert fetches.work() == 1
    assert good(project)[1] == ("It has a branch next.", False)


@pytest.mark.django_db(transaction=True)
def test_a_remote_that_never_answers_holds_no_request(
    project: Project, store: Store, silent: socket.socket, alice: Person
) -> None:
    """The worker hangs in git; who asks is answered at once, again and again."""
    Person.objects.filter(id=alice.id).update(is_superuser=True)
    address = f"https://127.0.0.1:{silent.getsockname()[1]}/lark.git"
    Repository.objects.filter(project=project).update(url=address)
    client = Client()
    client.force_login(Person.objects.get(id=alice.id), backend=settings.AUTHENTICATION_BACKENDS[0])
    path = f"/api/v1/projects/{project.id}/repository/test"
    began = time.monotonic()
    assert client.post(path, content_type="application/json").json()["looking"]

    def work() -> None:
        fetches.work(limit=1)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    caller, _ = silent.accept()
    assert worker.is_alive()
    assert client.get(path).json() == {"looking": True, "at": None, "facts": []}
    assert client.post(path, content_type="application/json").status_code == 202
    assert time.monotonic() - began < ASKED_S * 5
    silent.close()
    caller.close()
    worker.join(30)
    assert not worker.is_alive()
    assert not client.get(path).json()["looking"]
    assert client.get(path).json()["facts"][0]["ok"] is False
