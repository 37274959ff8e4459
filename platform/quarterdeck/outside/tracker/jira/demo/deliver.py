"""Webhooks as Atlassian sends them: signed, with an identifier that stays the same over all attempts, in the older text form."""

import json
import queue
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from quarterdeck.outside.tracker.jira import adf_read
from quarterdeck.outside.tracker.jira.demo import jql, routes
from quarterdeck.outside.tracker.jira.demo.site import AGENT, Happened, Row, Site
from quarterdeck.outside.tracker.jira.hooks import sign, token
from quarterdeck.outside.tracker.jira.wiki_write import wiki

ATTEMPTS = 5
PAUSE = 2.0
EVENTS = {
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
}


@dataclass(frozen=True)
class Delivery:
    """One attempt's request: Jira sends it again, the same, until somebody takes it."""

    url: str
    headers: dict[str, str]
    body: bytes


class Deliverer:
    """Sends in order, in a thread of its own. `url` and `secret` are an administrator's webhook; `hooks` those of the app."""

    def __init__(
        self, site: Site, hooks: dict[str, Row], *, url: str = "", secret: str = "", client_secret: str = "",
        send: Callable[[Delivery], bool] | None = None, pause: float = PAUSE,
    ) -> None:  # fmt: skip
        self.site, self.hooks, self.url, self.secret, self.client_secret = site, hooks, url, secret, client_secret
        self._send, self._pause = send or _post, pause
        self._waiting: queue.Queue[Delivery | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, daemon=True, name="jira-webhooks")

    def start(self) -> None:
        self.site.tell = self.happened
        self._thread.start()

    def stop(self) -> None:
        self._waiting.put(None)
        self._thread.join(timeout=10)

    def settle(self) -> None:
        """Returns when all that happened is delivered or given up."""
        self._waiting.join()

    def happened(self, one: Happened) -> None:
        raw = json.dumps(payload(one)).encode()
        if self.url:
            self._waiting.put(Delivery(self.url, headers({"x-hub-signature": sign(raw, self.secret)}), raw))
        for hook in list(self.hooks.values()):
            if one.event in hook["events"] and not routes.expired(hook, one.at) and self._fits(hook, one):
                now = datetime.now(UTC).timestamp()
                proof = token(self.client_secret, {"iss": "demo", "iat": int(now), "exp": int(now) + 180})
                body = json.dumps({**payload(one), "matchedWebhookIds": [hook["id"]]}).encode()
                self._waiting.put(Delivery(hook["url"], headers({"authorization": f"Bearer {proof}"}), body))

    def _fits(self, hook: Row, one: Happened) -> bool:
        test, _, _ = jql.parse(hook["jqlFilter"], one.at, AGENT, self.site.known)
        return test(one.issue)

    def _work(self) -> None:
        while (one := self._waiting.get()) is not None:
            for attempt in range(ATTEMPTS):
                again = {"x-atlassian-webhook-retry": str(attempt)} if attempt else {}
                if self._send(Delivery(one.url, {**one.headers, **again}, one.body)):
                    break
                time.sleep(self._pause * attempt)
            self._waiting.task_done()
        self._waiting.task_done()


def headers(proof: dict[str, str]) -> dict[str, str]:
    return {"content-type": "application/json; charset=UTF-8", "x-atlassian-webhook-identifier": str(uuid.uuid4()),
            "x-atlassian-webhook-flow": "Primary", "user-agent": "Atlassian Webhook HTTP Client", **proof}  # fmt: skip


def _post(one: Delivery) -> bool:
    try:
        return httpx.post(one.url, content=one.body, headers=one.headers, timeout=20, trust_env=False).status_code < 300
    except httpx.HTTPError:
        return False


def payload(one: Happened) -> Row:
    """Comments tell only a sketch of their issue; issue events tell the issue whole, without its comments."""
    told: Row = {"timestamp": int(one.at.timestamp() * 1000), "webhookEvent": one.event}
    fields = {name: _old(value) for name, value in one.issue["fields"].items() if name != "comment"}
    if one.comment is not None:
        kept = ("summary", "issuetype", "project", "assignee", "priority", "status")
        said = {name: _old(value) for name, value in one.comment.items() if name != "properties"}
        return {**told, "comment": said, "issue": {**one.issue, "fields": {name: fields[name] for name in kept}}}
    told |= {"user": {"accountId": one.by, "displayName": _name(one)}, "issue": {**one.issue, "fields": fields}}
    if one.type:
        told["issue_event_type_name"] = one.type
    return {**told, "changelog": {"id": str(told["timestamp"]), "items": one.items}} if one.items else told


def _name(one: Happened) -> str:
    people = (one.issue["fields"].get(name) or {} for name in ("reporter", "assignee", "creator"))
    return next((person["displayName"] for person in people if person.get("accountId") == one.by), one.by)


def _old(value: Any) -> Any:
    """Webhooks tell text as wiki markup, whatever REST v3 does."""
    return wiki(adf_read.markdown(value)) if isinstance(value, dict) and value.get("type") == "doc" else value
