"""The board of our own, behind the same port as any other tracker. Its rows stand behind `BoardStore`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from quarterdeck.errors import Refused
from quarterdeck.outside.tracker.limited import Limited
from quarterdeck.outside.tracker.port import OVERLAP, Comment, Issue, Page, Person, Transition

PAGE = 50
ORDER = {"todo": 0, "doing": 1, "done": 2}
STATUS = {"todo": "To do", "doing": "In progress", "done": "Done"}
CAN = frozenset({"me", "count", "poll", "comment", "transition", "link"})


class BoardStore(Protocol):
    """What the board needs of whoever keeps its rows. Each call is one transaction."""

    def get(self, id: str) -> Issue | None: ...

    def find(self, query: str, after: str, limit: int) -> list[Issue]:
        """Issues whose key or title holds the query, in the order of their ids, those after `after` only."""

    def put_comment(self, id: str, marker: str, body: str) -> str:
        """Writes the comment with this marker, or edits it where it is. Returns its id."""

    def set_category(self, id: str, was: str, category: str) -> bool:
        """False when the issue no longer stands at `was`."""

    def put_link(self, id: str, global_id: str, url: str, title: str) -> None: ...


class Board(Limited):
    """`allowed` are the writes that nobody switched off."""

    name = "board"

    def __init__(self, store: BoardStore, allowed: frozenset[str] = CAN) -> None:
        self._store, self.can = store, CAN & (allowed | {"me", "count", "poll"})

    def me(self) -> Person:
        return Person("", "Quarterdeck")

    def search(self, query: str, cursor: str = "") -> Page:
        found = self._store.find(query.strip(), cursor, PAGE + 1)
        issues = found[:PAGE]
        return Page(issues, cursor=issues[-1].id if issues else cursor, last=len(found) <= PAGE)

    def count(self, query: str) -> int:
        found, after = 0, ""
        while rows := self._store.find(query.strip(), after, PAGE):
            found, after = found + len(rows), rows[-1].id
        return found

    def changed_since(self, query: str, since: datetime, overlap: timedelta = OVERLAP, cursor: str = "") -> Page:
        page = self.search(query, cursor)
        return replace(page, issues=[one for one in page.issues if one.updated >= since - overlap])

    def fetch_many(self, ids: Sequence[str]) -> list[Issue]:
        return [found for id in dict.fromkeys(ids) if (found := self._store.get(id))]

    def comments(self, id: str) -> list[Comment]:
        return sorted(self.fetch(id).comments, key=lambda one: one.at)

    def fetch(self, id: str) -> Issue:
        found = self._store.get(id)
        if found is None:
            raise Refused("There is no such ticket on the board.", reason="no_such_ticket", status=404)
        return found

    def comment(self, id: str, marker: str, body: str) -> str:
        self._may("comment")
        self.fetch(id)
        return self._store.put_comment(id, marker, body)

    def transitions(self, id: str) -> list[Transition]:
        at = ORDER[self.fetch(id).status_category]
        return [Transition(word, STATUS[word], STATUS[word], word) for word, order in ORDER.items() if order != at]

    def transition(
        self, id: str, category: str, *, names: Sequence[str] = (), fields: dict[str, Any] | None = None,
        sideways: bool = False,
    ) -> bool:  # fmt: skip
        """Somebody else may move it in between; then it is looked at again."""
        self._may("transition")
        while ORDER[(issue := self.fetch(id)).status_category] < ORDER[category]:
            if self._store.set_category(id, issue.status_category, category):
                return True
        return False

    def link(self, id: str, global_id: str, url: str, title: str) -> None:
        self._may("link")
        self.fetch(id)
        self._store.put_link(id, global_id, url, title)

    def _may(self, write: str) -> None:
        if write not in self.can:
            raise Refused(f"Writing to the board ({write}) is switched off.", reason="switched_off")

    def test(self) -> list[tuple[str, bool, str]]:
        return [("The board is part of Quarterdeck: it needs no connection.", True, "")]


class MemoryStore:
    """The rows' twin: a board that lives as long as its process."""

    def __init__(self, issues: list[Issue] | None = None) -> None:
        self.issues = {issue.id: issue for issue in issues or []}
        self.comments: dict[tuple[str, str], str] = {}
        self.links: dict[tuple[str, str], tuple[str, str]] = {}

    def get(self, id: str) -> Issue | None:
        return self.issues.get(id)

    def find(self, query: str, after: str, limit: int) -> list[Issue]:
        wanted = query.lower()
        rows = [one for one in self.issues.values() if one.id > after and wanted in f"{one.key} {one.title}".lower()]
        return sorted(rows, key=lambda one: one.id)[:limit]

    def put_comment(self, id: str, marker: str, body: str) -> str:
        self.comments[id, marker] = body
        return f"{id}/{marker}"

    def set_category(self, id: str, was: str, category: str) -> bool:
        issue = self.issues[id]
        if issue.status_category != was:
            return False
        self.issues[id] = replace(issue, status_category=category, version=issue.version + 1)
        return True

    def put_link(self, id: str, global_id: str, url: str, title: str) -> None:
        self.links[id, global_id] = (url, title)
