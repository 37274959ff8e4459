"""A worker that dies at every line of a merge, one after the other: the branch moves once, to what was approved."""

import subprocess
from collections.abc import Iterator

import pytest

from testkit import history
from testkit.desk import Desk
from testkit.doomed import DoomedHouse
from testkit.house import living
from testkit.storm import tree
from testkit.waiting import until

pytestmark = pytest.mark.faults
POINTS = ("merge.made", "merge.meant", "merge.moved", "merge.recorded")


@pytest.fixture(scope="module")
def house() -> Iterator[DoomedHouse]:
    """One of its own: a merge moves the branch under every other test."""
    with living(DoomedHouse) as one:
        yield one


def test_a_merge_that_dies_at_each_of_its_lines_lands_once(house: DoomedHouse) -> None:
    alice = Desk(house)
    alice.assign("LARK-1", planDial="auto")
    alice.asked("LARK-1", "review", seconds=180)
    reviewed = tree(house, alice.run("LARK-1"))
    for label in POINTS:
        house.order(label)
    alice.merge("LARK-1")
    assert alice.becomes("LARK-1", "merged", seconds=180) == "merged"
    moved = "select count(*) from record_outbox where key = %s and state = 'waiting'"
    until(lambda: not house.value(moved, f"tracker:{alice.row('LARK-1')['ticket_id']}"), 90, what="its effects")
    assert house.ordered() == [], "a point was never met"
    assert main(house) == reviewed
    assert history.check(history.read(house)) == []
    status = house.value("select category from record_ticket where key = 'LARK-1'")
    assert status == "done"


def main(house: DoomedHouse) -> str:
    told = ["git", "--git-dir", str(house.data / "origins" / "larkfield.git"), "rev-parse", "main^{tree}"]
    return subprocess.run(told, check=True, capture_output=True, text=True).stdout.strip()
