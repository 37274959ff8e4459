"""A platform that was away, that is stopped and started, or that runs twice: nobody is fenced, nothing is made twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deckwire.words import Audience
from quarterdeck.up import environment
from testkit import history
from testkit.house import House, command_line
from testkit.storm import Sea
from testkit.thief import Thief
from testkit.waiting import until

pytestmark = pytest.mark.faults
AWAY = "interval '15 minutes'"
ATTEMPTS = "select epoch, state, reason from record_attempt where run_id = %s order by epoch"


@contextmanager
def silent(sea: Sea, run: str) -> Iterator[int]:
    """Its agent says nothing meanwhile, so that only the rows speak."""
    agent = sea.house.pid(f"agent:{run}")
    os.kill(agent, signal.SIGSTOP)
    yield agent
    os.kill(agent, signal.SIGCONT)


def away_for_a_quarter_of_an_hour(house: House, run: str, *, back_since: str) -> None:
    """The rows as they are when the platform comes back: the last sign and the tokens are old, the doors just opened."""
    house.change(f"update record_attempt set sign_at = now() - {AWAY} where run_id = %s", run)
    house.change(
        f"update record_agenttoken set expires_at = expires_at - {AWAY}, created_at = created_at - {AWAY} where attempt_id in"
        " (select id from record_attempt where run_id = %s)", run,
    )  # fmt: skip
    house.change(f"update record_doorsopen set since = now() - interval '{back_since}' where name = 'doors'")


def passes(house: House, count: int) -> None:
    """So often the reconciler has looked at everything."""
    for _ in range(count):
        before = house.value("select until from record_lease where name = 'reconciler'")
        until(lambda: house.value("select until from record_lease where name = 'reconciler'") != before, 20)  # noqa: B023


def test_fifteen_minutes_without_the_platform_fence_nobody(sea: Sea) -> None:
    with sea.sail("LARK-1"):
        sea.works("LARK-1", 5)
        run = sea.alice.run("LARK-1")
        with silent(sea, run):
            away_for_a_quarter_of_an_hour(sea.house, run, back_since="1 second")
            passes(sea.house, 3)
            assert sea.house.rows(ATTEMPTS, run) == [{"epoch": 1, "state": "running", "reason": ""}]
    assert [one["state"] for one in sea.house.rows(ATTEMPTS, run)] == ["sealed"]


def test_a_silent_attempt_is_lost_once_the_doors_were_open_for_a_whole_lease(sea: Sea) -> None:
    """The other half: without it the test above would pass for a platform that never fences."""
    with sea.sail("LARK-1"):
        sea.works("LARK-1", 5)
        run = sea.alice.run("LARK-1")
        with silent(sea, run):
            away_for_a_quarter_of_an_hour(sea.house, run, back_since="31 seconds")
            until(lambda: sea.house.rows(ATTEMPTS, run)[0]["state"] == "lost", 30, what="the silent attempt to be lost")
    states = sea.house.rows(ATTEMPTS, run)
    assert (states[0]["reason"], states[-1]["state"]) == ("silent", "sealed")


def test_a_stopped_and_started_house_goes_on_with_a_waiting_and_a_working_run(sea: Sea) -> None:
    with sea.sail("LARK-2", plan="ask"):
        sea.alice.asked("LARK-2", "plan")
        with sea.sail("LARK-1"):
            sea.works("LARK-1", 12)
            sea.house.stop()
            assert sea.house.left() == []
            sea.house.start()
            sea.alice.answer("approve", sea.alice.asked("LARK-2", "plan"))


def test_a_stop_needs_no_help_from_the_agent(sea: Sea) -> None:
    """An agent that hears nothing: the run is cancelled at once, its tokens are dead, and its place goes."""
    sea.alice.assign("LARK-1", planDial="auto")
    sea.works("LARK-1", 5)
    run = sea.alice.run("LARK-1")
    shim, agent = sea.house.pid(f"shim:{run}"), sea.house.pid(f"agent:{run}")
    os.kill(agent, signal.SIGSTOP)
    assert sea.alice.decide("stop", "LARK-1")[0]["fate"] == "applied"
    assert sea.alice.phase("LARK-1") == "cancelled"
    assert Thief.of(sea.house, run, 1).knock("POST", "/agent/v1/events", Audience.STEP, json={}).status_code == 409
    until(lambda: not any(command_line(pid) for pid in (shim, agent)), 45, what="its place to go")
    assert history.check(history.read(sea.house)) == []


def second_reconciler(house: House) -> "subprocess.Popen[bytes]":
    given = {**os.environ, **house.environment, "QUARTERDECK_DATA": str(house.data)}
    given = {name: value for name, value in given.items() if name not in ("DATABASE_URL", "QUARTERDECK_NO_POOL")}
    told = environment.of_children(environment.read(given), given, house.port)
    manage = [sys.executable, str(environment.TOP / "manage.py"), "reconcile"]
    return subprocess.Popen(manage, env=told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_two_reconcilers_at_once_make_no_second_place(sea: Sea) -> None:
    """The one with the lease is stopped until another has it, and then goes on as if it still had it."""
    first = sea.house.pid("reconciler")
    second = second_reconciler(sea.house)
    try:
        with sea.sail("LARK-1", "LARK-2"):
            os.kill(first, signal.SIGSTOP)
            sea.house.change("update record_lease set until = now() - interval '1 second' where name = 'reconciler'")
            holder = "select holder from record_lease where name = 'reconciler'"
            until(
                lambda: str(sea.house.value(holder)).endswith(f":{second.pid}"), 30, what="the second to have the lease"
            )
            os.kill(first, signal.SIGCONT)
    finally:
        os.kill(first, signal.SIGCONT)
        second.terminate()
        second.wait(20)
    for ticket in ("LARK-1", "LARK-2"):
        made = sea.house.rows("select epoch, place_uid from record_attempt where run_id = %s", sea.alice.run(ticket))
        assert [one["epoch"] for one in made] == [1], f"{ticket} had {made}"


def test_the_reconciler_dies_as_soon_as_places_are_wanted_and_the_next_one_makes_or_adopts_them(sea: Sea) -> None:
    with sea.sail("LARK-1", "LARK-2"):
        wanted = "select count(*) from record_attempt where state = 'created'"
        until(lambda: sea.house.value(wanted), 30, every=0.005, what="an attempt")
        sea.house.kill_and_wait("reconciler")
    for ticket in ("LARK-1", "LARK-2"):
        assert [one["epoch"] for one in sea.house.rows(ATTEMPTS, sea.alice.run(ticket))] == [1]
