"""The demonstration's tickets: what stands in them, what happened to them, and what its search index knows already."""

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from quarterdeck.outside.tracker.jira import adf_read

Row = dict[str, Any]
CATEGORIES = {"new": (2, "To Do"), "indeterminate": (4, "In Progress"), "done": (3, "Done")}
STATUSES = {"To Do": ("1", "new"), "In Progress": ("3", "indeterminate"), "In Review": ("5", "indeterminate"),
            "Done": ("10", "done"), "Won't do": ("11", "done")}  # fmt: skip
KINDS = {"Task": 0, "Bug": 0, "Story": 0, "Chore": 0, "Epic": 1, "Sub-task": -1}
CUSTOM = {
    "customfield_10010": "Acceptance criteria",
    "customfield_10016": "Story Points",
    "customfield_10020": "Sprint",
}
RIGHTS = ("BROWSE_PROJECTS", "ADD_COMMENTS", "EDIT_OWN_COMMENTS", "TRANSITION_ISSUES", "LINK_ISSUES", "EDIT_ISSUES",
          "WORK_ON_ISSUES", "EDIT_OWN_WORKLOGS", "CREATE_ISSUES")  # fmt: skip
AGENT, IDA = "5f00a0agent", "5f00a1ida"
SNAPSHOTS = 20


@dataclass
class Happened:
    """One thing that webhooks tell."""

    event: str
    type: str
    issue: Row
    by: str
    at: datetime
    items: list[Row] = field(default_factory=list)
    comment: Row | None = None


