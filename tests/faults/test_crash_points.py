"""Death on the very line where it hurts most: each run ends with the tree of an undisturbed one, once, with a clean history."""

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


def attempts(sea: Sea, ticket: str = "LARK-1") -> list[Row]:
    sql = "select epoch, state, place from record_attempt where run_id = %s order by epoch"
    return sea.house.rows(sql, sea.alice.run(ticket))


def deaths(sea: Sea) -> int:
    return sum(one["state"] not in LIVE for one in attempts(sea))


def test_an_agent_that_dies_at_each_of_its_other_lines_is_followed_by_one_that_goes_on(
    sea: Sea, house: DoomedHouse
) -> None:
    """In the order in which one comes to them: inside a tool, behind a push, behind the last push, before its good-bye."""
    with sea.sail("LARK-1"):
        for dead, label in enumerate(("agent.edited", "agent.pushed", "agent.sealing", "agent.sealed"), 1):
            house.order(label)
            until(lambda dead=dead: deaths(sea) >= dead, 240, every=0.05, what=f"a death at {label}")
            house.withdraw(label)
    assert {one["state"] for one in attempts(sea)} == {"failed"}, "the last one had sealed: no other came after it"


@pytest.mark.parametrize(
    "labels", [("place.made", "outbox.done", "step.stored"), ("seal.taken", "seal.frozen")], ids=" ".join
)
def test_a_platform_that_dies_there_goes_on(sea: Sea, house: DoomedHouse, labels: tuple[str, ...]) -> None:
    """Reconciler, worker and web, each at a line of its own. No agent is fenced for it."""
    for label in labels:
        house.order(label)
    with sea.sail("LARK-1"):
        for label in labels:
            house.obeyed(label, 240)
    assert [one["epoch"] for one in attempts(sea)] == [1]


def test_a_reconciler_that_dies_over_a_dead_agent_lets_the_next_one_bury_it(sea: Sea, house: DoomedHouse) -> None:
    """The end is stored, nothing is deleted yet, and no new attempt is admitted."""
    with sea.sail("LARK-1"):
        sea.works("LARK-1", 3)
        house.order("end.stored")
        house.kill(f"agent:{sea.alice.run('LARK-1')}")
        house.obeyed("end.stored")
    assert [one["state"] for one in attempts(sea)] == ["failed", "sealed"]
    dead = house.data / "places" / str(attempts(sea)[0]["place"])
    until(lambda: not dead.exists(), 60, what="the dead place to go")


def test_a_decision_whose_answer_is_lost_is_taken_once(sea: Sea, house: DoomedHouse) -> None:
    """It is committed and nobody was poked: pressed again, it is the same decision."""
    with sea.sail("LARK-1", plan="ask"):
        plan = sea.alice.asked("LARK-1", "plan")
        house.order("decision.stored")
        sea.persist("approve", plan, key="its answer is lost")
        assert house.ordered() == []
    taken = "select count(*) from record_decision where run_id = %s and verb = 'approve'"
    assert house.value(taken, sea.alice.run("LARK-1")) == 1


def test_a_seal_stands_though_both_sides_die_before_its_answer(sea: Sea, house: DoomedHouse) -> None:
    """The web stands still right behind the commit; the agent that waits for its answer is killed, and then the web."""
    house.order("seal.stored", "STOP")
    with sea.sail("LARK-1"):
        house.obeyed("seal.stored", 240)
        house.kill(f"agent:{sea.alice.run('LARK-1')}")
        house.kill_and_wait("web")
    assert [one["epoch"] for one in attempts(sea)] == [1]
