"""One ticket of a Jira Data Center that others wrote, through all the processes: found, asked, answered there, merged, told.

Nothing is played: the house polls that Jira, an agent works in its sandbox, and Rita reads and writes in her Jira alone.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from testkit import trackers
from testkit.desk import Desk
from testkit.house import House, living
from testkit.rita import RITA, Rita
from testkit.waiting import until

pytestmark = pytest.mark.story
KEY = "LARK-6"
WISH = "Please make it right."


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with living() as one:
        one.change("""update record_project set dials = dials || '{"linger": 2}'""")
        yield one


@pytest.fixture(scope="module")
def rita() -> Iterator[Rita]:
    """She has the sample's ticket in her own Jira, under the same key."""
    with trackers.jira820() as url:
        yield Rita(url, KEY)


def watch(desk: Desk, rita: Rita) -> str:
    """Returns the connection's id."""
    title, text = desk.house.rows("select title, description from record_ticket where key = %s", KEY)[0].values()
    text = text.removesuffix(WISH).rstrip()  # a complaint that wishes nothing yet
    rita.ask("PUT", fields={"summary": title, "description": text, "labels": [], "reporter": {"name": RITA}})
    rita.moves("Open")
    made = desk.post("/trackers", {"name": "Jira", "flavour": "datacenter", "baseUrl": rita.address, "token": "deck"})
    writes = {"doing": ["In Progress"], "done": ["Merged"]}
    triggers = {"labels": {"agent:implement": "implement"}}
    body: dict[str, Any] = {"connection": made["id"], "spaces": ["LARK"], "query": f"key = {KEY}", "writes": writes,
                            "triggers": triggers}  # fmt: skip
    project = desk.house.value("select id from record_project where sample")
    answer = desk.api.put(f"/projects/{project}/watch", json=body)
    assert answer.is_success, answer.text
    # That server's days have no hours: what is said in it today is older than a watch that begins now.
    desk.house.change("update record_watch set began_at = now() - interval '2 days'")
    return str(made["id"])


def heard(house: House, sql: str) -> Any:
    """Once the next poll has brought it."""

    def look() -> Any:
        house.change("update record_watch set poll_due = now() where poll_lease is null")
        return house.value(sql)

    return until(look, 180, every=1.0, what=sql)


def told(rita: Rita, words: str) -> None:
    until(lambda: any(words in one for one in rita.told()), 120, every=1.0, what=f"{words!r} in her Jira")


def test_a_ticket_of_another_jira_is_worked_by_a_real_agent_and_told_there(house: House, rita: Rita) -> None:
    alice = Desk(house)
    connection = watch(alice, rita)
    heard(house, "select count(*) from record_ticket where connection_id is not null")
    rita.says(str(alice.post(f"/trackers/{connection}/link", {})["word"]))
    heard(house, "select count(*) from record_trackeraccount where person_id is not null")
    rita.ask("PUT", fields={"labels": ["agent:implement"]})
    told(rita, "not ready for an agent yet")
    more = f"{WISH} Done when one rule is written down and tested."
    rita.ask("PUT", fields={"description": f"{rita.ask('GET')['fields']['description']}\n\n{more}"})
    heard(house, "select count(*) from record_run")

    question = alice.asked(KEY, "question", 180)
    told(rita, "which sum decides")
    assert rita.status() == "In Progress"
    rita.says("after")
    heard(house, f"select 1 from record_request where id = '{question['id']}' and state = 'decided'")
    plan = alice.asked(KEY, "plan", 180)
    rita.says("Approved.")
    heard(house, f"select 1 from record_request where id = '{plan['id']}' and state = 'decided'")
    alice.asked(KEY, "review", 300)
    assert [line["fate"] for line in alice.merge(KEY)] == ["applied"]
    until(lambda: rita.status() == "Merged", 120, every=1.0, what="her ticket to be merged")
    told(rita, "Quarterdeck: Merged")
    until(lambda: [title for _, title in rita.links() if title.startswith("Quarterdeck: merged")], 60, what="the link")
    assert len([one for one in rita.told() if "Quarterdeck: " in one]) == 1, "one status comment, edited in place"
    assert house.value("select count(*) from record_run") == 1
