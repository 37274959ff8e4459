"""Death on the very line where it hurts most: each run ends with the tree of an undisturbed one, once, and with a clean history."""

import os
import signal
from collections.abc import Iterator

import pytest

from testkit.doomed import DoomedHouse
from testkit.house import Row
from testkit.storm import Sea
from testkit.waiting import until

pytestmark = pytest.mark.faults
LIVE = ("created", "pending", "running")


@pytest.fixture(autouse=True)
def no_orders_left(house: DoomedHouse) -> Iterator[None]:
    """An order that nobody came to must not fall on the next test."""
    yield
    for label in house.ordered():
        house.withdraw(label)


def attempts(sea: Sea, ticket: str) -> list[Row]:
    sql = "select epoch, state, blame, reason from record_attempt where run_id = %s order by epoch"
    return sea.house.rows(sql, sea.alice.run(ticket))


def test_an_agent_killed_at_every_step_boundary_ends_as_if_it_never_was(sea: Sea, house: DoomedHouse) -> None:
    """Attempt k dies at boundary k, until none is left: no attempt does more than one step."""
    house.order("agent.stepped")
    with sea.sail("LARK-1"):
        until(lambda: sea.alice.phase("LARK-1") not in ("queued", "starting", "working"), 600, what="the seal")
        steps = sea.steps("LARK-1")
    assert steps > 10
    assert len(attempts(sea, "LARK-1")) == steps


@pytest.mark.parametrize("label", ["agent.edited", "agent.pushed", "agent.sealing", "agent.sealed"])
def test_an_agent_that_dies_there_is_followed_by_one_that_goes_on(sea: Sea, house: DoomedHouse, label: str) -> None:
    house.order(label)
    with sea.sail("LARK-1"):
        until(lambda: [one for one in attempts(sea, "LARK-1") if one["state"] not in LIVE], 90, what="the first death")
        house.withdraw(label)
    assert attempts(sea, "LARK-1")[0]["state"] == "failed"


def test_a_reconciler_that_dies_over_a_dead_agent_lets_the_next_one_bury_it(sea: Sea, house: DoomedHouse) -> None:
    """The end is stored, nothing is deleted yet, and no new attempt is admitted."""
    with sea.sail("LARK-1"):
        sea.works("LARK-1", 3)
        house.order("end.stored")
        house.kill(f"agent:{sea.alice.run('LARK-1')}")
        house.obeyed("end.stored")
    assert [one["state"] for one in attempts(sea, "LARK-1")] == ["failed", "sealed"]
    place = house.value("select place from record_attempt where run_id = %s", sea.alice.run("LARK-1"))
    until(lambda: not (house.data / "places" / str(place)).exists(), 60, what="the dead place to go")


@pytest.mark.parametrize(
    "label", ["place.made", "step.stored", "outbox.done", "seal.taken", "seal.frozen", "seal.stored"]
)
def test_a_platform_that_dies_there_goes_on(sea: Sea, house: DoomedHouse, label: str) -> None:
    """web, worker and reconciler, each at its own lines. The agent is never to blame, and none is fenced for it."""
    house.order(label)
    with sea.sail("LARK-1"):
        house.obeyed(label)
    assert [one["epoch"] for one in attempts(sea, "LARK-1")] == [1]


def test_a_decision_whose_answer_is_lost_is_taken_once(sea: Sea, house: DoomedHouse) -> None:
    """It is committed and nobody was poked: pressed again, it is the same decision."""
    with sea.sail("LARK-1", plan="ask"):
        plan = sea.alice.asked("LARK-1", "plan")
        house.order("decision.stored")
        sea.persist("approve", plan, key="its answer is lost")
        assert house.ordered() == []
    taken = "select count(*) from record_decision where run_id = %s and verb = 'approve'"
    assert house.value(taken, sea.alice.run("LARK-1")) == 1


def test_an_agent_killed_between_its_seal_and_the_answer_has_sealed(sea: Sea, house: DoomedHouse) -> None:
    """The web stands still right behind the commit; the agent that waits for its answer is killed; the web goes on."""
    house.order("seal.stored", "STOP")
    with sea.sail("LARK-1"):
        house.obeyed("seal.stored")
        web = house.pid("web")
        try:
            house.kill(f"agent:{sea.alice.run('LARK-1')}")
        finally:
            os.kill(web, signal.SIGCONT)
    assert [one["epoch"] for one in attempts(sea, "LARK-1")] == [1]
