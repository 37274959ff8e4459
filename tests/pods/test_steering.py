"""What a person does to a run whose agent is in a pod: wait, answer, redirect, pause, resume, stop."""

import time

import pytest

from testkit.desk import Desk
from testkit.pods import PodHouse
from testkit.waiting import until

pytestmark = pytest.mark.pods
# A test command that lasts, so that the agent is surely in the middle of something.
SLOW = "sleep 2; python3 tools/run_tests.py --report report.xml"


@pytest.fixture(scope="module")
def alice(house: PodHouse) -> Desk:
    return Desk(house)


def test_a_run_that_waits_gives_its_pod_back_and_comes_back_in_another(alice: Desk, house: PodHouse) -> None:
    alice.assign("LARK-2")
    plan = alice.asked("LARK-2", "plan")
    first = house.value("select place from record_attempt where run_id = %s", alice.run("LARK-2"))
    until(lambda: str(first) not in house.names(), 30, what="the parked agent's pod to go")
    assert alice.phase("LARK-2") == "waiting"
    alice.answer("approve", plan)
    alice.asked("LARK-2", "review")
    states = house.rows("select place, state from record_attempt where run_id = %s order by epoch", alice.run("LARK-2"))
    assert [row["state"] for row in states] == ["parked", "sealed"]
    assert states[0]["place"] != states[1]["place"]


def test_an_agent_in_a_pod_takes_a_redirect_in_the_middle_of_its_work(alice: Desk) -> None:
    alice.assign("LARK-7")
    alice.answer("approve", alice.asked("LARK-7", "plan"))
    until(lambda: alice.events("LARK-7", "edited"), what="the first edit")
    lines = alice.decide("redirect", "LARK-7", words="Just use money.to_text in the feed.", mode="interrupt")
    alice.asked("LARK-7", "review")
    fate = alice.house.value("select fate from record_command where id = %s", lines[0]["command"])
    assert fate == "applied"


def test_a_paused_run_gives_its_pod_back_and_a_resumed_one_goes_on(alice: Desk, house: PodHouse) -> None:
    house.change("update record_repository set test = %s", SLOW)
    alice.assign("LARK-1", planDial="auto")
    house.change("update record_repository set test = %s", SLOW.partition("; ")[2])
    until(lambda: alice.events("LARK-1", "edited"), what="the first edit")
    alice.decide("pause", "LARK-1")
    alice.becomes("LARK-1", "paused")
    place = house.value("select place from record_attempt where run_id = %s", alice.run("LARK-1"))
    until(lambda: str(place) not in house.names(), 30, what="the paused agent's pod to go")
    alice.decide("resume", "LARK-1")
    alice.asked("LARK-1", "review")


def test_a_stopped_agent_that_ignores_sigterm_is_gone_in_45_seconds(alice: Desk, house: PodHouse) -> None:
    alice.assign("LARK-3", planDial="auto")
    until(lambda: alice.events("LARK-3", "looked", "edited", "searched"), what="work")
    run = alice.run("LARK-3")
    house.inside(run, "kill -STOP $(cat /proc/1/task/1/children)")  # frozen: no signal but SIGKILL is heard
    name = house.pod(run)["metadata"]["name"]
    began = time.monotonic()
    alice.decide("stop", "LARK-3")
    alice.becomes("LARK-3", "cancelled", seconds=5)
    until(lambda: name not in house.names(), 45, what="the stopped agent's pod to go")
    assert time.monotonic() - began < 45


def test_at_the_end_nothing_is_left_over(house: PodHouse) -> None:
    until(lambda: not house.kept(), 60, what="pods to go, and their secrets with them")
