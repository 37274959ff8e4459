"""The folder of one place on this machine: what is in it, and what its files say together.

spec.json   what was asked, and the uid            (by create; never the secret)
secret      0600, for the sandbox only             (by create; removed at the end)
shim.pid    pid and start time                     (by the shim; there is one start per place, ever)
ready       the sandbox stands                     (by the shim)
leave.json  it is to be removed                    (by delete)
exit.json   how it ended                           (by the shim, when nothing of it lives any more)
"""

import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from quarterdeck.outside.cluster.port import END_REASONS, PlaceSeen, PlaceState

# A folder that nobody gave a shim for so long was left by a creator who died; create() would still start it.
START_GRACE_S = 30.0


class Place:
    """Reads and signals; whoever creates or removes is in local.py."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def spec(self) -> dict[str, Any] | None:
        return read(self.folder / "spec.json")

    @property
    def leaving(self) -> bool:
        return (self.folder / "leave.json").exists()

    @property
    def started(self) -> bool:
        return (self.folder / "shim.pid").exists()

    def shim(self) -> int | None:
        """A pidfd of the living shim (the caller closes it), or None. Pid and start time: a pid alone comes back."""
        known = read(self.folder / "shim.pid")
        if known is None:
            return None
        try:
            pidfd = os.pidfd_open(known["pid"])
        except ProcessLookupError:
            return None
        if _start_time(known["pid"]) == known["start"]:
            return pidfd
        os.close(pidfd)
        return None

    def alive(self) -> bool:
        pidfd = self.shim()
        if pidfd is not None:
            os.close(pidfd)
        return pidfd is not None

    def ask_to_leave(self, grace_s: float) -> bool:
        """Leaves the word and wakes the shim, which removes the folder at its end. False: there is nothing to wake.

        The shim writes exit.json and then looks for our word; we leave our word and then look for exit.json. So one of
        us sees the other's file, and if both do, the second removal finds nothing.
        """
        write(self.folder / "leave.json", {"grace_s": grace_s})
        pidfd = self.shim()
        if pidfd is None:
            return False
        if (self.folder / "exit.json").exists():
            os.close(pidfd)
            return False
        try:
            signal.pidfd_send_signal(pidfd, signal.SIGTERM)
        except ProcessLookupError:
            return False
        finally:
            os.close(pidfd)
        return True

    def finish_removal(self) -> None:
        """Its shim died between somebody's word and the removal."""
        spec = self.spec
        if spec is not None and self.leaving and not self.alive():
            self.remove(spec["uid"])

    def remove(self, uid: str) -> None:
        """Renamed first: from then on the name is free and nobody reads half a place."""
        gone = self.folder.with_name(f".gone-{uid}")
        try:
            self.folder.rename(gone)
        except FileNotFoundError:
            return
        shutil.rmtree(gone, ignore_errors=True)

    def seen(self) -> PlaceSeen | None:
        """None: there is no such place, or it was told to go and nothing lives in it."""
        # The shim is asked before exit.json is read: the other way round it may end in between and look lost.
        alive = self.alive()
        spec, end = self.spec, read(self.folder / "exit.json")
        if spec is None or (self.leaving and not alive):
            return None
        if end is not None:
            return _ended(spec, end)
        if alive or (not self.started and time.time() - spec["created"] < START_GRACE_S):
            return self._living(spec, alive)
        return _ended(spec, {"reason": "gone", "text": "Its shim is gone.", "exit_code": None})

    def _living(self, spec: dict[str, Any], alive: bool) -> PlaceSeen:
        ready = alive and (self.folder / "ready").exists()
        return PlaceSeen(
            **_who(spec),
            state=PlaceState.RUNNING if ready else PlaceState.PENDING,
            waiting_for="its end" if self.leaving else "",
        )


def _who(spec: dict[str, Any]) -> dict[str, Any]:
    return {key: spec[key] for key in ("name", "uid", "kind", "run", "epoch")} | {"node": "local"}


def _ended(spec: dict[str, Any], end: dict[str, Any]) -> PlaceSeen:
    blame, sentence = END_REASONS[end["reason"]]
    return PlaceSeen(
        **_who(spec),
        state=PlaceState.ENDED,
        reason=end["reason"],
        text=f"{sentence} {end['text']}".strip(),
        blame=blame,
        exit_code=end["exit_code"],
    )


def _start_time(pid: int) -> int | None:
    """Clock ticks since boot (proc(5), field 22 of stat). None for a process that is gone, or dead and not reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def read(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None


def write(path: Path, value: dict[str, Any]) -> None:
    """Whole or not at all. A folder that has gone meanwhile is no error: what was to be written is moot."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(json.dumps(value))
        fresh.rename(path)
    except FileNotFoundError:
        return
