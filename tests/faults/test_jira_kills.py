"""Web and worker are killed while webhooks and a poll arrive and writes wait: the true set, nothing said or moved twice."""

from collections.abc import Iterator

import pytest

from quarterdeck.outside.tracker.jira.adf_write import document
from quarterdeck.outside.tracker.jira.demo.server import Demo
from quarterdeck.outside.tracker.jira.demo.site import IDA, Row, Site, kind, project
from testkit.desk import Desk
from testkit.house import House, living
from testkit.jira_house import connect
from testkit.waiting import until

pytestmark = pytest.mark.faults
WAITING = "select count(*) from record_outbox where state = 'waiting'"
WRITE = """insert into record_outbox (id, key, kind, body, state, tries, failures, why)
select gen_random_uuid(), 'tracker:' || id, %s, %s::jsonb || jsonb_build_object('ticket', id), 'waiting', 0, 0, ''
from record_ticket where connection_id is not null order by external_id limit 50"""


@pytest.fixture
def demo() -> Iterator[Demo]:
    with Demo(Site()) as one:
        yield one


@pytest.fixture
def calm_house() -> Iterator[House]:
    with living() as one:
        yield one


def write(demo: Demo, n: int) -> Row:
    fields = {
        "project": project("SHIP"),
        "summary": f"Number {n}",
        "description": document("Words."),
        "issuetype": kind("Task"),
    }
    return demo.site.create(IDA, fields)


def copies(house: House) -> dict[str, tuple[str, str]]:
    rows = house.rows(
        "select external_id, key, title from record_ticket where connection_id is not null and deleted_at is null"
    )
    return {row["external_id"]: (row["key"], row["title"]) for row in rows}


def truth(demo: Demo) -> dict[str, tuple[str, str]]:
    return {id: (row["key"], row["fields"]["summary"]) for id, row in demo.site.issues.items()}


def moves(demo: Demo, id: str) -> int:
    return sum(item["field"] == "status" for entry in demo.site.histories[id] for item in entry["items"])


def test_web_and_worker_die_under_two_hundred_webhooks_and_a_hundred_writes(calm_house: House, demo: Demo) -> None:
    house = calm_house
    connect(Desk(house), demo, "SHIP")
    first = [write(demo, n) for n in range(50)]
    until(lambda: copies(house) == truth(demo), 90, what="the first fifty")
    house.change(WRITE, "comment", '{"marker": "m-1", "text": "Once."}')
    house.change(WRITE, "transition", '{"category": "doing"}')
    for n in range(150):
        row = write(demo, 100 + n)
        if n % 3 == 0:
            demo.site.edit(IDA, first[n // 3], {"summary": f"Number {n // 3}, edited"})
        if n % 10 == 9:
            demo.site.delete(row)
        if n in (20, 90):
            house.kill_and_wait("worker")
        if n in (50, 120):
            house.kill_and_wait("web")
    house.change("update record_watch set poll_due = now(), counted_at = null")
    house.kill_and_wait("worker")

    def settled() -> bool:
        return copies(house) == truth(demo) and house.value(WAITING) == 0

    until(settled, 240, every=1.0, what="the true set and an empty outbox")
    for row in first:
        assert len(demo.site.comments[row["id"]]) == 1, row["key"]
        assert moves(demo, row["id"]) == 1, row["key"]
    failed = house.rows("select why from record_delivery where state = 'failed'")
    assert failed == []
