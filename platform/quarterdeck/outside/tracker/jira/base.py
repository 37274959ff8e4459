"""What Cloud and Data Center have in common: look before each write, say what was refused, keep what was learnt for a while."""

import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.tracker.jira import models, moving, reading, rights
from quarterdeck.outside.tracker.jira.calling import Call, Client
from quarterdeck.outside.tracker.jira.jql import changed
from quarterdeck.outside.tracker.limited import cannot
from quarterdeck.outside.tracker.port import OVERLAP, READS, WRITES
from quarterdeck.outside.tracker.shapes import Attachment, Change, Comment, Field, Hook, Issue, Page, Person, Transition

PAGE = 50
MOST_PAGES = 200
KEPT = 2_000
LEARNT_SECONDS = 3600.0
COMMENT_MOST = 30_000
"""Characters; Jira takes 32,767 of what it makes of them."""
FIELDS = (
    "summary", "description", "issuetype", "priority", "status", "reporter", "creator", "assignee", "labels", "comment",
    "updated", "created", "attachment", "issuelinks", "subtasks", "parent", "components", "project",
)  # fmt: skip


class Jira(ABC):
    """The common side of both adapters. Safe for threads."""

    name = "jira"
    api = "/rest/api/3"

    def __init__(self, client: Client) -> None:
        self._client, self._lock = client, threading.Lock()
        self._me: Person | None = None
        self._fields: tuple[float, list[Field]] = (0.0, [])
        self._ours: OrderedDict[tuple[str, str], str] = OrderedDict()
        self.can = (READS - {"hooks"}) | (client.config.allowed & WRITES)

    def close(self) -> None:
        self._client.close()

    def me(self) -> Person:
        if self._me is None:
            self._me = reading.person(reading.fit(models.User, self._get("/myself", what="account")))
        return self._me

    def fields(self) -> list[Field]:
        """Kept for an hour: fields seldom change, and each ticket asks for their names."""
        learnt, found = self._fields
        if not found or time.monotonic() - learnt > LEARNT_SECONDS:
            rows = self._get("/field", what="field")
            found = [Field(str(one["id"]), str(one.get("name", "")), bool(one.get("custom"))) for one in rows or []]
            self._fields = (time.monotonic(), found)
        return found

    def _names(self) -> dict[str, str]:
        return {one.id: one.name for one in self.fields() if one.custom}

    def _wanted(self) -> list[str]:
        """Fields by their ids: ours, and the custom ones that are wanted by name."""
        names = {one.lower() for one in self._client.config.wanted}
        return [*FIELDS, *(one.id for one in self.fields() if one.custom and one.name.lower() in names)]

    def fetch(self, id: str) -> Issue:
        return self._issue(self._get(f"/issue/{_id(id)}", query={"fields": ",".join(self._wanted())}))

    def _issue(self, raw: Any) -> Issue:
        return reading.issue(raw, self._names(), self._client.config.base_url)

    def _own(self, id: str) -> Issue | None:
        """A ticket that we created ourselves; None for anybody else's."""
        found = self.fetch(id)
        return found if found.creator_id == self.me().id else None

    @abstractmethod
    def search(self, query: str, cursor: str = "") -> Page: ...

    @abstractmethod
    def changes(self, id: str, since: datetime | None = None) -> list[Change]: ...

    def changed_since(self, query: str, since: datetime, overlap: timedelta = OVERLAP, cursor: str = "") -> Page:
        """The newest first: what moves to the front while we read comes twice, and nothing is left out."""
        now = datetime.now(UTC) + timedelta(seconds=self._client.skew)
        return self.search(changed(query, since, overlap, now), cursor)

    def comments(self, id: str) -> list[Comment]:
        pages = self._pages(f"/issue/{_id(id)}/comment", "comments")
        return sorted((reading.comment(reading.fit(models.Said, one)) for one in pages), key=lambda one: one.at)

    def attachment(self, attachment: Attachment, most: int) -> bytes:
        if attachment.size > most:
            raise Refused(f"{attachment.name} is longer than {most:,} bytes.", reason="too_big", status=413)
        return self._client.content(self._content(attachment), most)

    @abstractmethod
    def _content(self, attachment: Attachment) -> Call: ...

    # Writes

    def comment(self, id: str, marker: str, body: str) -> str:
        self._may("comment")
        text = body if len(body) <= COMMENT_MOST else body[:COMMENT_MOST] + "\n\n… (cut)"
        known = self._ours.get((id, marker)) or self._find_comment(id, marker)
        if known:
            try:
                self._edit_comment(id, known, marker, text)
                return self._remember(id, marker, known)
            except Refused as gone:
                if gone.status != 404:
                    raise
                self._forget(id, marker)
                self.fetch(id)  # is it the comment that is gone, or the ticket?
        return self._remember(id, marker, self._write_comment(id, marker, text))

    @abstractmethod
    def _rich(self, text: str) -> Any:
        """Markdown as this flavour writes text."""

    @abstractmethod
    def _find_comment(self, id: str, marker: str) -> str: ...

    @abstractmethod
    def _write_comment(self, id: str, marker: str, text: str) -> str: ...

    @abstractmethod
    def _edit_comment(self, id: str, comment: str, marker: str, text: str) -> None: ...

    def transitions(self, id: str) -> list[Transition]:
        return [reading.transition(one) for one in self._ways(id)]

    def _ways(self, id: str) -> list[models.Way]:
        told = self._get(f"/issue/{_id(id)}/transitions", query={"expand": "transitions.fields"})
        ways = [reading.fit(models.Way, one) for one in (told or {}).get("transitions", [])]
        return [one for one in ways if one.available]

    def transition(
        self, id: str, category: str, *, names: Sequence[str] = (), fields: dict[str, Any] | None = None,
        sideways: bool = False,
    ) -> bool:  # fmt: skip
        self._may("transition")
        at = self._category(id)
        beside = sideways and at == category
        if moving.ORDER[at] >= moving.ORDER[category] and not beside:
            return False
        ways = self._ways(id)
        told = [reading.transition(one) for one in ways]
        chosen = self._beside(id, told, category, names) if beside else moving.choose(told, category, names)
        if chosen is None:
            return False
        return self._go(id, category, next(one for one in ways if one.id == chosen.id), fields or {}, beside)

    def _beside(self, id: str, ways: list[Transition], category: str, names: Sequence[str]) -> Transition | None:
        """Where it stood before it does not go again: somebody moved it on from there. Our own last move undoes nobody's."""
        moves = [one for one in self.changes(id) if one.field == "status"]
        ours = bool(moves) and moves[-1].author_id == self.me().id
        past = set() if ours else {word.lower() for one in moves for word in (one.was, one.now)}
        past.add(self.fetch(id).status.lower())
        return moving.named([one for one in ways if one.status.lower() not in past], category, names)

    def _go(self, id: str, category: str, way: models.Way, fields: dict[str, Any], beside: bool) -> bool:
        body: dict[str, Any] = {"transition": {"id": way.id}, **moving.filled(way, fields, self._rich)}
        try:
            self._write("POST", id, "/transitions", body)
        except (Refused, TryLater):
            # Somebody else may have moved it in between: then it is where it should be, or beyond.
            if not beside and moving.ORDER[self._category(id)] >= moving.ORDER[category]:
                return False
            raise
        return True

    def _category(self, id: str) -> str:
        raw = reading.fit(models.Ticket, self._get(f"/issue/{_id(id)}", query={"fields": "status"}))
        return reading.category(raw.fields.status)

    def link(self, id: str, global_id: str, url: str, title: str) -> None:
        """Jira itself keeps one link per global id."""
        self._may("link")
        if not global_id or len(global_id) > 255:
            raise Refused("A global id has 1 to 255 characters.", reason="malformed", status=422)
        self._write("POST", id, "/remotelink", {"globalId": global_id, "object": {"url": url, "title": title[:255]}})

    def label(self, id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        self._may("labels")
        steps = [{"add": one} for one in add] + [{"remove": one} for one in remove]
        if steps:
            self._write("PUT", id, "", {"update": {"labels": steps}})

    def _may(self, write: str) -> None:
        if write not in self.can:
            raise Refused(f"Writing to Jira ({write}) is switched off.", reason="switched_off")

    # Webhooks: only a client of Cloud registers them over the API

    def hooks(self) -> list[Hook]:
        return []

    def hook(self, url: str, query: str, events: Sequence[str]) -> Hook:
        cannot("This Jira", "webhooks that are registered over its API: an administrator enters them there")

    def refresh_hooks(self, ids: Sequence[str]) -> datetime:
        cannot("This Jira", "webhooks that expire")

    def unhook(self, ids: Sequence[str]) -> None:
        cannot("This Jira", "webhooks that are registered over its API")

    def test(self) -> list[tuple[str, bool, str]]:
        return rights.test(self._get, self.can)

    # The ways to Jira

    def _get(self, path: str, *, query: dict[str, Any] | None = None, what: str = "ticket") -> Any:
        return self._client.call(Call("GET", self.api + path, query=query or {}, what=what))

    def _ask(self, path: str, body: Any, *, what: str = "query", query: dict[str, Any] | None = None) -> Any:
        """A question that goes by POST: it reads."""
        return self._client.call(Call("POST", self.api + path, body=body, what=what, query=query or {}))

    def _write(self, method: str, id: str, path: str, body: Any, query: dict[str, Any] | None = None) -> Any:
        call = Call(method, f"{self.api}/issue/{_id(id)}{path}", "write", id, body=body, query=query or {})
        return self._client.call(call)

    def _pages(self, path: str, name: str, query: dict[str, Any] | None = None) -> Iterator[Any]:
        """Rows of a list that is paged by startAt. The server may give fewer than asked for."""
        start = 0
        for _ in range(MOST_PAGES):
            told = self._get(path, query={"startAt": start, "maxResults": 100, **(query or {})}) or {}
            rows = told.get(name) or []
            yield from rows
            start += len(rows)
            if not rows or told.get("isLast") or start >= int(told.get("total", 0) or 0):
                return

    def _remember(self, id: str, marker: str, comment: str) -> str:
        with self._lock:
            self._ours[id, marker] = comment
            while len(self._ours) > KEPT:
                self._ours.popitem(last=False)
        return comment

    def _forget(self, id: str, marker: str) -> None:
        with self._lock:
            self._ours.pop((id, marker), None)


def entries(rows: Sequence[Any], since: datetime | None) -> list[Change]:
    """The changelog, oldest first."""
    found = sorted((reading.fit(models.Entry, one) for one in rows), key=lambda one: (one.created, one.id))
    return [change for one in found if since is None or one.created >= since for change in reading.changes(one)]


def _id(id: str) -> str:
    """An id or a key, as one part of a path."""
    return quote(id, safe="")
