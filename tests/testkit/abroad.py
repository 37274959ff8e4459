"""A project whose tickets live in a tracker elsewhere: its connection, its watch, and the tracker's twin."""

import json
from collections.abc import Callable, Iterator

import pytest

from quarterdeck.flow import copies
from quarterdeck.flow.heard import polled
from quarterdeck.outside import plugs
from quarterdeck.outside.tracker.port import Heard, Issue
from quarterdeck.record import keys
from quarterdeck.record.models import Connection, Person, Project, Ticket, TrackerAccount, Watch
from testkit.desk_abroad import ME, START, Abroad, Ears


@pytest.fixture
def connection(db: None) -> Connection:
    secret, key_id = keys.seal(
        json.dumps({"token": "t", "hooks": ["new secret", "old secret"], "client_secret": "client"})
    )
    return Connection.objects.create(
        kind="tracker", name="Jira", protocol="jira", base_url="https://jira.example.com", secret=secret, key_id=key_id,
        options={"flavour": "cloud", "email": "bot@example.com", "account": ME.id, "account_name": ME.name},
    )  # fmt: skip


@pytest.fixture
def watch(connection: Connection, project: Project) -> Watch:
    return Watch.objects.create(project=project, connection=connection, spaces=["SHIP"], began_at=START, since=START)


@pytest.fixture
def abroad(connection: Connection) -> Iterator[Abroad]:
    made = Abroad()
    plugs.fit(f"tracker:{connection.id}:1", made)
    yield made
    plugs.fit(f"tracker:{connection.id}:1", None)


@pytest.fixture
def taken(connection: Connection, watch: Watch, abroad: Abroad) -> Callable[..., Ticket]:
    """Issues that stand there now, and that a poll brought here. The first one's ticket."""

    def take(*issues: Issue) -> Ticket:
        abroad.put(*issues)
        copies.take(connection, [polled(one) for one in issues], ME.id)
        return Ticket.objects.get(external_id=issues[0].id)

    return take


@pytest.fixture
def heard() -> Iterator[dict[str, Heard]]:
    """What deliveries mean, by their word: raw is {"heard": word}."""
    words: dict[str, Heard] = {}
    plugs.fit("ears", Ears(words))
    yield words
    plugs.fit("ears", None)


@pytest.fixture
def rita(connection: Connection, alice: Person) -> TrackerAccount:
    """Alice's account in the tracker, linked."""
    return TrackerAccount.objects.create(connection=connection, account="rita", name="Rita", person=alice)
