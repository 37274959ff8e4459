"""The fixed cast, and the twins that stand for the world outside. Alice supervises, Bob only watches, Mallory is a stranger."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from quarterdeck.flow import actor, intake
from quarterdeck.outside import plugs
from quarterdeck.outside.cluster.memory import MemoryCluster
from quarterdeck.outside.repos.store import Store
from quarterdeck.record.models import Attempt, Member, Person, Project, Repository, Run, Ticket
from quarterdeck.sample import repository
from testkit import starting
from testkit.pods import Cluster, missing, slot

TEST = "python3 tools/run_tests.py --report report.xml"
# Modules with a house of their own that take longest: begun first, so that no worker ends alone with one of them.
LONGEST = (
    "faults/test_kills.py", "faults/test_crash_points.py", "faults/test_away.py", "story/test_ticket_to_merge.py",
    "pods/test_faults.py", "pods/test_crashes.py", "pods/test_many.py", "pods/test_walls.py", "pods/test_installed.py",
    "faults/test_weather.py", "faults/test_every_step.py", "faults/test_kills_of_agents.py", "browser/test_every_screen.py",
    "story/test_jira_story.py", "deckhand/test_faults.py", "browser/test_ticket_to_merge.py", "browser/test_steering.py",
    "browser/test_trackers.py", "launcher/test_up.py", "faults/test_full_disk.py", "faults/test_crash_merge.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get("/".join(item.path.parts[-2:]), len(rank)))


@pytest.fixture(scope="session")
def sample_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's history, built once; tests that need it copy it."""
    path = tmp_path_factory.mktemp("sample") / "origin.git"
    repository.build(path)
    return path


@pytest.fixture(scope="session")
def real_cluster() -> Iterator[Cluster]:
    """One for all that need real pods, brought up once. One that was up before is left up."""
    if why := missing():
        pytest.skip(why)
    one = Cluster(slot())
    was_up = one.is_up
    yield one.up()
    if not was_up:
        one.down()


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> None:
    """Argon2 costs a tenth of a second by design; a thousand tests need not pay it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True, scope="session")
def quick_files() -> None:
    """WhiteNoise lists the dashboard's files whenever it is made, and each test's client makes one: here it looks when asked."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def alice(db: None) -> Person:
    return Person.objects.create_user("alice", name="Alice", password="correct horse battery")


@pytest.fixture
def bob(db: None) -> Person:
    return Person.objects.create_user("bob", name="Bob", password="correct horse battery")


@pytest.fixture
def mallory(db: None) -> Person:
    return Person.objects.create_user("mallory", name="Mallory", password="correct horse battery")


@pytest.fixture
def project(alice: Person, bob: Person, tmp_path: Path) -> Project:
    """Alice supervises it, Bob watches. Its repository is the sample's, in a folder of the test's own."""
    project = Project.objects.create(slug="larkfield", name="Larkfield", key="LARK", places=3)
    Member.objects.create(project=project, person=alice, role="supervisor")
    Member.objects.create(project=project, person=bob, role="viewer")
    Repository.objects.create(project=project, url=str(tmp_path / "origin.git"), test=TEST, report="report.xml")
    return project


@pytest.fixture
def make_ticket(project: Project) -> Callable[..., Ticket]:
    def make(title: str = "Prices are rounded twice", **fields: object) -> Ticket:
        number = Ticket.objects.count() + 1
        values = {"description": "The total must be rounded once, at the end of the sum.", **fields}
        return Ticket.objects.create(
            project=project,
            tracker="board",
            external_id=str(uuid.uuid4()),
            key=f"LARK-{100 + number}",
            title=title,
            **values,
        )

    return make


@pytest.fixture
def ticket(make_ticket: Callable[..., Ticket]) -> Ticket:
    return make_ticket()


@pytest.fixture
def alice_acts(alice: Person) -> actor.Actor:
    return actor.person(alice)


@pytest.fixture
def store(tmp_path: Path, sample_repository: Path) -> Iterator[Store]:
    """The git service's own store, on disk, in this process; the project's repository is a copy of the sample's."""
    shutil.copytree(sample_repository, tmp_path / "origin.git")
    made = Store(tmp_path / "repos")
    plugs.fit("repos", made)
    yield made
    plugs.fit("repos", None)
    plugs.fit("forge:bare", None)


@pytest.fixture
def cluster() -> Iterator[MemoryCluster]:
    made = MemoryCluster()
    plugs.fit("cluster", made)
    yield made
    plugs.fit("cluster", None)


@pytest.fixture
def run(ticket: Ticket, alice_acts: actor.Actor) -> Run:
    """Queued, by Alice."""
    return intake.open_run(alice_acts, "assign-1", ticket.id)


@pytest.fixture
def attempt(run: Run, store: Store) -> Attempt:
    """The run has a place: starting, epoch 1."""
    assert starting.prepared(run)
    made = starting.give(run.id)
    assert made is not None
    run.refresh_from_db()
    return made