class Site:
    """Safe for threads. `lag` is how many seconds the search index is late; `tell` hears what happened, under no lock."""

    def __init__(
        self, base: str = "https://demo.atlassian.net", *, clock: Callable[[], datetime] | None = None
    ) -> None:
        self.base, self.lock = base, threading.RLock()
        self._clock = clock or (lambda: datetime.now(UTC))
        self.lag, self._last, self._next = 0.0, datetime.min.replace(tzinfo=UTC), 10_000
        self.issues: dict[str, Row] = {}
        self.comments: dict[str, list[Row]] = {}
        self.histories: dict[str, list[Row]] = {}
        self.worklogs: dict[str, list[Row]] = {}
        self.links: dict[str, dict[str, Row]] = {}
        self.properties: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.moved: dict[str, int] = {}
        self._indexed: dict[str, list[tuple[datetime, Row]]] = {}
        self.users = {AGENT: _user(AGENT, "Quarterdeck", "UTC"), IDA: _user(IDA, "Ida Larkfield", "Europe/Berlin")}
        self.rights = set(RIGHTS)
        self.screens: dict[str, Row] = {}
        self.tell: Callable[[Happened], None] = lambda happened: None

    def now(self) -> datetime:
        """Never twice the same: Jira's `updated` counts milliseconds, and ours rises with each write."""
        with self.lock:
            at = self._clock().replace(microsecond=self._clock().microsecond // 1000 * 1000)
            self._last = max(at, self._last + timedelta(milliseconds=1))
            return self._last

    def id(self) -> str:
        with self.lock:
            self._next += 1
            return str(self._next)

    def find(self, name: str) -> Row | None:
        """By id or key. A key that was moved away still leads there."""
        with self.lock:
            if name in self.issues:
                return self.issues[name]
            return next((row for row in self.issues.values() if name.upper() in (row["key"], *row["was"])), None)

    def known(self, what: str) -> set[str]:
        with self.lock:
            if what == "status":
                return set(STATUSES)
            projects = [row["fields"]["project"] for row in self.issues.values()]
            return {one[name] for one in projects for name in ("key", "name", "id")}

    def shown(self, row: Row) -> Row:
        """The ticket as REST shows it: with its comments and its children."""
        with self.lock:
            made = copy.deepcopy({name: one for name, one in row.items() if name != "was"})
            said = copy.deepcopy(self.comments[row["id"]])
            made["fields"]["comment"] = {"comments": said, "total": len(said), "maxResults": len(said), "startAt": 0}
            children = [
                one for one in self.issues.values() if (one["fields"].get("parent") or {}).get("id") == row["id"]
            ]
            made["fields"]["subtasks"] = [beside(one) for one in children if one["fields"]["issuetype"]["subtask"]]
            for tie in made["fields"]["issuelinks"]:
                for end in ("inwardIssue", "outwardIssue"):
                    if end in tie and tie[end]["id"] in self.issues:
                        tie[end] = beside(self.issues[tie[end]["id"]])
            return made

    def indexed(self, fresh: set[str]) -> list[Row]:
        """What a search sees: each ticket as it was `lag` seconds ago, or as it is where it is asked for by id."""
        with self.lock:
            limit = self._clock() - timedelta(seconds=self.lag)
            found = []
            for id, past in self._indexed.items():
                if id in fresh or not self.lag:
                    found += [self.shown(self.issues[id])] if id in self.issues else []
                    continue
                seen = [row for at, row in past if at <= limit]
                found += seen[-1:] if seen and seen[-1] else []
            return found

    def changed(self, row: Row, at: datetime) -> None:
        """Every write ends here."""
        row["fields"]["updated"] = stamp(at)
        past = self._indexed.setdefault(row["id"], [])
        past.append((at, self.shown(row)))
        del past[:-SNAPSHOTS]

    # What people and programs do

    def create(self, by: str, fields: Row, properties: Row | None = None) -> Row:
        with self.lock:
            id, at = self.id(), self.now()
            project = fields["project"]
            number = self.moved[project["key"]] = self.moved.get(project["key"], 0) + 1
            row: Row = {"id": id, "key": f"{project['key']}-{number}", "self": f"{self.base}/rest/api/3/issue/{id}", "was": [],
                   "fields": {**_empty(at), **fields, "created": stamp(at)}}  # fmt: skip
            row["fields"]["creator"] = row["fields"]["reporter"] = fields.get("reporter") or self.users[by]
            self.issues[id], self.comments[id], self.histories[id] = row, [], []
            self.worklogs[id], self.links[id], self.properties[id] = [], {}, dict(properties or {})
            self.changed(row, at)
        self._told("jira:issue_created", "issue_created", row, by, at)
        return row

    def edit(self, by: str, row: Row, changes: Row, type: str = "issue_updated") -> None:
        """`changes` are fields with their new values; each becomes an item of the changelog."""
        with self.lock:
            at, items = self.now(), []
            for name, value in changes.items():
                was = row["fields"].get(name)
                items.append({"field": name, "fieldtype": "jira", "from": _ident(was), "fromString": _word(was),
                              "to": _ident(value), "toString": _word(value)})  # fmt: skip
                row["fields"][name] = value
            self.histories[row["id"]].append(
                {"id": self.id(), "author": self.users[by], "created": stamp(at), "items": items}
            )
            self.changed(row, at)
        self._told("jira:issue_updated", type, row, by, at, items=items)

    def move(self, row: Row, project: Row, by: str = IDA) -> None:
        """To another project: the key changes, the id stays."""
        with self.lock:
            number = self.moved[project["key"]] = self.moved.get(project["key"], 0) + 1
            row["was"].append(row["key"])
            was, row["key"] = row["key"], f"{project['key']}-{number}"
            row["fields"]["project"] = project
            at = self.now()
            items = [{"field": "Key", "fieldtype": "jira", "fromString": was, "toString": row["key"]}]
            self.histories[row["id"]].append(
                {"id": self.id(), "author": self.users[by], "created": stamp(at), "items": items}
            )
            self.changed(row, at)
        self._told("jira:issue_updated", "issue_moved", row, by, at, items=items)

    def delete(self, row: Row, by: str = IDA) -> None:
        with self.lock:
            shown, at = self.shown(row), self.now()
            del self.issues[row["id"]]
            self._indexed[row["id"]].append((at, {}))
        self.tell(Happened("jira:issue_deleted", "", shown, by, at))

    def say(self, by: str, row: Row, body: Row, properties: list[Row] | None = None) -> Row:
        with self.lock:
            at = self.now()
            said = {"id": self.id(), "self": f"{row['self']}/comment/{self._next}", "author": self.users[by], "body": body,
                    "updateAuthor": self.users[by], "created": stamp(at), "updated": stamp(at), "jsdPublic": True,
                    "properties": list(properties or [])}  # fmt: skip
            self.comments[row["id"]].append(said)
            self.changed(row, at)
        self._told("comment_created", "", row, by, at, comment=said)
        return said

    def resay(self, by: str, row: Row, said: Row, body: Row) -> None:
        with self.lock:
            at = self.now()
            said.update(body=body, updateAuthor=self.users[by], updated=stamp(at))
            self.changed(row, at)
        self._told("comment_updated", "", row, by, at, comment=said)

    def attach(self, by: str, row: Row, name: str, mime: str, content: bytes) -> Row:
        id = self.id()
        kept = {"id": id, "filename": name, "mimeType": mime, "size": len(content), "author": self.users[by],
                "created": stamp(self.now()), "content": f"{self.base}/rest/api/3/attachment/content/{id}"}  # fmt: skip
        self.files[id] = content
        self.edit(by, row, {"attachment": [*row["fields"]["attachment"], kept]})
        return kept

    def block(self, row: Row, by_row: Row) -> None:
        """`row` is blocked by `by_row`."""
        kind = {"id": "10000", "name": "Blocks", "inward": "is blocked by", "outward": "blocks"}
        with self.lock:
            for one, end, other in ((row, "inwardIssue", by_row), (by_row, "outwardIssue", row)):
                one["fields"]["issuelinks"].append({"id": self.id(), "type": kind, end: beside(other)})
                self.changed(one, self.now())

    def _told(self, event: str, type: str, row: Row, by: str, at: datetime, **more: Any) -> None:
        self.tell(Happened(event, type, self.shown(row), by, at, **copy.deepcopy(more)))


def stamp(at: datetime) -> str:
    """As Jira writes it: milliseconds, and an offset without a colon."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"


def status(name: str) -> Row:
    id, key = STATUSES[name]
    number, words = CATEGORIES[key]
    return {"id": id, "name": name, "statusCategory": {"id": number, "key": key, "name": words}}


def kind(name: str) -> Row:
    level = KINDS[name]
    return {"id": str(10_100 + list(KINDS).index(name)), "name": name, "subtask": level < 0, "hierarchyLevel": level}


def project(key: str, name: str = "") -> Row:
    return {"id": str(20_000 + sum(map(ord, key))), "key": key, "name": name or key}


def _user(id: str, name: str, zone: str) -> Row:
    return {"accountId": id, "accountType": "atlassian", "active": True, "displayName": name, "timeZone": zone}


def _empty(at: datetime) -> Row:
    return {
        "summary": "", "description": None, "issuetype": kind("Task"), "priority": {"id": "3", "name": "Medium"},
        "status": status("To Do"), "assignee": None, "labels": [], "components": [], "attachment": [], "issuelinks": [],
        "resolution": None, "updated": stamp(at),
    }  # fmt: skip


def beside(row: Row) -> Row:
    f = row["fields"]
    shown = {"summary": f["summary"], "status": f["status"], "priority": f["priority"], "issuetype": f["issuetype"]}
    return {"id": row["id"], "key": row["key"], "fields": shown}


def _ident(value: Any) -> Any:
    return (value.get("accountId") or value.get("id")) if isinstance(value, dict) else None


def _word(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(_word(one) for one in value)
    if isinstance(value, dict):
        if value.get("type") == "doc":
            return adf_read.markdown(value)
        return str(value.get("displayName") or value.get("name") or value.get("filename") or value.get("type") or "")
    return "" if value is None else str(value)
