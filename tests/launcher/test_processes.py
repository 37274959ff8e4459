"""Orphans are known by pid and start time: what is ours is ended, what only has the same number is not."""

import signal
import subprocess
from pathlib import Path

import pytest

from quarterdeck.up import processes
from quarterdeck.up.processes import Identity


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("pids", "places"):
        (tmp_path / name).mkdir()
    return tmp_path / "pids", tmp_path / "places"


def start(pid_file: Path, script: str) -> "subprocess.Popen[bytes]":
    """A recorded child in a session of its own; it says a line when it stands."""
    words = processes.recorded(["sh", "-c", f"{script}; echo stands; sleep 600 & wait"], pid_file)
    child = subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout is not None
    assert child.stdout.readline() == b"stands\n"
    return child


def test_a_child_writes_down_who_it_is_before_it_becomes_its_program(folders: tuple[Path, Path]) -> None:
    child = start(folders[0] / "web.pid", "true")
    who = processes.read_identity(folders[0] / "web.pid")
    assert who is not None
    assert who.pid == child.pid
    assert processes.lives(who)
    processes.signal_group(child.pid, signal.SIGKILL)
    child.wait()
    assert not processes.lives(who)


def test_a_sweep_ends_an_orphan_and_its_children(folders: tuple[Path, Path]) -> None:
    child = start(folders[0] / "web.pid", "true")
    assert processes.sweep(*folders) == ["web"]
    assert child.wait() == -signal.SIGTERM
    assert child.stdout is not None
    assert child.stdout.read() == b"", "its sleeping child held this pipe too"
    assert list(folders[0].iterdir()) == []


def test_an_orphan_that_does_not_listen_is_killed(folders: tuple[Path, Path]) -> None:
    child = start(folders[0] / "worker.pid", "trap '' TERM")
    who = processes.read_identity(folders[0] / "worker.pid")
    assert who is not None
    processes.end_all([(who, signal.SIGTERM)], within=0.05)
    assert child.wait() == -signal.SIGKILL


def test_a_process_that_only_has_the_same_number_is_left_alone(folders: tuple[Path, Path]) -> None:
    child = start(folders[0] / "web.pid", "true")
    line = (folders[0] / "web.pid").read_text()
    who = processes.read_identity(folders[0] / "web.pid")
    assert who is not None
    (folders[0] / "web.pid").write_text(line.replace(f" {who.born} ", " 17 "))
    assert processes.sweep(*folders) == []
    assert processes.lives(Identity(child.pid, who.born))
    processes.signal_group(child.pid, signal.SIGKILL)
    child.wait()


def test_shims_of_agents_are_ended_with_the_house(folders: tuple[Path, Path]) -> None:
    (folders[1] / "qd-1-1").mkdir()
    child = start(folders[1] / "qd-1-1" / "shim.pid", "trap '' TERM")
    processes.end_shims(folders[1])
    assert child.wait() == -signal.SIGKILL


def test_a_shim_that_leads_no_group_is_ended_too(folders: tuple[Path, Path]) -> None:
    """It detached by a fork: its group is that of whoever started it, here ours, which must stay."""
    (folders[1] / "qd-1-1").mkdir()
    command = processes.recorded(["sleep", "60"], folders[1] / "qd-1-1" / "shim.pid")
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    while processes.read_identity(folders[1] / "qd-1-1" / "shim.pid") is None:
        assert child.poll() is None
    processes.end_shims(folders[1])
    assert child.wait(timeout=10) == -signal.SIGKILL


@pytest.mark.parametrize("text", ["", "nonsense", "12", '{"pid": 1}', "{"])
def test_a_pid_file_without_sense_names_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "web.pid").write_text(text)
    assert processes.read_identity(tmp_path / "web.pid") is None
