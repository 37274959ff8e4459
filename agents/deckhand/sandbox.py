"""The wall between the runner and its tools: each command of a model runs in a sandbox nested inside the place, where
the platform's sockets, the secret, the runner's home and its processes do not exist. `Box.wrap` is pure."""

import ctypes
import os
import resource
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Wrap = Callable[[list[str]], list[str]]
PR_SET_DUMPABLE = 4
UID = "1000"
MIB = 1024 * 1024
PROBE_SECONDS = 20
ENVIRONMENT = Path("/environment")
"""Where the project's packages are: an install fills it, everybody else reads it."""


@dataclass(frozen=True)
class Box:
    """What a tool may write: the checkout, a home of its own and the `writable` folders. `hidden` folders are empty inside.
    `network` shares the place's own: its loopback, with the relay's gates. Only who has read no ticket gets either.

    The environment is the caller's to clean: bubblewrap hands on the one it was started with. Outside of what is hidden a
    tool sees the place's files read-only; it has its own processes, /tmp, /dev, loopback, and no way to a nested namespace.
    """

    tree: Path
    home: Path
    hidden: tuple[Path, ...]
    tmp_mb: int = 512
    bwrap: str = "/usr/bin/bwrap"
    writable: tuple[Path, ...] = ()
    network: bool = False

    def wrap(self, argv: list[str]) -> list[str]:
        front = [
            self.bwrap,
            "--unshare-all",
            "--unshare-user",
            "--disable-userns",
            "--die-with-parent",
            "--new-session",
        ]
        front += ["--share-net"] if self.network else []
        front += ["--cap-drop", "ALL", "--uid", UID, "--gid", UID, "--ro-bind", "/", "/"]
        for folder in self.hidden:
            front += ["--perms", "0755", "--size", str(MIB), "--tmpfs", str(folder)]
        front += ["--perms", "1777", "--size", str(self.tmp_mb * MIB), "--tmpfs", "/tmp"]
        # After the hidden ones and /tmp: the checkout or the tools' home may lie below them.
        for folder in (self.tree, self.home, *self.writable):
            front += ["--bind", str(folder), str(folder)]
        front += ["--proc", "/proc", "--dev", "/dev", "--size", str(64 * MIB), "--tmpfs", "/dev/shm"]
        return [*front, "--remount-ro", "/dev", "--chdir", str(self.tree), "--", *argv]


@dataclass(frozen=True)
class Probe:
    works: bool
    words: str


def box(tree: Path, home: Path, runner_home: Path, *, installing: bool = False) -> Box:
    """For a place as the platform lays it out: secret and sockets below /run, the runner's own folder hidden too."""
    bwrap, writable = shutil.which("bwrap") or "/usr/bin/bwrap", (ENVIRONMENT,) if installing else ()
    return Box(tree, home, (Path("/run"), runner_home), bwrap=bwrap, writable=writable, network=installing)


def plain(argv: list[str]) -> list[str]:
    """For QUARTERDECK_TOOLS=plain, where no sandbox nests: a session of its own is all that stands between."""
    return ["/usr/bin/setsid", "--wait", *argv]


def probe(walls: Box) -> Probe:
    """Whether a tool can really be walled in here; if not, `words` say so plainly and name the cause."""
    try:
        tried = subprocess.run(
            walls.wrap(["/bin/sh", "-c", "test -r /proc/self/status"]),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, env={}, timeout=PROBE_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return Probe(False, f"Tools cannot be walled in: {error}")
    if tried.returncode == 0:
        return Probe(True, "Tools run in a sandbox of their own.")
    cause = (tried.stderr.strip().splitlines() or ["it said nothing"])[-1]
    return Probe(False, f"Tools cannot be walled in: bubblewrap does not work inside this place ({cause}).")


def harden() -> None:
    """Closes this process to others of the same uid: its memory, environment and open files (prctl(2), PR_SET_DUMPABLE).

    Call it before the secret is read. Programs it starts are not affected. OSError where the kernel refuses.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this process cannot be closed to others")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def own_home(inside: Path) -> Path:
    """Makes the tools' home; what they keep there (caches) lasts as long as the place."""
    os.makedirs(inside, mode=0o700, exist_ok=True)
    return inside
