"""What one worker makes for all of a test session: whoever comes first makes it, the others find it."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from quarterdeck.up import environment, postgres
from testkit.servers import Server, short_folder

FOLDER = "QD_SESSION"


def prepare() -> None:
    """Called where a session begins; xdist's workers inherit the folder."""
    if FOLDER not in os.environ:
        os.environ[FOLDER] = str(short_folder())


@contextmanager
def alone(name: str) -> Iterator[Path]:
    """The path of this name, with every other worker kept out of it."""
    path = Path(os.environ[FOLDER]) / name
    with path.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield path


def once(name: str, make: Callable[[Path], None]) -> Path:
    """`make` gets a draft's path; it appears under its name only when it is whole."""
    with alone(name) as path:
        if not path.exists():
            draft = path.with_name(f"{name}.new")
            make(draft)
            draft.rename(path)
        return path


def lay_tables(data: Path) -> None:
    """A cluster with the record's empty tables, where a house's first start would make one: seconds of migrating less. A
    house that has its cluster keeps it."""
    if not (data / "postgres").exists():
        subprocess.run(["cp", "-a", str(once("tables", _tables)), str(data / "postgres")], check=True)


def _tables(draft: Path) -> None:
    """As a start makes it, by the same commands, and stopped in order: nothing is left to recover."""
    folder = short_folder()
    postgres.open_way(folder, folder)
    postgres.initialise(folder / "data")
    server = Server.start(folder, postgres.command(folder / "data", folder), lambda: postgres.ready(folder / "data"))
    told = {**os.environ, "DATABASE_URL": postgres.url(folder), "QUARTERDECK_DATA": str(folder)}
    migrate = [sys.executable, str(environment.TOP / "manage.py"), "migrate", "--verbosity", "0"]
    subprocess.run(migrate, env=told, check=True)
    server.process.send_signal(signal.SIGINT)
    server.process.wait(30)
    shutil.move(folder / "data", draft)
    server.stop()
