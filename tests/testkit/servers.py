"""Servers of one test session. They die with the session, also when its process is killed: a guard holds the other end
of a pipe, and when that closes it stops the server and removes its folder."""

import atexit
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

# The guard reads until we are gone, asks the server to stop, waits a moment, insists, and clears away.
# It leaves its session, so that Ctrl-C on the terminal reaches pytest alone.
GUARD = """
cat >/dev/null
kill -INT "$1" 2>/dev/null
for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  kill -0 "$1" 2>/dev/null || break
  sleep 0.1
done
kill -KILL "$1" 2>/dev/null
rm -rf "$2"
"""


def short_folder() -> Path:
    """A private folder whose path leaves room for a socket's name (at most about 100 characters); gone with us."""
    folder = Path(tempfile.mkdtemp(prefix="qdt-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@dataclass
class Server:
    """One server process, its folder and its guard."""

    folder: Path
    process: subprocess.Popen[bytes]
    guard: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        words = ["sh", "-c", GUARD, "guard", str(self.process.pid), str(self.folder)]
        self.guard = subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)

    @classmethod
    def start(cls, folder: Path, command: list[str], ready: Callable[[], bool]) -> "Server":
        """Start and wait until it answers; RuntimeError with the log's end when it does not within 30 s."""
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        server = cls(folder, process)
        deadline = time.monotonic() + 30
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                said = (folder / "log").read_text(errors="replace")[-2000:]
                server.stop()
                raise RuntimeError(f"{command[0]} did not start:\n{said}")
            time.sleep(0.01)  # a probe of another program's readiness, not of our code
        return server

    def stop(self) -> None:
        """The guard's own way out is also ours: one way to test."""
        assert self.guard.stdin is not None
        self.guard.stdin.close()
        self.process.wait(timeout=10)
        self.guard.wait(timeout=10)
        shutil.rmtree(self.folder, ignore_errors=True)
