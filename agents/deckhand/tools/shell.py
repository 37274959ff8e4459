"""Runs a command in a process group of its own, with limits on time and output, and leaves nothing of it alive."""

import asyncio
import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
GRACE_SECONDS = 1.0

Wrap = Callable[[list[str]], list[str]]


@dataclass(frozen=True)
class Outcome:
    """`exit_code` None: it was killed, and `why` says by what."""

    exit_code: int | None
    output: str
    seconds: float
    why: str = ""


def become_subreaper() -> None:
    """Orphans of tools become our children, so that `kill_descendants` finds the ones that left their group."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Shell:
    """`wrap` puts a command into the sandbox; where there is none it is the identity. `more` joins its environment."""

    def __init__(
        self, tree: Path, home: Path, path: str, output_bytes: int, wrap: Wrap = lambda argv: argv,
        more: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.tree, self.home, self.path, self.output_bytes, self._wrap = tree, home, path, output_bytes, wrap
        self.more = dict(more or {})

    async def run(
        self,
        command: str,
        seconds: float,
        interrupted: asyncio.Event | None = None,
        heard: Callable[[str], None] = lambda _: None,
    ) -> Outcome:
        """Runs `sh -c command` at the top of the checkout until it ends, `seconds` pass or `interrupted` is set."""
        began = time.monotonic()
        spared = frozenset(descendants())
        kept = _Kept(self.output_bytes)
        begun = asyncio.ensure_future(asyncio.get_running_loop().subprocess_exec(
            lambda: _Watch(kept, heard), *self._wrap(["/bin/sh", "-c", command]), cwd=self.tree, env=self._environment(),
            start_new_session=True, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.STDOUT,
        ))  # fmt: skip
        try:
            # Whoever is stopped in this moment waits for the command to stand: cut short, asyncio kills the shell alone
            # and then waits for what the shell had started, however long that takes.
            _, watch = await asyncio.shield(begun)
            why = await _wait(watch.exited, seconds, interrupted or asyncio.Event())
        finally:
            transport, watch = await begun
            _kill_group(transport.get_pid())
            kill_descendants(spared)
            await watch.exited.wait()
            reap_orphans(spared)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(watch.closed.wait(), GRACE_SECONDS)
            transport.close()
        code = transport.get_returncode()
        return Outcome(None if why else code, kept.text(), time.monotonic() - began, why)

    def _environment(self) -> dict[str, str]:
        """Nothing of the runner's own: a command sees a plain machine."""
        return {
            "PATH": self.path,
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "CI": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "GIT_TERMINAL_PROMPT": "0",
            **self.more,
        }


class _Kept:
    """The beginning and the end of an output: a command that prints for ever costs no memory."""

    def __init__(self, limit: int) -> None:
        self.half = max(1024, limit // 2)
        self.head, self.end, self.size = b"", b"", 0

    def add(self, data: bytes) -> None:
        self.size += len(data)
        room = self.half - len(self.head)
        if room > 0:
            self.head, data = self.head + data[:room], data[room:]
        self.end = (self.end + data)[-self.half :]

    def text(self) -> str:
        left_out = self.size - len(self.head) - len(self.end)
        gap = f"\n[{left_out} bytes left out]\n".encode() if left_out else b""
        return (self.head + gap + self.end).decode("utf-8", "replace")


class _Watch(asyncio.SubprocessProtocol):
    """Knows the end of the command apart from the end of its output: a daemon may hold the pipe for ever."""

    def __init__(self, kept: _Kept, heard: Callable[[str], None]) -> None:
        self.kept, self.heard = kept, heard
        self.exited, self.closed = asyncio.Event(), asyncio.Event()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.kept.add(data)
        self.heard(data.decode("utf-8", "replace"))

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self.closed.set()

    def process_exited(self) -> None:
        self.exited.set()


async def _wait(exited: asyncio.Event, seconds: float, interrupted: asyncio.Event) -> str:
    """Why the command has to be killed; empty when it ended by itself."""
    ended, told = asyncio.create_task(exited.wait()), asyncio.create_task(interrupted.wait())
    try:
        done, _ = await asyncio.wait({ended, told}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
        ended.cancel()
    if ended in done:
        return ""
    return "redirected" if told in done else f"it took more than {seconds:.0f} s"


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def kill_descendants(spared: frozenset[int] = frozenset()) -> None:
    """Kills whatever still lives below us: a tool's daemon must not touch the files while the runner commits them."""
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline:
        living = [pid for pid in descendants() if pid not in spared]
        for pid in living:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not living:
            return


def reap_orphans(spared: frozenset[int]) -> None:
    """Takes the dead that the subreaper inherited. asyncio has taken the command itself by now."""
    for pid in _children(os.getpid()):
        if pid not in spared and _is_zombie(pid):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def descendants(pid: int | None = None) -> Iterator[int]:
    """The living ones: a zombie can do no harm."""
    for child in _children(pid or os.getpid()):
        if not _is_zombie(child):
            yield child
        yield from descendants(child)


def _children(pid: int) -> list[int]:
    """Of a process that may end while it is looked at: then it has none."""
    found: list[int] = []
    for task in _tasks(pid):
        with contextlib.suppress(OSError):
            found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    return found


def _tasks(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")
    except (OSError, IndexError):
        return True
