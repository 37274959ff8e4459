"""The whole house as a person starts it: real processes, a data folder of its own, and nothing left afterwards."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testkit.servers import short_folder

pytestmark = pytest.mark.faults
READY = "Ctrl-C stops everything."


class House:
    """One `quarterdeck up` and what it says."""

    def __init__(self, data: Path, port: int) -> None:
        self.data, self.port = data, port
        ours = {"DATABASE_URL", "VALKEY_URL", "QUARTERDECK_RUN", "QUARTERDECK_NO_POOL"}
        environment = {name: value for name, value in os.environ.items() if name not in ours}
        self.process = subprocess.Popen(
            [str(Path(sys.executable).parent / "quarterdeck"), "up"],
            env={**environment, "QUARTERDECK_DATA": str(data), "QUARTERDECK_PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until(self, words: str) -> list[str]:
        """What it said up to the line that holds these words; fails when it ends before."""
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line)
            if words in line:
                return said
        raise AssertionError("it ended before: " + "".join(said))

    def ends(self, number: signal.Signals) -> str:
        """Its last words after this signal."""
        self.process.send_signal(number)
        last, _ = self.process.communicate(timeout=30)
        return last

    def left(self) -> list[str]:
        """The command lines of all processes that carry this data folder in their environment or their words."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                text = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
                if str(self.data).encode() in text:
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found


@pytest.fixture
def data() -> Iterator[Path]:
    folder = short_folder()
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.fixture
def start(data: Path, unused_tcp_port_factory: Callable[[], int]) -> Iterator[Callable[[], House]]:
    started: list[House] = []

    def one() -> House:
        started.append(House(data, unused_tcp_port_factory()))
        return started[-1]

    yield one
    for house in started:
        if house.process.poll() is None:
            house.ends(signal.SIGTERM)


def test_ctrl_c_stops_everything_in_order_and_in_time(start: Callable[[], House]) -> None:
    house = start()
    house.until(READY)
    with urllib.request.urlopen(f"http://127.0.0.1:{house.port}/healthz", timeout=5) as answer:
        assert answer.status == 200
    assert len(house.left()) >= 7
    began = time.monotonic()
    assert "Nothing is left running" in house.ends(signal.SIGINT)
    assert time.monotonic() - began < 3.5
    assert house.process.returncode == 0
    assert house.left() == []
    assert list((house.data / "run").glob("*.sock")) == []


def test_ctrl_c_in_the_middle_of_a_start_leaves_nothing_and_the_next_start_goes_on(start: Callable[[], House]) -> None:
    house = start()
    house.until("databases")
    house.ends(signal.SIGINT)
    assert house.left() == []
    again = start()
    again.until(READY)
    again.ends(signal.SIGTERM)
    assert again.left() == []


def test_a_start_after_a_killed_one_ends_the_orphans_and_goes_on(start: Callable[[], House]) -> None:
    killed = start()
    killed.until(READY)
    killed.process.kill()
    killed.process.wait()
    assert killed.left(), "the children outlive a killed supervisor"
    again = start()
    said = "".join(again.until(READY))
    assert "ended web, left over from an earlier start" in said
    assert "ended postgres, left over from an earlier start" in said
    again.ends(signal.SIGINT)
    assert again.left() == []


def test_a_terminal_that_goes_away_stops_everything_too(start: Callable[[], House]) -> None:
    house = start()
    house.until(READY)
    assert house.process.stdout is not None
    house.process.stdout.close()
    house.process.send_signal(signal.SIGHUP)
    assert house.process.wait(timeout=30) == 0
    assert house.left() == []


def test_a_killed_postgres_comes_back_under_the_running_house(start: Callable[[], House]) -> None:
    house = start()
    house.until(READY)
    pid = int((house.data / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    house.until("postgres ended with -9; starting it again")
    house.until("postgres is back")
    assert "Nothing is left running" in house.ends(signal.SIGINT)
    assert house.left() == []


def test_a_named_port_that_is_taken_is_one_sentence(start: Callable[[], House]) -> None:
    first = start()
    first.until(READY)
    other = short_folder()
    second = House(other, first.port)
    said, _ = second.process.communicate(timeout=30)
    assert f"Port {first.port} on 127.0.0.1 is taken" in said
    assert second.process.returncode == 1
    subprocess.run(["rm", "-rf", str(other)], check=True)
