"""What Jira really sent, from the door to the copies: each recorded webhook leaves what it means, alone and all together."""
# ruff: noqa: F811  (fixtures are arguments)

import json
import random
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from quarterdeck.flow import deliveries
from quarterdeck.outside.tracker.jira import hooks
from quarterdeck.record.models import Connection, Delivery, Project, Run, Ticket, TicketComment, Watch, Wish
from testkit import recorded
from testkit.abroad import abroad, connection  # noqa: F401
from testkit.desk_abroad import START, Abroad, issue

pytestmark = pytest.mark.django_db

SPACES = ["TES", "KT", "TEST", "IDT", "PRJA", "PRJX", "HEY"]
SECRET = "new secret"
CATEGORIES = {"new": "todo", "indeterminate": "doing", "done": "done"}
NAMES = recorded.names("webhooks/**/*.json")


@dataclass(frozen=True)
class Sent:
    """One recorded delivery, read with nothing of ours: what it must leave is computed from here."""

    raw: bytes
    body: dict[str, Any]

    @property
    def fields(self) -> dict[str, Any]:
        return dict(self.body.get("issue", {}).get("fields", {}))

    @property
    def whole(self) -> bool:
        """It holds a state of the issue with its time; others are sketches."""
        return "updated" in self.fields and "id" in self.body["issue"]

    @property
    def id(self) -> str:
        """Data Center's comment events name the issue in the comment's address alone."""
        given = self.body.get("issue", {}).get("id") or self.body["comment"]["self"].split("/issue/")[1].split("/")[0]
        return str(given)

    @property
    def deleted(self) -> bool:
        return bool(self.body["webhookEvent"] == "jira:issue_deleted")

    @property
    def takes_back(self) -> bool:
        """A comment was deleted."""
        return "comment_deleted" in (self.body["webhookEvent"], str(self.body.get("issue_event_type_name"))[6:])


def sent(name: str) -> Sent:
    raw = (recorded.jira() / name).read_bytes()
    return Sent(raw, json.loads(raw))


@pytest.fixture
def watch(project: Project, connection: Connection) -> Watch:
    return Watch.objects.create(project=project, connection=connection, spaces=SPACES, began_at=START, since=START)


def deliver(to: Connection, *all: Sent) -> None:
    for one in all:
        deliveries.keep(to.id, {"X-Hub-Signature": hooks.sign(one.raw, SECRET)}, one.raw)
    while deliveries.work():
        pass


def there(abroad: Abroad, *all: Sent) -> None:
    """Of what came as a sketch the tracker has the whole, as old as can be."""
    for one in all:
        key = one.body.get("issue", {}).get("key", f"PRJX-{one.id}")
        abroad.put(
            issue(one.id, key=key, at=datetime.fromisoformat("2019-01-01T00:00:00+00:00"), project=key.split("-")[0])
        )


def shown(row: Ticket) -> dict[str, Any]:
    return {"key": row.key, "title": row.title, "status": row.status, "category": row.category, "labels": row.labels}


def meant(one: Sent) -> dict[str, Any]:
    status = one.fields["status"]
    return {
        "key": one.body["issue"]["key"], "title": one.fields["summary"], "status": status["name"],
        "category": CATEGORIES[status["statusCategory"]["key"]], "labels": one.fields["labels"],
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_each_recorded_webhook_ends_in_the_ticket_that_it_tells_of(
    name: str, watch: Watch, connection: Connection, abroad: Abroad
) -> None:
    one = sent(name)
    there(abroad, *([] if one.whole else [one]))
    deliver(connection, one)
    row, told = Ticket.objects.get(), Delivery.objects.get()
    assert (told.state, told.why) == ("done", "")
    assert row.external_id == one.id
    assert (row.deleted_at is not None) == one.deleted
    if one.whole:
        assert shown(row) == meant(one)
    else:
        assert row.title == abroad.issues[one.id].title, "the rest of a sketch was asked for"
    said = one.body.get("comment")
    kept = list(TicketComment.objects.values_list("external_id", "author"))
    assert kept == ([(said["id"], said["author"]["displayName"])] if said and not one.takes_back else [])
    assert not Run.objects.exists()
    assert not Wish.objects.exists(), "nobody asked us for a run"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_all_of_them_in_any_order_and_twice_end_in_the_newest_state_of_each(
    seed: int, watch: Watch, connection: Connection, abroad: Abroad
) -> None:
    every = [sent(name) for name in NAMES]
    there(abroad, *[one for one in every if not one.whole])
    shuffled = random.Random(seed).sample(every * 2, k=len(every) * 2)
    for at in range(0, len(shuffled), 7):
        deliver(connection, *shuffled[at : at + 7])
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}
    assert Delivery.objects.count() == len({one.raw for one in every}), "the same again is the same row"
    rows = {row.external_id: row for row in Ticket.objects.all()}
    assert set(rows) == {one.id for one in every}
    assert {id for id, row in rows.items() if row.deleted_at} == {one.id for one in every if one.deleted}
    for id, row in rows.items():
        states = [one for one in every if one.id == id and one.whole]
        newest = max((datetime.fromisoformat(one.fields["updated"]) for one in states), default=None)
        fitting = [meant(one) for one in states if datetime.fromisoformat(one.fields["updated"]) == newest]
        assert not states or shown(row) in fitting


def test_what_is_about_projects_that_nobody_watches_is_ignored_in_words(
    watch: Watch, connection: Connection, abroad: Abroad
) -> None:
    Watch.objects.update(spaces=["SHIP"])
    every = [one for one in map(sent, NAMES) if one.whole]
    deliver(connection, *every)
    assert Ticket.objects.count() == 0
    assert set(Delivery.objects.values_list("state", "why")) == {("ignored", "It is about nothing that is watched.")}
