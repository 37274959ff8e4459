"""The supervisor with real, small children: order up, order down, restarts, and nothing left behind."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from quarterdeck.errors import GaveUp
from quarterdeck.up import processes
from quarterdeck.up.supervise import House, Service, Supervisor


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    for name in ("logs", "pids", "places"):
        (tmp_path / name).mkdir()
    said: list[str] = []
    house = House(
        tmp_path / "logs", tmp_path / "pids", {"PATH": os.environ["PATH"]}, said.append, pauses=(0.0, 0.0, 0.0)
    )
    yield house
    assert processes.sweep(tmp_path / "pids", tmp_path / "places") == [], "something was left running"


class Diary:
    """A file to which children write what happens to them, in the order in which it happens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def lines(self) -> list[str]:
        return self.path.read_text().split()

    def child(self, name: str) -> Service:
        script = f"trap 'echo -{name} >>{self.path}; exit 0' TERM; echo +{name} >>{self.path}; sleep 600 & wait"

        async def ready() -> bool:
            return f"+{name}" in self.lines()

        return Service(name, ["sh", "-c", script], ready)


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "diary")


async def test_a_stage_begins_when_the_one_below_is_ready_and_ends_before_it(house: House, diary: Diary) -> None:
    supervisor = Supervisor(house)
    await supervisor.stage(diary.child("postgres"))
    await supervisor.once("migrate", ["sh", "-c", f"echo =migrate >>{diary.path}"])
    await supervisor.stage(diary.child("web"))
    await supervisor.stop(between=lambda: diary.path.write_text("\n".join([*diary.lines(), "=agents\n"])) and None)
    assert diary.lines() == ["+postgres", "=migrate", "+web", "-web", "=agents", "-postgres"]


async def test_a_child_that_ends_before_it_is_ready_is_told_with_its_log(house: House) -> None:
    async def never() -> bool:
        return False

    supervisor = Supervisor(house)
    with pytest.raises(GaveUp, match=r"(?s)web ended with 3; see .*web.log.*the port is gone"):
        await supervisor.stage(Service("web", ["sh", "-c", "echo the port is gone; exit 3"], never))
    await supervisor.stop()


async def test_one_failing_child_does_not_leave_its_sisters_running(house: House, diary: Diary) -> None:
    async def never() -> bool:
        return False

    supervisor = Supervisor(house)
    with pytest.raises(GaveUp, match="web ended with 1"):
        await supervisor.stage(diary.child("git"), Service("web", ["false"], never))
    await supervisor.stop()


async def test_a_one_shot_gives_what_it_printed_and_fails_loudly(house: House) -> None:
    supervisor = Supervisor(house)
    assert await supervisor.once("link", ["echo", "/login/alice"]) == "/login/alice\n"
    with pytest.raises(GaveUp, match="migrate ended with 2"):
        await supervisor.once("migrate", ["sh", "-c", "exit 2"])


async def test_a_crashed_child_comes_back_and_a_crash_loop_names_the_log(tmp_path: Path, house: House) -> None:
    # Each life tells its number through the pipe, and the test ends it.
    os.mkfifo(tmp_path / "lives")
    enough = asyncio.Event()
    said: list[str] = []

    def hear(line: str) -> None:
        said.append(line)
        if len(said) == 3:
            enough.set()

    house = House(house.logs, house.pids, house.environment, hear, pauses=house.pauses)
    supervisor = Supervisor(house)
    await supervisor.stage(Service("beat", ["sh", "-c", f"echo $$ >{tmp_path}/lives; exec sleep 600"]))
    for _ in range(3):
        os.kill(int(await asyncio.to_thread((tmp_path / "lives").read_text)), signal.SIGKILL)
    await asyncio.wait_for(enough.wait(), 10)
    await supervisor.stop()
    assert said[0] == "beat ended with -9; starting it again"
    assert said[2] == f"beat keeps ending (3 times, last with -9): see {house.logs}/beat.log; again in 0 s"


async def test_a_child_that_does_not_listen_is_killed_with_all_its_children(house: House, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "held")
    # The grandchild holds the pipe open for writing: our reading ends when it is gone.
    script = f"trap '' TERM; sleep 600 >{tmp_path}/held & echo up >&2; wait"

    async def ready() -> bool:
        return "up" in (house.log("worker").read_text())

    reading = asyncio.create_task(asyncio.to_thread((tmp_path / "held").read_text))
    supervisor = Supervisor(house)
    await supervisor.stage(Service("worker", ["sh", "-c", script], ready))
    await supervisor.stop(patience=0.05)
    assert await asyncio.wait_for(reading, 10) == ""


async def test_each_child_gets_the_signal_it_understands(house: House, diary: Diary) -> None:
    # A shell cannot trap a signal that was ignored when it began, as in a suite that runs in the background.
    script = f"trap 'echo fast >>{diary.path}; exit 0' INT; echo up >>{diary.path}; while :; do sleep 0.05; done"

    async def ready() -> bool:
        return "up" in diary.lines()

    supervisor = Supervisor(house)
    await supervisor.stage(
        Service("postgres", ["env", "--default-signal=INT", "sh", "-c", script], ready, stop=signal.SIGINT)
    )
    await supervisor.stop()
    assert diary.lines() == ["up", "fast"]


async def test_a_start_that_is_broken_off_leaves_nothing(house: House, diary: Diary) -> None:
    async def never() -> bool:
        seen.set()
        return False

    seen = asyncio.Event()
    supervisor = Supervisor(house)
    starting = asyncio.create_task(supervisor.stage(Service("web", diary.child("web").command, never)))
    await seen.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await supervisor.stop()
