"""Jira Cloud over REST v3: documents for text, tokens for pages, a property as the mark of our own comments."""

import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from quarterdeck.errors import Refused
from quarterdeck.outside.tracker.jira import models, reading
from quarterdeck.outside.tracker.jira.adf_write import document
from quarterdeck.outside.tracker.jira.base import MOST_PAGES, PAGE, Jira, entries
from quarterdeck.outside.tracker.jira.calling import Call, Client
from quarterdeck.outside.tracker.jira.jql import quoted
from quarterdeck.outside.tracker.shapes import Attachment, Change, Draft, Hook, Issue, Page

AT_ONCE = 100
RECONCILED = 50
FRESH_SECONDS = 300.0
"""So long after a write of ours a search is told to look at that ticket itself: the index is later than we are."""


class Cloud(Jira):
    api = "/rest/api/3"

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._touched: deque[tuple[float, str]] = deque(maxlen=RECONCILED)
        if client.config.oauth():
            self.can = self.can | {"hooks"}

    def search(self, query: str, cursor: str = "") -> Page:
        body: dict[str, Any] = {"jql": query, "fields": self._wanted(), "maxResults": PAGE}
        if cursor:
            body["nextPageToken"] = cursor
        if own := self._fresh():
            body["reconcileIssues"] = own
        told = self._ask("/search/jql", body) or {}
        issues = [self._issue(one) for one in told.get("issues") or []]
        token = str(told.get("nextPageToken") or "")
        return Page(issues, token, bool(told.get("isLast", not token)) or not token)

    def count(self, query: str) -> int:
        told = self._ask("/search/approximate-count", {"jql": query}) or {}
        return int(told.get("count", 0))

    def fetch_many(self, ids: Sequence[str]) -> list[Issue]:
        wanted, found = list(dict.fromkeys(ids)), list[Issue]()
        for at in range(0, len(wanted), AT_ONCE):
            body = {"issueIdsOrKeys": wanted[at : at + AT_ONCE], "fields": self._wanted()}
            told = self._ask("/issue/bulkfetch", body, what="ticket") or {}
            found += [self._issue(one) for one in told.get("issues") or []]
        return found

    def changes(self, id: str, since: datetime | None = None) -> list[Change]:
        return entries(list(self._pages(f"/issue/{quote(id, safe='')}/changelog", "values")), since)

    def _content(self, attachment: Attachment) -> Call:
        """Without the redirect: our key stays with Jira, and the content comes from where it was asked for."""
        path = f"{self.api}/attachment/content/{quote(attachment.id, safe='')}"
        return Call("GET", path, query={"redirect": "false"}, what="attachment")

    # Comments

    def _rich(self, text: str) -> Any:
        return document(text)

    def _find_comment(self, id: str, marker: str) -> str:
        mine = self.me().id
        rows = [
            reading.fit(models.Said, one) for one in self._pages(f"/issue/{quote(id, safe='')}/comment", "comments")
        ]
        ids = [int(one.id) for one in rows if one.author.who() == mine and one.id.isdigit()]
        for at in range(0, len(ids), AT_ONCE):
            body = {"ids": ids[at : at + AT_ONCE]}
            told = self._ask("/comment/list", body, what="comment", query={"expand": "properties"}) or {}
            for one in told.get("values") or []:
                said = reading.fit(models.Said, one)
                if reading.marker(said) == marker:
                    return said.id
        return ""

    def _write_comment(self, id: str, marker: str, text: str) -> str:
        body = {"body": document(text), "properties": [{"key": reading.MARKER, "value": {"marker": marker}}]}
        return str(self._touch(id, self._write("POST", id, "/comment", body))["id"])

    def _edit_comment(self, id: str, comment: str, marker: str, text: str) -> None:
        """Quietly: a status that changes every few seconds must not write e-mails."""
        path = f"/comment/{quote(comment, safe='')}"
        self._touch(id, self._write("PUT", id, path, {"body": document(text)}, {"notifyUsers": "false"}))

    # Other writes

    def transition(self, id: str, category: str, **more: Any) -> bool:
        moved = super().transition(id, category, **more)
        self._touch(id)
        return moved

    def label(self, id: str, **more: Sequence[str]) -> None:
        super().label(id, **more)
        self._touch(id)

    def worklog(self, id: str, marker: str, seconds: int, words: str, at: datetime) -> str:
        self._may("worklog")
        body: dict[str, Any] = {
            "timeSpentSeconds": max(60, seconds), "comment": document(words), "started": _time(at),
            "properties": [{"key": reading.MARKER, "value": {"marker": marker}}],
        }  # fmt: skip
        query = {"notifyUsers": "false", "adjustEstimate": "leave"}
        rows = self._pages(f"/issue/{quote(id, safe='')}/worklog", "worklogs", {"expand": "properties"})
        for said in (reading.fit(models.Said, one) for one in rows):
            if said.author.who() == self.me().id and reading.marker(said) == marker:
                self._write("PUT", id, f"/worklog/{quote(said.id, safe='')}", body, query)
                return said.id
        return str(self._write("POST", id, "/worklog", body, query)["id"])

    def create(self, marker: str, draft: Draft) -> Issue:
        self._may("create")
        fields: dict[str, Any] = {
            "project": {"key": draft.project}, "issuetype": {"name": draft.kind}, "summary": draft.title[:255],
            "description": document(draft.description), "labels": list(draft.labels),
        }  # fmt: skip
        if draft.parent:
            if made := self._made(marker, draft.parent):
                return made
            fields["parent"] = {"id": draft.parent} if draft.parent.isdigit() else {"key": draft.parent}
        body = {"fields": fields, "properties": [{"key": reading.MARKER, "value": {"marker": marker}}]}
        told = self._client.call(Call("POST", f"{self.api}/issue", "write", what="project", body=body))
        self._touch(str(told["id"]))
        return self.fetch(str(told["id"]))

    def _made(self, marker: str, parent: str) -> Issue | None:
        """Our own child of that parent that carries the marker. Whoever may edit a ticket can write one: who made it counts."""
        body: dict[str, Any] = {"jql": f"parent = {quoted(parent)}", "fields": ["summary"], "properties": [reading.MARKER],
                                "maxResults": 100}  # fmt: skip
        if own := self._fresh():
            body["reconcileIssues"] = own
        for _ in range(MOST_PAGES):
            told = self._ask("/search/jql", body) or {}
            for one in told.get("issues") or []:
                named = ((one.get("properties") or {}).get(reading.MARKER) or {}).get("marker") == marker
                if named and (made := self._own(str(one["id"]))):
                    return made
            if told.get("isLast", True) or not told.get("nextPageToken"):
                return None
            body["nextPageToken"] = told["nextPageToken"]
        return None

    def _touch(self, id: str, told: Any = None) -> Any:
        if id.isdigit():
            with self._lock:
                self._touched.append((time.monotonic(), id))
        return told

    def _fresh(self) -> list[int]:
        """Which tickets we wrote to a moment ago."""
        limit = time.monotonic() - FRESH_SECONDS
        with self._lock:
            return sorted({int(id) for at, id in self._touched if at >= limit})

    # Webhooks of our own client; those that an administrator entered are none of our business

    def hooks(self) -> list[Hook]:
        return [] if "hooks" not in self.can else [
            Hook(str(one["id"]), str(one.get("jqlFilter", "")), list(one.get("events") or []), _until(one),
                 str(one.get("url", "")))
            for one in self._pages("/webhook", "values")
        ]  # fmt: skip

    def hook(self, url: str, query: str, events: Sequence[str]) -> Hook:
        if "hooks" not in self.can:
            return super().hook(url, query, events)
        body = {"url": url, "webhooks": [{"jqlFilter": query, "events": list(events)}]}
        told = self._client.call(Call("POST", f"{self.api}/webhook", "write", what="query", body=body)) or {}
        made = (told.get("webhookRegistrationResult") or [{}])[0]
        if not made.get("createdWebhookId"):
            words = " ".join(str(one) for one in made.get("errors") or [])
            raise Refused(words or "Jira registered no webhook.", reason="bad_query", status=422)
        id = str(made["createdWebhookId"])
        return next((one for one in self.hooks() if one.id == id), Hook(id, query, list(events), None, url))

    def refresh_hooks(self, ids: Sequence[str]) -> datetime:
        if "hooks" not in self.can:
            return super().refresh_hooks(ids)
        told = self._client.call(
            Call("PUT", f"{self.api}/webhook/refresh", "write", what="webhook", body=_numbers(ids))
        )
        return models.at((told or {}).get("expirationDate"))

    def unhook(self, ids: Sequence[str]) -> None:
        if "hooks" not in self.can:
            return super().unhook(ids)
        self._client.call(Call("DELETE", f"{self.api}/webhook", "write", what="webhook", body=_numbers(ids)))


def _numbers(ids: Sequence[str]) -> dict[str, list[int]]:
    return {"webhookIds": [int(one) for one in ids]}


def _until(row: dict[str, Any]) -> datetime | None:
    return models.at(row["expirationDate"]) if row.get("expirationDate") else None


def _time(at: datetime) -> str:
    """As Jira wants it: milliseconds, and an offset without a colon."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
