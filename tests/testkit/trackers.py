"""One contract for every tracker: looked at, counted, commented once, moved forward once, never back."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from quarterdeck.errors import Refused
from quarterdeck.outside.tracker.port import Tracker
from testkit.waiting import until


@dataclass
class Bench:
    """A tracker with more than one page of tickets on it. `query` finds the one with a key; `switched` is it with few rights."""

    tracker: Tracker
    everything: str
    query: Callable[[str], str]
    keys: list[str]  # three tickets in todo
    missing: str
    done: tuple[str, ...] = ()
    switched: Callable[[frozenset[str]], Tracker] | None = None
    screen: dict[str, Any] | None = None  # what its way into done asks for

    def id(self, n: int = 0) -> str:
        return self.tracker.search(self.query(self.keys[n])).issues[0].id


class Contract:
    """Each class below brings a bench."""

    @pytest.fixture
    def bench(self) -> Bench:
        raise AssertionError("each class brings its own")

    def test_a_search_goes_through_all_pages_and_then_ends(self, bench: Bench) -> None:
        seen, cursor, last = [], "", False
        while not last:
            page = bench.tracker.search(bench.everything, cursor)
            seen += [one.id for one in page.issues]
            cursor, last = page.cursor, page.last
        assert len(seen) == len(set(seen)) == bench.tracker.count(bench.everything) > 50

    def test_a_search_finds_one_by_its_key(self, bench: Bench) -> None:
        assert [one.key for one in bench.tracker.search(bench.query(bench.keys[0])).issues] == [bench.keys[0]]
        assert bench.tracker.count(bench.query(bench.keys[0])) == 1

    def test_what_is_not_there_is_refused(self, bench: Bench) -> None:
        for ask in (bench.tracker.fetch, lambda id: bench.tracker.comment(id, "m", "text"), bench.tracker.transitions):
            with pytest.raises(Refused) as no:
                ask(bench.missing)
            assert (no.value.reason, no.value.status) == ("no_such_ticket", 404)

    def test_a_comment_with_one_marker_is_one_comment_edited_in_place(self, bench: Bench) -> None:
        id = bench.id()
        before = len(bench.tracker.comments(id)) if bench.tracker.name == "jira" else 0
        first = bench.tracker.comment(id, "run-1", "Working, **step 1**")
        assert bench.tracker.comment(id, "run-1", "Done") == first
        assert bench.tracker.comment(id, "run-2", "Working") != first
        if bench.tracker.name == "jira":
            told = {one.id: one for one in bench.tracker.comments(id)}
            assert len(told) == before + 2
            assert (told[first].body, told[first].author_id) == ("Done", bench.tracker.me().id)

    def test_a_ticket_moves_forward_once_and_never_back(self, bench: Bench) -> None:
        id = bench.id(1)
        before = bench.tracker.fetch(id).version
        assert bench.tracker.transition(id, "doing", names=("In Progress",)) is True
        assert bench.tracker.transition(id, "doing", names=("In Progress",)) is False
        assert bench.tracker.transition(id, "done", names=bench.done, fields=bench.screen) is True
        assert bench.tracker.transition(id, "todo") is False
        now = bench.tracker.fetch(id)
        assert (now.status_category, now.version >= before) == ("done", True)

    def test_what_changed_is_asked_with_an_overlap(self, bench: Bench) -> None:
        bench.tracker.comment(bench.id(), "run-1", "Working")
        newest = bench.tracker.fetch(bench.id()).updated
        query = bench.query(bench.keys[0])
        assert bench.tracker.changed_since(query, newest + timedelta(minutes=3)).issues

    def test_many_are_fetched_at_once_without_those_that_are_not_there(self, bench: Bench) -> None:
        ids = [bench.id(0), bench.missing, bench.id(1), bench.id(0)]
        assert sorted(one.id for one in bench.tracker.fetch_many(ids)) == sorted({bench.id(0), bench.id(1)})

    def test_a_link_is_written_as_often_as_one_likes(self, bench: Bench) -> None:
        for title in ("Run 7: working", "Run 7: merged"):
            bench.tracker.link(bench.id(), "quarterdeck-run-7", "https://deck.example/runs/7", title)

    def test_it_says_what_it_cannot_do(self, bench: Bench) -> None:
        if "worklog" in bench.tracker.can:
            assert bench.tracker.worklog(bench.id(2), "run-1", 90, "Worked", datetime(2026, 11, 1, tzinfo=UTC))
            return
        with pytest.raises(Refused) as no:
            bench.tracker.worklog(bench.id(2), "run-1", 60, "Worked", datetime(2026, 11, 1, tzinfo=UTC))
        assert no.value.reason == "cannot"

    def test_a_write_that_was_switched_off_is_refused(self, bench: Bench) -> None:
        if bench.switched is None:
            return
        tracker, id = bench.switched(frozenset({"comment"})), bench.id()
        tracker.comment(id, "run-1", "Working")
        for write in (
            lambda: tracker.transition(id, "doing"),
            lambda: tracker.link(id, "g", "https://a.example", "Run"),
        ):
            with pytest.raises(Refused) as no:
                write()
            assert no.value.reason == "switched_off"

    def test_the_connection_is_tested(self, bench: Bench) -> None:
        assert all(ok for _, ok, _ in bench.tracker.test()[:2])


@contextmanager
def jira820() -> Iterator[str]:
    """The independent server in a process of its own. Yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, str(Path(__file__).with_name("jira820_server.py")), str(port)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until(lambda: _answers(port), 30)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/rest/api/2/serverInfo", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
