"""What a start says to the person in front of it."""

import contextlib
import errno
import shutil
from pathlib import Path

from quarterdeck.errors import GaveUp

# Bytes that a start wants free: PostgreSQL's own log of changes alone may take this much.
ROOM = 300_000_000

NO_MODELS = "model endpoint: none yet, so the rehearsal model plays scripted work on the sample (Settings, Models)"


def say(line: str) -> None:
    """A terminal that has gone away must not stop an ordered stop."""
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)


def phase(name: str, seconds: float) -> None:
    say(f"  {name:<28} {seconds:5.1f} s")


def room(data: Path) -> None:
    """GaveUp when the disk is nearly full: better now than in the middle of a write."""
    free = shutil.disk_usage(data).free
    if free < ROOM:
        raise GaveUp(
            f"The disk with {data} is nearly full ({free // 1_000_000} MB free, {ROOM // 1_000_000} MB needed): "
            "free some space, or give another folder in QUARTERDECK_DATA."
        )


def why(broken: OSError) -> str:
    """The person's sentence for an error of the machine."""
    where = f" ({broken.filename})" if broken.filename else ""
    if broken.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk is full{where}: free some space, or give another folder in QUARTERDECK_DATA."
    if broken.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"This user may not write there{where}: give a folder of your own in QUARTERDECK_DATA."
    return f"The machine refused: {broken.strerror or broken}{where}."


def took(seconds: float, prepared: float) -> str:
    """All that the person waited for: `prepared` is what came before this process, packages and the dashboard's build."""
    if prepared < 0.05:
        return f"{seconds:.1f} s"
    return f"{seconds + prepared:.1f} s ({prepared:.1f} s to prepare this checkout, {seconds:.1f} s to start)"


def welcome(address: str, link: str, missing: list[str], waited: str, jira: str = "") -> None:
    say(f"\nReady in {waited}\n\n  Dashboard      {address}")
    if link:
        say(f"  First sign-in  {link if link.startswith('http') else address + link}")
    if jira:
        say(f"  Jira           {jira}")
    for line in missing:
        say(f"  Not set up     {line}")
    say("\nCtrl-C stops everything.")
