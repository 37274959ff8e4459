"""kill -9 of agents and of what holds them, in the middle of runs: they end with the same tree as undisturbed ones, once."""

from pathlib import Path

import pytest

from testkit.house import below, command_line
from testkit.storm import Sea
from testkit.waiting import until

pytestmark = pytest.mark.faults
SLOW_TEST = "sleep 1; python3 tools/run_tests.py --report report.xml"
EVERY = 5


def test_a_killed_shim_takes_its_agent_along_and_the_next_attempt_goes_on(sea: Sea) -> None:
    with sea.sail("LARK-1"):
        sea.works("LARK-1", 8)
        run = sea.alice.run("LARK-1")
        agent = sea.house.pid(f"agent:{run}")
        sea.house.kill(f"shim:{run}")
        until(lambda: not Path(f"/proc/{agent}").exists(), 10, what="the agent to go with its shim")
    states = sea.house.rows(
        "select state, blame, reason, text, epoch from record_attempt where run_id = %s order by epoch", run
    )
    assert states[0]["blame"] != "agent", states
    assert states[-1]["state"] == "sealed"


def test_an_agent_killed_inside_a_tool_runs_the_step_again(sea: Sea) -> None:
    """A test command that takes a second, so that the kill surely falls into it; nothing of it may live on."""
    sea.house.change("update record_repository set test = %s", SLOW_TEST)
    with sea.sail("LARK-1"):
        sea.house.change("update record_repository set test = %s", SLOW_TEST.partition("; ")[2])
        shim = sea.house.shim(sea.alice.run("LARK-1"))
        tool = until(lambda: sea.house.find(shim, "sleep 1"), 90, every=0.01, what="a running tool")
        family = {pid for pid in below(shim) if "sleep 1" in command_line(pid)} | {tool}
        sea.house.kill(f"agent:{sea.alice.run('LARK-1')}")
        until(lambda: not [pid for pid in family if "sleep 1" in command_line(pid)], 10, what="the tool to go too")


def test_three_agents_killed_again_and_again_end_with_the_same_trees(sea: Sea) -> None:
    """Three runs at once; each loses its agent at every fifth step, each at another one, until it is sealed."""
    with sea.sail(*sea.tickets):
        due = {ticket: 1 + offset for offset, ticket in enumerate(sea.tickets)}
        kills: list[str] = []

        def over() -> bool:
            for ticket in list(due):
                row = sea.alice.row(ticket)
                if row["phase"] not in ("queued", "starting", "working"):
                    del due[ticket]
                elif row["steps"] >= due[ticket] and _killed(sea, ticket):
                    due[ticket] = sea.steps(ticket) + EVERY
                    kills.append(ticket)
            return not due

        until(over, 400, every=0.06, what="the last of the three")
    assert len(kills) > 10, "there were hardly any kills"


def _killed(sea: Sea, ticket: str) -> bool:
    """SIGKILL for the living agent of this run, if there is one just now."""
    row = sea.house.rows(
        "select place from record_attempt where run_id = %s and state = 'running'", sea.alice.run(ticket)
    )
    return bool(row) and sea.house.kill_in(str(row[0]["place"]), "-m deckhand")
