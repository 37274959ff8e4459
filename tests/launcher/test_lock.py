"""One process per data folder, and a second one is told who has it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from quarterdeck.errors import GaveUp
from quarterdeck.up.lock import DataLock

HOLDER = """
import sys, pathlib
from quarterdeck.up.lock import DataLock
lock = DataLock(pathlib.Path(sys.argv[1]))
lock.take()
lock.tell({"address": "http://127.0.0.1:8640"})
print("held", flush=True)
sys.stdin.read()
"""


def hold(data: Path) -> "subprocess.Popen[str]":
    words = [sys.executable, "-c", HOLDER, str(data)]
    holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_the_second_start_is_told_who_has_the_folder_and_where(tmp_path: Path) -> None:
    with hold(tmp_path) as holder:
        with pytest.raises(GaveUp, match=rf"http://127.0.0.1:8640 \(process {holder.pid}"):
            DataLock(tmp_path).take()
        holder.kill()


def test_a_killed_holder_frees_the_folder(tmp_path: Path) -> None:
    with hold(tmp_path) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    lock = DataLock(tmp_path)
    lock.take()
    assert str(os.getpid()) in lock.path.read_text()
    lock.free()


def test_children_do_not_keep_the_folder_of_a_dead_parent(tmp_path: Path) -> None:
    lock = DataLock(tmp_path)
    lock.take()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False) as child:
        lock.free()
        DataLock(tmp_path).take()
        assert child.poll() is None
        child.communicate()
