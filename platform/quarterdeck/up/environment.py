"""What the launcher is told, and the environment it makes of it for its children.

This is the one place beside `quarterdeck.settings` that looks at the environment: the settings of the children are
decided here, before any of them can be read. The names are documented in `quarterdeck.settings`.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from quarterdeck.errors import GaveUp
from quarterdeck.up import postgres, valkey

TOP = Path(__file__).resolve().parents[3]
DEFAULT_PORT = 8640
# A Unix socket's path may have 104 to 108 characters; the longest name below the run folder is `agent/doors.sock`.
LONGEST_RUN = 80


@dataclass(frozen=True)
class Place:
    """One installation: its folders, where it listens, and which servers are not ours to start."""

    data: Path
    run: Path
    host: str
    port: int
    port_named: bool
    database_url: str | None
    valkey_url: str | None

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def pids(self) -> Path:
        # Always below the data folder, also when sockets live elsewhere: an orphan must be found by the next start.
        return self.data / "run" / "pids"


def read(given: Mapping[str, str]) -> Place:
    """GaveUp when a value cannot be used."""
    data = Path(given.get("QUARTERDECK_DATA") or TOP / "data").resolve()
    return Place(
        data=data,
        run=_run_folder(data, given.get("QUARTERDECK_RUN")),
        host=given.get("QUARTERDECK_HOST") or "127.0.0.1",
        port=_port(given.get("QUARTERDECK_PORT")),
        port_named=bool(given.get("QUARTERDECK_PORT")),
        database_url=given.get("DATABASE_URL") or None,
        valkey_url=given.get("VALKEY_URL") or None,
    )


def _port(named: str | None) -> int:
    if not named:
        return DEFAULT_PORT
    if not named.isdigit() or not 1 <= int(named) <= 65535:
        raise GaveUp(f"QUARTERDECK_PORT is {named!r}: write a number from 1 to 65535.")
    return int(named)


def _run_folder(data: Path, named: str | None) -> Path:
    folder = Path(named).resolve() if named else data / "run"
    if len(str(folder)) <= LONGEST_RUN:
        return folder
    if named:
        raise GaveUp(f"QUARTERDECK_RUN is too long for Unix sockets: at most {LONGEST_RUN} characters.")
    # The same data folder always gets the same short folder, so that a second start finds the first one's sockets.
    mark = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"quarterdeck-{os.getuid()}-{mark}"


def make_folders(place: Place) -> None:
    """The folders, ours alone. A run folder in the shared temp folder must be our own: another user may have made a
    folder of that name first."""
    for folder in (place.data, place.logs, place.data / "run", place.pids, place.run):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (place.data / "keys").mkdir(exist_ok=True, mode=0o700)
    found = place.run.lstat()
    if found.st_uid != os.getuid() or place.run.is_symlink():
        raise GaveUp(f"{place.run} belongs to somebody else: set QUARTERDECK_RUN to a folder of your own.")
    place.run.chmod(0o700)
    # Only this folder is bound into sandboxes, where the agent may have another uid.
    (place.run / "agent").mkdir(exist_ok=True)
    (place.run / "agent").chmod(0o755)


def clear_run(place: Place) -> None:
    """A socket that nobody serves would let callers wonder; a missing one says it plainly."""
    sockets = [path for folder in (place.run, place.run / "agent") for path in folder.glob("*.sock")]
    for path in [*sockets, place.run / "ports.json"]:
        path.unlink(missing_ok=True)


def of_children(place: Place, given: Mapping[str, str], port: int) -> dict[str, str]:
    """What every child gets. Bytecode is written: without it each start would parse all sources again."""
    kept = {name: value for name, value in given.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {
        "QUARTERDECK_DATA": str(place.data),
        "QUARTERDECK_RUN": str(place.run),
        "QUARTERDECK_HOST": place.host,
        "QUARTERDECK_PORT": str(port),
        "DATABASE_URL": place.database_url or postgres.url(place.run),
        "VALKEY_URL": place.valkey_url or valkey.url(place.run),
        "DJANGO_SETTINGS_MODULE": "quarterdeck.settings",
        "PYTHONUNBUFFERED": "1",
    }
