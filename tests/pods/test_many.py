"""Thirty runs at once, each in a pod of its own, and a namespace that has room for fewer than are wanted."""

import json
from collections.abc import Iterator

import pytest

from testkit import history
from testkit.desk import Desk
from testkit.fleet import copies
from testkit.pods import SMALL, Cluster, PodHouse, living_in_pods
from testkit.waiting import until

pytestmark = pytest.mark.pods
RUNS = 30
LONG = 900
"""Seconds: thirty agents, their checks and their merges on two processors. Alone on them it takes a third of that."""


@pytest.fixture
def wide(cluster: Cluster) -> Iterator[PodHouse]:
    with living_in_pods(cluster) as house:
        house.change("update record_project set places = %s", RUNS)
        house.change("insert into record_sitesetting (name, value) values ('places', %s::jsonb)", str(RUNS))
        yield house


def test_thirty_runs_at_once_all_land(wide: PodHouse) -> None:
    alice = Desk(wide)
    small = SMALL | {"memory_mb": 384, "cpu": 0.4}
    wide.change("update record_project set limits = limits || %s::jsonb", json.dumps(small))
    lines = alice.post("/runs", {"key": "fleet", "tickets": copies(wide, RUNS), "planDial": "auto"})["lines"]
    assert {line["fate"] for line in lines} == {"applied"}
    until(lambda: phases(wide) == {"review": RUNS}, LONG, every=1, what="all runs in review")
    heads = "select q.id, p.head from record_request q join record_proposal p using (run_id) where q.state = 'open' and not p.void"
    seen = {str(row["id"]): row["head"] for row in wide.rows(heads)}
    alice.post("/decisions", {"key": "land", "verb": "merge", "requests": list(seen), "heads": seen})
    until(lambda: phases(wide) == {"merged": RUNS}, LONG, every=1, what="all runs merged")
    assert wide.value("select count(*) from record_attempt where state = 'sealed'") == RUNS
    assert history.check(history.read(wide)) == []
    until(lambda: not wide.pods(), 60, what="pods to go")


def phases(house: PodHouse) -> dict[str, int]:
    return {row["phase"]: row["count"] for row in house.rows("select phase, count(*) from record_run group by phase")}


def test_a_full_namespace_sends_a_run_back_to_the_queue_and_it_comes_again(cluster: Cluster) -> None:
    with living_in_pods(cluster, quota={"pods": "1"}) as house:
        alice = Desk(house)
        alice.assign("LARK-1", "LARK-2")
        told = "select key, reason_text from record_run r join record_ticket t on t.id = r.ticket_id where phase = 'queued'"
        waiting = until(lambda: [row for row in house.rows(told) if "exceeded quota" in row["reason_text"]], 15,
                        what="a run to say that the namespace is full")  # fmt: skip
        assert waiting[0]["reason_text"].startswith("The agents' namespace is full")
        for key in ("LARK-1", "LARK-2"):
            alice.asked(key, "plan")
        blames = {row["blame"] for row in house.rows("select blame from record_attempt")}
        assert blames <= {"none", "infrastructure"}
        alice.decide("stop", "LARK-1", "LARK-2")
