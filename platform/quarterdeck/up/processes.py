"""Processes by (pid, start time): a pid alone may be somebody else's by now.

Each child writes its own identity before it becomes its program, so there is no moment in which it lives unrecorded:
if we die right after starting it, the next start still finds it.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

# The shell writes its line of /proc, or what ps knows where there is no /proc, then turns into the program.
RECORDED = (
    'if read -r line 2>/dev/null <"/proc/$$/stat"; then :; else line="$$ $(ps -o lstart= -p $$)"; fi; '
    'printf "%s\\n" "$line" >"$0" && exec "$@"'
)


class Identity(NamedTuple):
    pid: int
    born: str


def recorded(command: Sequence[str], pid_file: Path) -> list[str]:
    return ["sh", "-c", RECORDED, str(pid_file), *command]


def read_identity(path: Path) -> Identity | None:
    """From a line as above, or from JSON {"pid", "start"}; None when there is no file or no sense in it."""
    try:
        text = path.read_text().strip()
        if text.startswith("{"):
            said = json.loads(text)
            return Identity(int(said["pid"]), str(said["start"]))
        return _identity(text)
    except (OSError, ValueError, KeyError, IndexError):
        return None


def _identity(line: str) -> Identity:
    pid, rest = line.split(" ", 1)
    if ")" in rest:  # proc_pid_stat(5): field 22 is the start time; the name in brackets may hold anything
        return Identity(int(pid), rest.rsplit(")", 1)[1].split()[19])
    return Identity(int(pid), " ".join(rest.split()))


def born(pid: int) -> str | None:
    """When this process started, in the system's own words; None when it is gone or only a zombie."""
    if os.path.isdir("/proc/self"):
        try:
            line = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        return None if line.rsplit(")", 1)[1].split()[0] == "Z" else _identity(line).born
    done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)
    return " ".join(done.stdout.split()) or None


def lives(who: Identity | None) -> bool:
    return who is not None and born(who.pid) == who.born


def signal_group(pid: int, number: signal.Signals) -> None:
    """Every child leads a group of its own; a group that is gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _signal(who: Identity, number: signal.Signals) -> None:
    """Its group, and itself: a shim detached by a fork and leads none. Only what lives under that name is signalled."""
    if lives(who):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(who.pid, number)
    signal_group(who.pid, number)


def end_all(found: Iterable[tuple[Identity, signal.Signals]], *, within: float) -> None:
    """Ask each group to end by its own signal, wait `within` seconds at most, then kill what is left of the groups."""
    asked = [(who, number) for who, number in found if lives(who)]
    for who, number in asked:
        _signal(who, number)
    deadline = time.monotonic() + within
    while any(lives(who) for who, _ in asked) and time.monotonic() < deadline:
        time.sleep(0.02)
    for who, _ in asked:
        # A leader that is gone may have left children in its group; its pid cannot be given away before they end.
        _signal(who, signal.SIGKILL)


def sweep(pids: Path, places: Path) -> list[str]:
    """End what an earlier start left behind, and say what it was. Only the holder of the data folder's lock may call."""
    left = [(path, read_identity(path)) for path in [*pids.glob("*.pid"), *places.glob("*/shim.pid")]]
    orphans = [(path, who) for path, who in left if who is not None and lives(who)]
    # PostgreSQL leaves fast and whole on SIGINT; Python services and Valkey on SIGTERM.
    end_all(((who, signal.SIGINT if path.stem == "postgres" else signal.SIGTERM) for path, who in orphans), within=5.0)
    for path in pids.glob("*.pid"):
        path.unlink(missing_ok=True)
    return [path.stem if path.stem != "shim" else f"agent {path.parent.name}" for path, _ in orphans]


def end_shims(places: Path) -> None:
    """Ctrl-C does not park agents: a step that was acknowledged is safe, and twenty agents cannot push in 3 s."""
    found = [who for path in places.glob("*/shim.pid") if (who := read_identity(path)) is not None]
    end_all(((who, signal.SIGKILL) for who in found), within=0.3)
