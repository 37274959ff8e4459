"""Bad weather: kills drawn by a seed over three runs at once, and a line between agent and doors that is cut."""

import os
import random
import signal

import pytest

from testkit.house import House
from testkit.storm import Sea
from testkit.waiting import until
from testkit.weather import Line, lines

pytestmark = pytest.mark.faults
SEED = "QUARTERDECK_STORM"
VICTIMS = ("web", "git", "worker", "reconciler", "valkey", "postgres", "agent", "agent", "shim")
KILLS = 9
AT_WORK = ("queued", "starting", "working")
ATTEMPTS = "select epoch, state from record_attempt where run_id = %s order by epoch"
LOOKED = "select until from record_lease where name = 'reconciler'"


def drawn(seed: str, tickets: tuple[str, ...]) -> list[tuple[int, str, str]]:
    """After how many steps of which run who dies."""
    chance = random.Random(seed)
    return sorted((chance.randrange(1, 26), chance.choice(tickets), chance.choice(VICTIMS)) for _ in range(KILLS))


def strike(sea: Sea, ticket: str, victim: str) -> bool:
    """Nobody is waited for: where there is no agent just now, the kill falls into the sea."""
    if victim not in ("agent", "shim"):
        sea.house.kill_and_wait(victim, signal.SIGQUIT if victim == "postgres" else signal.SIGKILL)
        return True
    sql = "select place from record_attempt where run_id = %s and state = 'running'"
    place = sea.house.value(sql, sea.alice.run(ticket))
    if victim == "agent" or place is None:
        return place is not None and sea.house.kill_in(str(place), "-m deckhand")
    sea.house.kill(f"shim:{sea.alice.run(ticket)}")
    return True


def test_a_storm_drawn_by_a_seed_over_three_runs(sea: Sea) -> None:
    seed = os.environ.get(SEED) or str(random.SystemRandom().randrange(10**6))
    print(f"\nthis storm again: {SEED}={seed} make faults")
    struck = []
    with sea.sail(*sea.tickets):
        for steps, ticket, victim in drawn(seed, sea.tickets):
            until(lambda: sea.steps(ticket) >= steps or sea.alice.phase(ticket) not in AT_WORK, 120, what=ticket)  # noqa: B023
            if sea.alice.phase(ticket) in AT_WORK and strike(sea, ticket, victim):
                struck.append((steps, ticket, victim))
    assert len(struck) > KILLS // 3, f"{seed} is hardly a storm: {struck}"


def passes(house: House, count: int) -> None:
    """So often the reconciler has looked at everything."""
    for _ in range(count):
        before = house.value(LOOKED)
        until(lambda: house.value(LOOKED) != before, 20)  # noqa: B023


def ends_with_its_first_agent(sea: Sea) -> None:
    assert sea.house.rows(ATTEMPTS, sea.alice.run("LARK-1")) == [{"epoch": 1, "state": "sealed"}]


def test_an_agent_whose_line_is_cut_waits_and_goes_on(sea: Sea) -> None:
    """Both doors at once, so nothing gets through. Meanwhile it is nobody's fault and nothing is stored."""
    with lines(sea.house.doors / "doors.sock", sea.house.doors / "git.sock") as both:
        with sea.sail("LARK-1"):
            for steps in (3, 15):
                sea.works("LARK-1", steps)
                away_for_some_passes(sea, both)
        assert all(line.passed for line in both), "it went another way"
        assert sum(line.ended for line in both) > 0, "no cut hit anybody"
    ends_with_its_first_agent(sea)


def away_for_some_passes(sea: Sea, both: list[Line]) -> None:
    for line in both:
        line.cut()
    passes(sea.house, 1)
    before = sea.steps("LARK-1")
    passes(sea.house, 3)
    assert sea.steps("LARK-1") == before
    for line in both:
        line.mend()


def test_a_line_that_is_cut_again_and_again_loses_nothing(sea: Sea) -> None:
    """At each third step, in the middle of whatever was on its way: answers are lost, never what was asked for."""
    door = sea.house.doors / "doors.sock"
    with lines(door) as (line,):
        with sea.sail("LARK-1"):
            due = [1]

            def over() -> bool:
                if sea.steps("LARK-1") >= due[0]:
                    due[0] = sea.steps("LARK-1") + 3
                    line.cut()
                    line.mend()
                return sea.alice.phase("LARK-1") not in AT_WORK

            until(over, 240, every=0.01, what="the last step of LARK-1")
        assert line.ended > 5, "hardly anything was cut"
    ends_with_its_first_agent(sea)
