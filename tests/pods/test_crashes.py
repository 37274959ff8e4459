"""The reconciler dies after each of its writes to the cluster: what comes next finds one pod, one secret, and goes on."""

import os
import signal
from collections.abc import Iterator

import pytest

from testkit.pods import Cluster, PodHouse, living_in_pods
from testkit.storm import Sea
from testkit.waiting import until

pytestmark = pytest.mark.pods
POINTS = ("pod.secret", "pod.made", "place.made", "pod.deleted", "end.stored")


@pytest.fixture(scope="module")
def house(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PodHouse]:
    orders = tmp_path_factory.mktemp("orders")
    with living_in_pods(cluster, QUARTERDECK_CRASH=str(orders)) as one:
        one.orders = orders
        yield one


@pytest.fixture(scope="module")
def sea(house: PodHouse) -> Sea:
    return Sea(house, "LARK-1", "LARK-2")


@pytest.mark.parametrize("label", POINTS)
def test_a_reconciler_that_dies_there_makes_nothing_twice_and_leaves_nothing(
    sea: Sea, house: PodHouse, label: str
) -> None:
    order = house.orders / label
    order.touch()
    with sea.sail("LARK-1", "LARK-2"):
        if label == "end.stored":
            sea.works("LARK-1", 2)
            os.kill(house.agent(sea.alice.run("LARK-1")), signal.SIGKILL)  # no time for a good-bye: the pod's end tells
    until(lambda: not order.exists(), 30, what=f"somebody to come to {label}")
    until(lambda: not house.kept(), 60, what="pods to go, and their secrets with them")
    if label != "end.stored":
        for ticket in ("LARK-1", "LARK-2"):
            sql = "select state from record_attempt where run_id = %s"
            assert [row["state"] for row in house.rows(sql, sea.alice.run(ticket))] == ["sealed"]
