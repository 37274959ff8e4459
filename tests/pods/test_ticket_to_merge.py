"""The story again, with every agent, check and install in a pod of its own."""

import subprocess

import pytest

from testkit import history
from testkit.desk import Desk
from testkit.pods import PodHouse
from testkit.waiting import until

pytestmark = pytest.mark.pods


@pytest.fixture(scope="module")
def alice(house: PodHouse) -> Desk:
    return Desk(house)


def test_a_ticket_is_worked_on_in_a_pod_and_merged(alice: Desk, house: PodHouse) -> None:
    alice.assign("LARK-1")
    plan = alice.asked("LARK-1", "plan")
    alice.answer("approve", plan)
    alice.asked("LARK-1", "review")
    alice.merge("LARK-1")
    alice.becomes("LARK-1", "merged")
    origin = ["git", "--git-dir", str(house.data / "origins" / "larkfield.git"), "log", "-1", "--format=%B", "main"]
    assert "Merge LARK-1" in subprocess.run(origin, check=True, capture_output=True, text=True).stdout


def test_when_all_is_done_no_pod_and_no_secret_is_left(house: PodHouse) -> None:
    until(lambda: not house.kept(), 60, what="pods to go, and their secrets with them")
    assert history.check(history.read(house)) == []
