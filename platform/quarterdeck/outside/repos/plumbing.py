"""The one place that starts git: no configuration but ours, no hooks, no prompts, with limits on time, memory and output."""

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.repos.names import EMPTY_TREE
from quarterdeck.outside.repos.outward import SECRET

MEGA = 1 << 20
_CONFIG = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.attributesFile": "/dev/null",
    "core.alternateRefsCommand": "false",  # a mirror's refs are nobody's business in a run
    "core.bigFileThreshold": "1m",  # bigger blobs are streamed, never held
    "core.packedGitWindowSize": "16m",
    "core.packedGitLimit": "256m",
    "attr.tree": EMPTY_TREE,
    "core.fsync": "committed,loose-object,reference",  # a ref that moved has stayed moved, also after a power cut
    "pack.threads": "1",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "http.followRedirects": "false",
    "protocol.version": "2",
    "push.recurseSubmodules": "no",
    "fetch.recurseSubmodules": "no",
}
# `ulimit` here, not preexec_fn: Python code between fork and exec is not safe in a process with threads.
_LIMITED = 'ulimit -c 0; ulimit -t "$1" 2>/dev/null; ulimit -v "$2" 2>/dev/null; shift 2; exec "$@"'


@dataclass(frozen=True)
class Bounds:
    """What one git process may use. Seconds of wall time (and of CPU), bytes of address space, bytes of output."""

    seconds: float = 60.0
    memory: int = 1024 * MEGA
    output: int = 64 * MEGA


@dataclass(frozen=True)
class Done:
    """How a git process ended. `cut` says that it wrote more than its bounds and was ended."""

    code: int
    out: bytes
    err: str
    cut: bool = False


@dataclass(frozen=True)
class Git:
    """git in one bare repository. `env` adds to the environment (an object folder, an author)."""

    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    bounds: Bounds = Bounds()

    def run(self, *arguments: str, feed: bytes | IO[bytes] = b"") -> Done:
        """Runs to its end or to its bounds. Raises TryLater when time is up, and when git cannot be started."""
        with tempfile.TemporaryFile() as errors, _as_file(feed) as stdin:
            process = _start(command(self.folder, arguments, self.bounds), self._env(), stdin, errors)
            out, cut, late = _read(process, self.bounds)
            errors.seek(0)
            err = self._without_secret(errors.read(16_384).decode(errors="replace").strip())
        if late:
            raise TryLater(f"git {arguments[0]} took longer than {self.bounds.seconds:g} s.", after=5.0, reason="slow")
        return Done(process.returncode, out, err, cut)

    def text(self, *arguments: str, feed: bytes = b"") -> str:
        """The output as one stripped text. Raises Refused(git_failed) when git says no."""
        done = self.run(*arguments, feed=feed)
        if done.code or done.cut:
            raise failed(arguments, done)
        return done.out.decode(errors="replace").strip()

    def says(self, *arguments: str) -> bool:
        return self.run(*arguments).code == 0

    def _without_secret(self, said: str) -> str:
        """What the other side says may quote the login it was shown, and ends in a person's sentence."""
        secret = self.env.get(SECRET, "")
        return said.replace(secret, "…") if secret else said

    def _env(self) -> dict[str, str]:
        return environment(self.folder, self.env)


def failed(arguments: Sequence[str], done: Done) -> Refused:
    last = done.err.splitlines()[-1][:300] if done.err else f"exit {done.code}"
    return Refused(f"git {arguments[0]} failed: {last}", reason="git_failed")


def environment(folder: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Nothing of ours leaks in: no home, no configuration of the machine, no replace refs, no prompts."""
    return {
        "PATH": os.pathsep.join(os.get_exec_path()),
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "TZ": "UTC",
        "GIT_DIR": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_ATTR_SOURCE": EMPTY_TREE,
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": "/dev/null",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ALLOW_PROTOCOL": "https:file",
        "GIT_TERMINAL_PROMPT": "0",
        **(extra or {}),
    }


def command(folder: Path, arguments: Sequence[str], bounds: Bounds) -> list[str]:
    """The whole argv, limits first."""
    config = [part for key, value in _CONFIG.items() for part in ("-c", f"{key}={value}")]
    limits = [str(max(1, int(bounds.seconds))), str(bounds.memory // 1024)]
    return ["/bin/sh", "-c", _LIMITED, "git", *limits, "git", f"--git-dir={folder}", *config, *arguments]


def _start(argv: list[str], env: dict[str, str], stdin: IO[bytes], errors: IO[bytes]) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            argv, stdin=stdin, stdout=subprocess.PIPE, stderr=errors, env=env, cwd="/", start_new_session=True
        )
    except OSError as broken:
        raise TryLater(f"git could not be started: {broken}", after=5.0) from broken


def _read(process: "subprocess.Popen[bytes]", bounds: Bounds) -> tuple[bytes, bool, bool]:
    """Output up to the bound, whether it was cut, whether time ran out. The whole group is ended when it oversteps."""
    late = threading.Event()

    def overdue() -> None:
        late.set()
        _end(process)

    timer = threading.Timer(bounds.seconds, overdue)
    timer.daemon = True
    timer.start()
    assert process.stdout is not None
    try:
        with process.stdout:
            out = process.stdout.read(bounds.output + 1)
        cut = len(out) > bounds.output
        if cut:
            _end(process)
        process.wait()
    finally:
        timer.cancel()
        _end(process)
    return out[: bounds.output], cut, late.is_set()


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):  # it ended by itself just now
            os.killpg(process.pid, signal.SIGKILL)


def _as_file(feed: bytes | IO[bytes]) -> IO[bytes]:
    """A file, not a pipe: nobody has to write while somebody else reads."""
    if not isinstance(feed, bytes):
        position, handle = feed.tell(), os.dup(feed.fileno())
        os.lseek(handle, position, os.SEEK_SET)  # Python had read ahead; git begins where we stopped
        return os.fdopen(handle, "rb")
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the caller's `with` closes it)
    file.write(feed)
    file.seek(0)
    return file
