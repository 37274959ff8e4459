"""Runs under fire: the same ticket played again and again, and what must be the same at the end of each."""

import json
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import httpx

from testkit import history, shared
from testkit.desk import Desk, Json
from testkit.house import House, Row
from testkit.waiting import until


class Watcher:
    """A client that reads the ledger of some runs while the storm goes on, and keeps what it was shown."""

    def __init__(self, alice: Desk, *tickets: str) -> None:
        self.alice, self.runs = alice, [alice.run(ticket) for ticket in tickets]
        self.seen: list[Row] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        """By one client: making one reads all the machine's certificates, which costs more than a run's step."""
        cursors = dict.fromkeys(self.runs, 0)
        with httpx.Client(base_url=self.alice.api.base_url, headers=self.alice.api.headers, timeout=5) as api:
            while not self._over.wait(0.2):
                self._look(api, cursors)

    def _look(self, api: httpx.Client, cursors: dict[str, int]) -> None:
        for run in self.runs:
            for event in self._after(api, run, cursors[run]):
                shown = {"stream": f"run:{run}", "seq": event["seq"], "kind": event["kind"], "body": event["body"]}
                self.seen.append(shown)
                cursors[run] = event["seq"]

    def _after(self, api: httpx.Client, run: str, seq: int) -> list[Json]:
        """Nothing while the platform is away."""
        try:
            answer = api.get(f"runs/{run}/raw", params={"after": seq, "limit": 200})
            return list(answer.json()["events"]) if answer.is_success else []
        except (httpx.HTTPError, ValueError):
            return []

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)


def tree(house: House, run: str) -> str:
    """The sealed head's tree: the same files have the same sha."""
    head = house.value("select head from record_proposal where run_id = %s and not void", run)
    repository = house.data / "repos" / "runs" / f"{run}.git"
    told = ["git", "--git-dir", str(repository), "rev-parse", f"{head}^{{tree}}"]
    return subprocess.run(told, check=True, capture_output=True, text=True).stdout.strip()


class Sea:
    """One house, one Alice, and the trees that undisturbed runs ended with: one house sails them for the whole session."""

    def __init__(self, house: House, *tickets: str) -> None:
        self.house, self.alice, self.tickets = house, Desk(house), tickets
        self.trees: dict[str, str] = {}
        with shared.alone("trees") as kept:
            known = json.loads(kept.read_text()) if kept.exists() else {}
            self.trees = {ticket: known[ticket] for ticket in tickets if ticket in known}
            if missing := [ticket for ticket in tickets if ticket not in known]:
                with self.sail(*missing):
                    pass
                kept.write_text(json.dumps(known | self.trees))

    @contextmanager
    def sail(self, *tickets: str, plan: str = "auto") -> Iterator[Watcher]:
        """Opens a run of each ticket; the storm is in the `with`. At its end each run must come to its review, with the
        tree of an undisturbed run, once, and with a clean history. Then it is stopped, so that the ticket is free again."""
        self.alice.assign(*tickets, planDial=plan)
        try:
            with Watcher(self.alice, *tickets) as watcher:
                yield watcher
                for ticket in tickets:
                    self.alice.asked(ticket, "review", seconds=180)
            self.judge(tickets, watcher.seen)
        finally:
            self.alice.decide("stop", *tickets)

    def judge(self, tickets: Iterable[str], seen: Iterable[Row]) -> None:
        for ticket in tickets:
            run = self.alice.run(ticket)
            found = tree(self.house, run)
            assert self.trees.setdefault(ticket, found) == found, f"{ticket} ended with another tree"
            proposals = self.house.value("select count(*) from record_proposal where run_id = %s", run)
            assert proposals == 1, f"{ticket} has {proposals} proposals"
        assert history.check(history.read(self.house, seen)) == []

    def steps(self, ticket: str) -> int:
        return int(self.alice.row(ticket)["steps"])

    def works(self, ticket: str, steps: int = 1) -> None:
        """Until so many steps of it are stored."""
        until(lambda: self.steps(ticket) >= steps, 90, what=f"{steps} steps of {ticket}", every=0.04)

    def persist(self, verb: str, request: Row, key: str) -> None:
        """Alice presses until somebody answers: the same key each time, so it is one decision."""

        def press() -> bool:
            try:
                return self.alice.answer(verb, request, key=key)[0]["fate"] in ("pending", "applied")
            except (httpx.HTTPError, AssertionError):
                return False

        until(press, 40, every=0.2, what="an answer to Alice")
