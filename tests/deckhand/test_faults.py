"""Kills, lost answers and bad weather: whatever happens, the run ends with the same tree and nothing twice."""

import threading
from typing import Any

import pytest

from .cast import FIX, STAGES, Agent, Play, git
from .platform_twin import Lost, Platform, Refused

pytestmark = pytest.mark.faults


def tree_of(platform: Platform) -> str:
    return git("rev-parse", "run^{tree}", cwd=platform.repository)


def seals_well(platform: Platform) -> None:
    """What must be true at the end, however the run got there."""
    assert git("show", "run:till.py", cwd=platform.repository).count("result += price") == 1
    assert [one["head"] for one in platform.of("sealed")] == [git("rev-parse", "run", cwd=platform.repository)]
    assert len({(epoch, n) for epoch, n, _ in platform.events}) == len(platform.events)
    parents = [one.parent for one in platform.checkpoints]
    assert len(parents) == len(set(parents)), "one history, no branch"


def test_a_run_that_is_killed_again_and_again_around_its_steps_ends_as_if_it_never_was(stage):
    """By turns before a step is stored and after it, its answer lost. (At every single boundary, with all the real processes:
    tests/faults/test_every_step.py.)"""
    platform, start = stage()
    agents: list[Agent] = []
    steps: dict[int, int] = {}

    def kill(door: str, twin: Platform, at: int) -> None:
        if door == "step" and not twin.of("sealed") and steps.get(twin.epoch, 0) == at:
            agents[-1].process.kill()
            raise Lost

    def before(door: str, twin: Platform, _body: Any) -> None:
        if door == "step":
            steps[twin.epoch] = steps.get(twin.epoch, 0) + 1
        if twin.epoch % 2:
            kill(door, twin, 4)

    def after(door: str, twin: Platform, _body: Any) -> None:
        if not twin.epoch % 2:
            kill(door, twin, 3)

    platform.before, platform.after = before, after
    for _ in range(40):
        agents.append(start())
        agents[-1].process.communicate(timeout=60)
        if agents[-1].process.returncode == 0:
            break
        assert agents[-1].process.returncode == -9
    seals_well(platform)
    assert len(agents) > 5, "three steps, then a kill"
    assert len(platform.calls) == 8, "what was answered once came from the journal"


def test_a_kill_inside_a_tool_runs_it_again_on_the_tree_of_the_last_step(stage):
    slow = [
        ("shell", {"command": "echo '# half' >> till.py; echo started > ../started; [ -e ../../again ] || sleep 30"})
    ]
    platform, start = stage(Play({"work": [FIX, slow, [("test", {})], STAGES["work"][-1]]}))
    first = start()
    wait_for_file(first)
    first.kill()
    (first.place.parent / "again").touch()
    start().ends(0)
    seals_well(platform)
    assert git("show", "run:till.py", cwd=platform.repository).count("# half") == 1


def wait_for_file(agent: Agent) -> None:
    """Waits until the tool runs, by the file that it writes: on a condition that nobody signals, so in short turns."""
    turn = threading.Event()
    for _ in range(600):
        if (agent.place / "started").exists():
            return
        turn.wait(0.05)
    raise AssertionError("the tool never started")


def test_after_a_push_without_its_step_the_next_push_replaces_exactly_that(stage):
    platform, start = stage()
    agents: list[Agent] = []

    def kill(door: str, twin: Platform, body: Any) -> None:
        changed = door == "step" and body["checkpoint"] and body["checkpoint"]["commit"] != twin.base
        if changed and twin.epoch == 1:
            agents[0].process.kill()
            raise Lost

    platform.before = kill
    agents.append(start())
    agents[0].process.communicate(timeout=60)
    ahead = git("rev-parse", "run", cwd=platform.repository)
    assert platform.head_commit == platform.base != ahead
    start().ends(0)
    seals_well(platform)
    assert ahead not in git("rev-list", "run", cwd=platform.repository).split()


def test_a_platform_that_is_away_for_a_while_ends_nothing(stage):
    platform, start = stage()
    left = {"step": 3, "events": 3, "narrate": 3, "heartbeat": 5, "model": 2, "checkpoint": 2, "hello": 2}

    def away(door: str, *_: Any) -> None:
        if left.get(door, 0) > 0:
            left[door] -= 1
            raise Refused(503, "restarting")

    platform.before = away
    start().ends(0)
    seals_well(platform)
    assert left["step"] == left["model"] == left["hello"] == 0


def test_every_answer_may_be_lost_once(stage):
    platform, start = stage()
    lost: set[str] = set()

    def lose(door: str, _twin: Platform, body: Any) -> None:
        key = door + str((body.get("checkpoint") or {}).get("id", "")) if door == "step" else door
        if key not in lost:
            lost.add(key)
            raise Lost

    platform.after = lose
    start().ends(0)
    seals_well(platform)
    assert {"hello", "heartbeat", "model"} <= lost
    ids = [one.id for one in platform.checkpoints]
    assert len(ids) == len(set(ids))


def test_a_fenced_agent_leaves_without_another_write(stage):
    platform, start = stage(Play({"work": [[("shell", {"command": "sleep 30"})]]}))
    mallory = start()
    platform.wait(lambda p: len(p.calls) == 4, "work")
    platform.wait(lambda p: any(one.node == "work" for one in p.checkpoints), "the tool's start")
    platform.next_attempt()
    mallory.ends(3)
    assert not platform.byes
    assert not platform.of("ran")


def test_a_stopped_agent_ends_its_tool_and_goes(stage):
    platform, start = stage(Play({"work": [[("shell", {"command": "sleep 30"})]]}))
    agent = start()
    platform.wait(lambda p: any(one.node == "work" for one in p.checkpoints), "the tool's start")
    with platform.changed:
        platform.stopped = True
        platform.changed.notify_all()
    agent.ends(4)


def test_sigterm_parks_at_the_next_step_and_the_run_goes_on_from_there(stage):
    platform, start = stage()
    agents: list[Agent] = []

    def term(door: str, twin: Platform, body: Any) -> None:
        if door == "model" and twin.epoch == 1 and len(twin.calls) == 3:
            agents[0].process.terminate()

    platform.before = term
    agents.append(start())
    agents[0].ends(0)
    assert [(one.state, one.reason) for one in platform.byes] == [("parked", "terminated")]
    start().ends(0)
    seals_well(platform)


def test_a_repeated_call_keeps_its_id_and_a_new_one_gets_another(stage):
    platform, start = stage()
    ids: list[str] = []

    def cut(door: str, twin: Platform, _body: Any) -> None:
        if door == "model":
            ids.append(twin.requests[-1][2])
            if len(ids) in (1, 2):
                raise Refused(502, "provider")

    platform.before = cut
    start().ends(0)
    assert ids[0] == ids[1] == ids[2]
    assert len(set(ids)) == len(ids) - 2
    assert all(one.startswith("r1:0:") for one in ids)


def test_a_door_that_shuts_behind_the_goodbye_is_no_fence(stage):
    platform, start = stage()

    def shut(door: str, twin: Platform, _body: Any) -> None:
        if door == "bye":
            twin.epoch += 1

    platform.after = shut
    start().ends(0)
    seals_well(platform)


def test_an_agent_gives_signs_of_life_while_it_still_fetches_the_repository(stage):
    platform, start = stage()
    doing: list[str] = []
    platform.before = lambda door, _twin, body: doing.append(body["doing"]) if door == "heartbeat" else None
    start().ends(0)
    assert doing[0] == "fetching the repository"
