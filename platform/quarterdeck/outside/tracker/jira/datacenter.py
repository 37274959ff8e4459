"""Jira Data Center over REST v2: wiki markup for text, startAt for pages, an anchor as the mark of our own comments."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from quarterdeck.errors import Refused
from quarterdeck.outside.tracker.jira import models, reading
from quarterdeck.outside.tracker.jira.base import MOST_PAGES, PAGE, Jira, entries
from quarterdeck.outside.tracker.jira.calling import Call
from quarterdeck.outside.tracker.jira.jql import quoted
from quarterdeck.outside.tracker.jira.wiki_write import wiki
from quarterdeck.outside.tracker.shapes import Attachment, Change, Draft, Issue, Page

AT_ONCE = 100
WINDOW = 10_000
"""Beyond it Data Center answers with an error page."""
_UNFIT = re.compile(r"[^\w.:/-]")


class DataCenter(Jira):
    api = "/rest/api/2"

    def search(self, query: str, cursor: str = "") -> Page:
        start = int(cursor) if cursor.isdigit() else 0
        told = self._found(query, start, PAGE, self._wanted())
        issues = [self._issue(one) for one in told.get("issues") or []]
        after = start + len(issues)
        return Page(issues, str(after), not issues or after >= min(int(told.get("total", 0)), WINDOW))

    def _found(self, query: str, start: int, most: int, fields: Sequence[str]) -> dict[str, Any]:
        asked = {"jql": query, "startAt": start, "maxResults": most, "fields": ",".join(fields)}
        return self._get("/search", query=asked, what="query") or {}

    def count(self, query: str) -> int:
        return int(self._found(query, 0, 0, ["summary"]).get("total", 0))

    def fetch_many(self, ids: Sequence[str]) -> list[Issue]:
        """One search for a hundred; those that it does not bring, one by one: Jira stumbles over one that is gone."""
        wanted, found = list(dict.fromkeys(ids)), list[Issue]()
        for at in range(0, len(wanted), AT_ONCE):
            some = wanted[at : at + AT_ONCE]
            rows = [one for one in self._at_once(some) if one.id in some or one.key in some]
            seen = {one.id for one in rows} | {one.key for one in rows}
            found += rows + [issue for one in some if one not in seen and (issue := self._there(one))]
        return found

    def _at_once(self, some: Sequence[str]) -> list[Issue]:
        listed = ", ".join(one if one.isdigit() else quoted(one) for one in some)
        name = "id" if all(one.isdigit() for one in some) else "key"
        try:
            told = self._found(f"{name} in ({listed})", 0, AT_ONCE, self._wanted())
        except Refused as no:
            if no.reason != "bad_query":
                raise
            return []
        return [self._issue(one) for one in told.get("issues") or []]

    def _there(self, id: str) -> Issue | None:
        try:
            return self.fetch(id)
        except Refused as no:
            if no.status == 404:
                return None
            raise

    def changes(self, id: str, since: datetime | None = None) -> list[Change]:
        told = self._get(f"/issue/{quote(id, safe='')}", query={"fields": "updated", "expand": "changelog"}) or {}
        return entries((told.get("changelog") or {}).get("histories") or [], since)

    def _content(self, attachment: Attachment) -> Call:
        """Its address is the server's own word, but our key goes nowhere else: only the path is taken from it."""
        parts = urlsplit(attachment.url)
        prefix = urlsplit(self._client.config.base_url).path.rstrip("/")
        path = parts.path.removeprefix(prefix)
        if not path.startswith("/secure/attachment/"):
            path = f"/secure/attachment/{quote(attachment.id, safe='')}/{quote(attachment.name, safe='')}"
        return Call("GET", path, what="attachment")

    # Comments

    def _rich(self, text: str) -> Any:
        return wiki(text)

    def _find_comment(self, id: str, marker: str) -> str:
        mine = self.me().id
        for said in (
            reading.fit(models.Said, one) for one in self._pages(f"/issue/{quote(id, safe='')}/comment", "comments")
        ):
            if reading.marker(said) == _word(marker) and said.author.who() == mine:
                return said.id
        return ""

    def _write_comment(self, id: str, marker: str, text: str) -> str:
        return str(self._write("POST", id, "/comment", {"body": _marked(text, marker)})["id"])

    def _edit_comment(self, id: str, comment: str, marker: str, text: str) -> None:
        self._write("PUT", id, f"/comment/{quote(comment, safe='')}", {"body": _marked(text, marker)})

    # Other writes

    def worklog(self, id: str, marker: str, seconds: int, words: str, at: datetime) -> str:
        self._may("worklog")
        started = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        body = {"timeSpentSeconds": max(60, seconds), "comment": _marked(words, marker), "started": started}
        query = {"adjustEstimate": "leave"}
        for row in self._pages(f"/issue/{quote(id, safe='')}/worklog", "worklogs"):
            said = reading.fit(models.Said, {**row, "body": row.get("comment")})
            if reading.marker(said) == _word(marker) and said.author.who() == self.me().id:
                self._write("PUT", id, f"/worklog/{quote(said.id, safe='')}", body, query)
                return said.id
        return str(self._write("POST", id, "/worklog", body, query)["id"])

    def create(self, marker: str, draft: Draft) -> Issue:
        """A child of an epic by the field Epic Link, a sub-task by its parent; the mark stands in its description."""
        self._may("create")
        fields: dict[str, Any] = {
            "project": {"key": draft.project}, "issuetype": {"name": draft.kind}, "summary": draft.title[:255],
            "description": _marked(draft.description, marker), "labels": list(draft.labels),
        }  # fmt: skip
        if draft.parent:
            if made := self._made(marker, draft):
                return made
            fields |= self._below(draft)
        told = self._client.call(Call("POST", f"{self.api}/issue", "write", what="project", body={"fields": fields}))
        return self.fetch(str(told["id"]) if "id" in told else str(told["key"]))

    def _below(self, draft: Draft) -> dict[str, Any]:
        epic = self._epic_field()
        if draft.kind == "Sub-task" or not epic:
            return {"parent": {"id": draft.parent} if draft.parent.isdigit() else {"key": draft.parent}}
        return {epic: self.fetch(draft.parent).key}

    def _epic_field(self) -> str:
        return next((one.id for one in self.fields() if one.name == "Epic Link"), "")

    def _made(self, marker: str, draft: Draft) -> Issue | None:
        below = '"Epic Link"' if draft.kind != "Sub-task" and self._epic_field() else "parent"
        query, start = f"{below} = {quoted(draft.parent)}", 0
        for _ in range(MOST_PAGES):
            told = self._found(query, start, PAGE, ["description"])
            rows = told.get("issues") or []
            for one in rows:
                said = reading.fit(models.Said, {"body": (one.get("fields") or {}).get("description")})
                if reading.marker(said) == _word(marker) and (made := self._own(str(one["id"]))):
                    return made
            start += len(rows)
            if not rows or start >= int(told.get("total", 0)):
                return None
        return None


def _word(marker: str) -> str:
    """What an anchor's name may hold."""
    return _UNFIT.sub("-", marker)


def _marked(text: str, marker: str) -> str:
    """The anchor is drawn by no browser, and it cannot come from the text: a brace in it is escaped."""
    return f"{wiki(text)}\n\n{{anchor:quarterdeck-{_word(marker)}}}"
