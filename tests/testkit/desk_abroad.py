"""A tracker that lives somewhere else, played in memory: issues change under our feet, it counts who writes what to it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.tracker.jira import hooks
from quarterdeck.outside.tracker.limited import Limited
from quarterdeck.outside.tracker.port import (
    OVERLAP,
    READS,
    WRITES,
    Change,
    Comment,
    Heard,
    Issue,
    Page,
    Person,
    Transition,
)

ME = Person("bot-1", "Deck Hand")
START = datetime(2026, 11, 1, 9, tzinfo=UTC)


def issue(id: str, version: int = 1, *, key: str = "", at: datetime = START, **fields: Any) -> Issue:
    """Issue `id` of project SHIP, at its `version`-th second."""
    values: dict[str, Any] = {
        "title": f"Title {version} of {id}", "description": "The total must be rounded once, at the end of the sum.",
        "kind": "Task", "priority": "Medium", "status": "To Do", "status_category": "todo", "reporter": "Rita",
        "reporter_id": "rita", "assignee": "", "labels": [], "comments": [], "project": "SHIP",
    }  # fmt: skip
    updated = at + timedelta(seconds=version)
    return Issue(
        id=id, key=key or f"SHIP-{id}", updated=updated, version=int(updated.timestamp() * 1000), **(values | fields)
    )


@dataclass
class Abroad(Limited):
    """`down`: every call is told to come later. Queries are not read: all issues match but those in `hidden`."""

    name: str = "jira"
    can: frozenset[str] = WRITES | READS
    issues: dict[str, Issue] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    matches: set[str] | None = None
    log: dict[str, list[Change]] = field(default_factory=dict)
    written: list[tuple[str, ...]] = field(default_factory=list)
    marked: dict[tuple[str, str], str] = field(default_factory=dict)
    links: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    down: TryLater | Refused | None = None
    page: int = 50

    def put(self, *issues: Issue) -> None:
        self.issues.update({one.id: one for one in issues})

    def me(self) -> Person:
        return ME

    def _there(self) -> list[Issue]:
        if self.down:
            raise self.down
        return [one for id, one in sorted(self.issues.items()) if id not in self.hidden]

    def search(self, query: str, cursor: str = "") -> Page:
        rows = [one for one in self._there() if (self.matches is None or one.id in self.matches) and one.id > cursor]
        return Page(rows[: self.page], rows[self.page - 1].id if len(rows) > self.page else "", len(rows) <= self.page)

    def count(self, query: str) -> int:
        return len([one for one in self._there() if self.matches is None or one.id in self.matches])

    def changed_since(self, query: str, since: datetime, overlap: timedelta = OVERLAP, cursor: str = "") -> Page:
        rows = [one for one in self._there() if one.updated >= since - overlap and one.id > cursor]
        return Page(rows[: self.page], rows[self.page - 1].id if len(rows) > self.page else "", len(rows) <= self.page)

    def fetch(self, id: str) -> Issue:
        found = self.fetch_many([id])
        if not found:
            raise Refused(
                "Issue does not exist or you do not have permission to see it.", reason="no_such_ticket", status=404
            )
        return found[0]

    def fetch_many(self, ids: Sequence[str]) -> list[Issue]:
        return [one for one in self._there() if one.id in set(ids)]

    def comments(self, id: str) -> list[Comment]:
        return self.fetch(id).comments

    def changes(self, id: str, since: datetime | None = None) -> list[Change]:
        self._there()
        return [one for one in self.log.get(id, []) if since is None or one.at >= since]

    def comment(self, id: str, marker: str, body: str) -> str:
        self.fetch(id)
        self.written.append(("comment", id, marker))
        self.marked[id, marker] = body
        return f"{id}/{marker}"

    def transitions(self, id: str) -> list[Transition]:
        return []

    def transition(
        self, id: str, category: str, *, names: Sequence[str] = (), fields: dict[str, Any] | None = None,
        sideways: bool = False,
    ) -> bool:  # fmt: skip
        one = self.fetch(id)
        if one.status_category == category and not sideways:
            return False
        self.written.append(("transition", id, category))
        self.put(replace(one, status_category=category, version=one.version + 1))
        return True

    def link(self, id: str, global_id: str, url: str, title: str) -> None:
        self.fetch(id)
        self.written.append(("link", id, global_id))
        self.links[id, global_id] = (url, title)

    def test(self) -> list[tuple[str, bool, str]]:
        self._there()
        return [("Jira answers.", True, ""), ("BROWSE_PROJECTS", True, "")]


class Ears:
    """Reads deliveries of a form of our own: {"what", "id", ...}; a secret signs the raw bytes as Jira does."""

    def __init__(self, heard: dict[str, Heard]) -> None:
        self.heard = heard

    def hear(self, raw: bytes) -> Heard:
        try:
            return self.heard[json.loads(raw)["heard"]]
        except (ValueError, KeyError) as bad:
            raise Refused("This is no delivery.", reason="malformed", status=422) from bad

    def signed(self, *args: Any, **named: Any) -> None:
        hooks.signed(*args, **named)

    def delivery_id(self, headers: Mapping[str, str], raw: bytes) -> str:
        return hooks.delivery_id(headers, raw)


def said(what: str, one: Issue, **fields: Any) -> Heard:
    return Heard(
        event=f"jira:issue_{what}", what=what, issue_id=one.id, key=one.key, at=one.updated, issue=one, **fields
    )
