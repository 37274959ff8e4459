"""One process per data folder. The kernel frees the lock when its holder dies, however it dies; the file's text only
says who it was."""

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

from quarterdeck.errors import GaveUp

NAME = "lock"


class DataLock:
    """Held from `take` until `free` or until this process ends. Children do not inherit it."""

    def __init__(self, data: Path) -> None:
        self.path = data / NAME
        self._file: int | None = None

    def take(self) -> None:
        """GaveUp with the holder's name when somebody else holds it."""
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _locked(file):
            os.close(file)
            raise GaveUp(_holder(self.path))
        self._file = file
        self.tell({})

    def tell(self, more: dict[str, Any]) -> None:
        """Write who we are, for the person who starts a second one."""
        assert self._file is not None, "take the lock first"
        text = json.dumps({"pid": os.getpid(), "since": time.strftime("%Y-%m-%d %H:%M:%S"), **more})
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, text.encode(), 0)

    def free(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _locked(file: int) -> bool:
    """Agents' shims look at the lock by taking a share of it for an instant: being refused once is not yet an answer."""
    for pause in (0.02, 0.05, 0.1, 0.0):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(pause)
        else:
            return True
    return False


def _holder(path: Path) -> str:
    try:
        who = json.loads(path.read_text())
    except (OSError, ValueError):
        who = {}
    where = f" at {who['address']}" if who.get("address") else ""
    process = f"process {who['pid']}, since {who['since']}" if who.get("pid") else "another process"
    return (
        f"Quarterdeck already runs on {path.parent}{where} ({process}). "
        "Stop it with Ctrl-C first, or give another folder in QUARTERDECK_DATA."
    )
