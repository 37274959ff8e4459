"""Builds bubblewrap's arguments for one place. Pure: it reads no file and starts nothing, so tests compare the whole list.

No place shares this machine's network, not even one that installs packages: it would reach what listens on the loopback
here, and abstract sockets too. Its way out is a socket bound in (outlet.py).

The inner sandbox is the same for everybody. Root needs a stage before it: bubblewrap run by root covers parts of /proc,
and the kernel then refuses a fresh /proc to every sandbox nested inside, so tools could have none; and uid 0 may write
kernel settings through /proc/sys even without a capability. So root first drops to a uid that owns nothing. That uid
may not be able to walk to the sources (a data folder below /root), so the stage lays the same view at its final paths
before it drops.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

INNER_UID = 1000
# In the range that systemd keeps for dynamic users (61184 to 65519): no person and no service has it for long.
DROPPED_UID = 64640
MIB = 1024 * 1024
SHARED_MEMORY_MIB = 128


@dataclass(frozen=True)
class Bind:
    """Shows `source` at `target`, read-only unless it is said to be `writable`."""

    source: str
    target: str
    writable: bool = False


@dataclass(frozen=True)
class View:
    """All that a place can see. `tmpfs` maps a path to its size in MiB: what an agent writes lives and ends there.

    The kernel enforces those sizes; the bytes are memory (or swap) of this machine and go with the place.
    """

    binds: tuple[Bind, ...]
    links: tuple[tuple[str, str], ...]
    tmpfs: tuple[tuple[str, int], ...]
    env: tuple[tuple[str, str], ...]
    command: tuple[str, ...]


@dataclass(frozen=True)
class Tools:
    """Absolute paths of the programs that build the sandbox. `setpriv` is needed by root only.

    `inside` is where a place sees `bwrap`, when that is not where this machine has it.
    """

    bwrap: str
    setpriv: str = ""
    inside: str = ""


def sandbox_argv(view: View, tools: Tools, *, root: bool) -> list[str]:
    """The whole command. `root`: whether the one who runs it is uid 0."""
    if not root:
        return _inner(view, tools)
    laid_out = replace(view, binds=tuple(Bind(bind.target, bind.target, bind.writable) for bind in view.binds))
    return [*_drop(view, tools), *_inner(laid_out, replace(tools, bwrap=tools.inside or tools.bwrap))]


def _inner(view: View, tools: Tools) -> list[str]:
    argv = [tools.bwrap, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
    argv += ["--cap-drop", "ALL", "--uid", str(INNER_UID), "--gid", str(INNER_UID), "--hostname", "place"]
    argv += _links(view)
    # Binds come after: an interpreter may live below /home or /tmp, and an empty tmpfs would hide it.
    for path, mib in view.tmpfs:
        argv += ["--perms", "0700", "--size", str(mib * MIB), "--tmpfs", path]
    argv += _binds(view.binds)
    argv += ["--proc", "/proc", "--dev", "/dev", "--size", str(SHARED_MEMORY_MIB * MIB), "--tmpfs", "/dev/shm"]
    # Both are tmpfs without a size: read-only, or they would be a way around the disk limit.
    argv += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--clearenv"]
    for key, value in view.env:
        argv += ["--setenv", key, value]
    return [*argv, "--", *view.command]


def _drop(view: View, tools: Tools) -> list[str]:
    """As root: lay out the view, become nobody in particular, go on. Changing the uid clears the death signal: set it anew."""
    uid = str(DROPPED_UID)
    argv = [tools.bwrap, "--die-with-parent", *_links(view), *_binds(view.binds)]
    argv += ["--dev", "/dev", "--bind", "/proc", "/proc", "--perms", "1777", "--dir", "/tmp", "--chdir", "/", "--"]
    argv += [tools.setpriv, "--reuid", uid, "--regid", uid, "--clear-groups", "--no-new-privs"]
    return [*argv, "--pdeathsig", "KILL", "--"]


def _links(view: View) -> list[str]:
    return [word for target, at in view.links for word in ("--symlink", target, at)]


def _binds(binds: Iterable[Bind]) -> list[str]:
    """With every folder on the way made first: bubblewrap itself makes them 0700, a wall for the dropped uid."""
    argv: list[str] = []
    made: set[str] = set()
    for bind in binds:
        for parent in reversed(PurePosixPath(bind.target).parents):
            if str(parent) not in made | {"/"}:
                argv += ["--perms", "0755", "--dir", str(parent)]
                made.add(str(parent))
        argv += ["--bind" if bind.writable else "--ro-bind", bind.source, bind.target]
    return argv
