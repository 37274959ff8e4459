"""The whole house on a data folder of its own: `quarterdeck up` with all its real processes, to look at and to kill."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg
from psycopg.rows import dict_row

from quarterdeck.up import processes
from testkit.servers import short_folder
from testkit.shared import lay_tables
from testkit.waiting import until

QUARTERDECK = Path(sys.executable).parent / "quarterdeck"
READY = "Ctrl-C stops everything."
LINK = re.compile(r"First sign-in\s+(\S+)")
OURS = {"DATABASE_URL", "VALKEY_URL", "QUARTERDECK_RUN", "QUARTERDECK_NO_POOL", "DJANGO_SETTINGS_MODULE"}
AGENT, WALLS = "-m deckhand", ("bwrap", "relay.py")
SERVICES = ("postgres", "valkey", "git", "web", "reconciler", "worker", "beat")

Row = dict[str, Any]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class House:
    """`start` returns when it is ready; `said` is all it printed. `rows` and `change` go to its database directly: a test
    looks there at what is true, and moves times there instead of sleeping."""

    from_nothing = False
    """Whether its first start makes and migrates its database too, as a newcomer's does."""

    def __init__(self, **environment: str) -> None:
        self.data, self.port = short_folder(), free_port()
        self.environment = {"QUARTERDECK_PACE": "0", "QUARTERDECK_LEASE": "30",
                            "QUARTERDECK_TRACKER_REACHES": "127.0.0.1", **environment}  # fmt: skip
        self.process: subprocess.Popen[str] | None = None
        self.said: list[str] = []
        self.link = ""
        self._database: psycopg.Connection[Row] | None = None
        self._reader = threading.Thread()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def browser(self, path: str = "", **more: Any) -> httpx.Client:
        """It follows nothing by itself."""
        return httpx.Client(base_url=f"{self.address}{path}", timeout=30, **more)

    @property
    def doors(self) -> Path:
        return self.data / "run" / "agent"

    def start(self) -> "House":
        if not self.from_nothing:
            lay_tables(self.data)
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        self.process = subprocess.Popen(
            [str(QUARTERDECK), "up"],
            env={**kept, "QUARTERDECK_DATA": str(self.data), "QUARTERDECK_PORT": str(self.port), **self.environment},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        ready = threading.Event()
        self._reader = threading.Thread(target=self._listen, args=(self.process, ready), daemon=True)
        self._reader.start()
        ready.wait(90)
        assert self.process.poll() is None, "it did not start: " + "".join(self.said)
        return self

    def _listen(self, process: "subprocess.Popen[str]", ready: threading.Event) -> None:
        """Reads on to the end, or a full pipe would stop the launcher."""
        assert process.stdout is not None
        for line in process.stdout:
            self.said.append(line)
            if found := LINK.search(line):
                self.link = found.group(1)
            if READY in line:
                ready.set()
        process.wait()  # it has said its last word: it ends
        ready.set()

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """As a person does it: Ctrl-C. Nothing may be left."""
        self.forget_database()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(timeout=30)
        self._reader.join(5)

    # ---- processes ----

    def pid(self, name: str) -> int:
        """Of one of SERVICES, or of a run's `shim` or `agent` as shim:<run> and agent:<run>."""
        kind, _, run = name.partition(":")
        if kind in SERVICES:
            found = processes.read_identity(self.data / "run" / "pids" / f"{name}.pid")
            assert found is not None, f"there is no {name}"
            return found.pid
        shim = self.shim(run)
        return shim if kind == "shim" else until(lambda: self.find(shim, AGENT), what=f"the agent of {run}") or 0

    def shim(self, run: str) -> int:
        """The shim that holds the run's live attempt."""

        def look() -> int | None:
            place = self.value("select place from record_attempt where run_id = %s and state = 'running'", run)
            found = processes.read_identity(self.data / "places" / str(place) / "shim.pid")
            return found.pid if processes.lives(found) and found is not None else None

        return until(look, what=f"the shim of {run}") or 0

    def find(self, root: int, words: str) -> int | None:
        """A process below `root` whose command line holds these words. The walls and the relay, which carry the command of
        what they start in their own, do not count."""
        lines = {pid: command_line(pid) for pid in below(root)}
        return next(
            (pid for pid, line in lines.items() if words in line and not any(one in line for one in WALLS)), None
        )

    def kill_in(self, place: str, words: str) -> bool:
        """SIGKILL for the process with these words in this place, if it lives just now."""
        shim = processes.read_identity(self.data / "places" / place / "shim.pid")
        pid = self.find(shim.pid, words) if shim is not None else None
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return True

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def kill_and_wait(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Until the launcher has started it again."""
        before = self.kill(name, number)
        until(lambda: self._other(name, before), 30, what=f"{name} again")

    def _other(self, name: str, before: int) -> bool:
        found = processes.read_identity(self.data / "run" / "pids" / f"{name}.pid")
        return found is not None and found.pid != before and processes.lives(found)

    def left(self) -> list[str]:
        """What still runs on this data folder."""
        return [command_line(pid) for pid in all_pids() if str(self.data) in command_line(pid)]

    # ---- the record ----

    def rows(self, sql: str, *values: object) -> list[Row]:
        """Reads; PostgreSQL may be away for a moment."""

        def ask() -> list[list[Row]]:
            with contextlib.suppress(psycopg.OperationalError):
                return [self._connection().execute(sql, values).fetchall()]
            self.forget_database()
            return []

        return until(ask, 30, what="the database")[0]

    def value(self, sql: str, *values: object) -> Any:
        found = self.rows(sql, *values)
        return next(iter(found[0].values())) if found else None

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Callable[[str], list[Row]]]:
        """Several questions, one moment."""
        connection = self._connection()
        with connection.transaction():
            connection.execute("set transaction isolation level repeatable read, read only")
            yield lambda sql: connection.execute(sql).fetchall()

    def change(self, sql: str, *values: object) -> int:
        return self._connection().execute(sql, values).rowcount

    def _connection(self) -> "psycopg.Connection[Row]":
        if self._database is None or self._database.closed:
            where = str(self.data / "run")
            self._database = psycopg.connect(
                host=where, user="postgres", dbname="quarterdeck", autocommit=True, row_factory=dict_row
            )
        return self._database

    def forget_database(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def log(self, name: str) -> str:
        path = self.data / "logs" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""


class NewHouse(House):
    from_nothing = True


Kind = TypeVar("Kind", bound=House)


@contextlib.contextmanager
def living(kind: type[Kind] = House, **environment: str) -> Iterator[Kind]:  # type: ignore[assignment]
    house = kind(**environment)
    try:
        house.start()
        yield house
    finally:
        house.stop()
        subprocess.run(["rm", "-rf", str(house.data)], check=True)


def all_pids() -> list[int]:
    return sorted(int(path.name) for path in Path("/proc").glob("[0-9]*"))


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def below(root: int) -> list[int]:
    """The processes under this one, parents first."""
    try:
        told = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    except OSError:
        return []
    return [pid for child in map(int, told) for pid in (child, *below(child))]
