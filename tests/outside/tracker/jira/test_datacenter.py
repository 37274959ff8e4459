"""Jira Data Center: the contract against an independent server, and what that server does not know against recorded shapes."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from quarterdeck.errors import Refused
from quarterdeck.outside.tracker.jira.config import Config
from quarterdeck.outside.tracker.jira.connect import connect
from quarterdeck.outside.tracker.port import WRITES
from quarterdeck.outside.tracker.shapes import Attachment, Draft
from testkit import trackers


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with trackers.jira820() as url:
        yield url


def config(url: str, allowed: frozenset[str] = WRITES) -> Config:
    return Config("datacenter", url, token="personal-access-token", allowed=allowed)


class TestDataCenter(trackers.Contract):
    @pytest.fixture
    def bench(self, address: str) -> trackers.Bench:
        tracker = connect(config(address))
        made = [tracker.create(f"m{n}", Draft("LARK", "Task", f"Ticket {n}", "Text")) for n in range(3)]
        return trackers.Bench(
            tracker, "project = LARK", lambda key: f'key = "{key}"', [one.key for one in made], "LARK-99999", ("Done",),
            switched=lambda allowed: connect(config(address, allowed)),
            screen={"Log Work": "5m", "Assignee": {"name": "admin"}, "Resolution": "Done"},
        )  # fmt: skip


def test_the_story_of_a_ticket_is_told_there(address: str) -> None:
    """Found by a poll, commented, moved, linked: as another program reads it."""
    jira = connect(config(address))
    made = jira.create("story", Draft("LARK", "Story", "Prices are rounded twice", "Once, **at the end**."))
    began = datetime.now(UTC)
    assert made.key in {one.key for one in jira.changed_since(f"key = {made.key}", began).issues}
    comment = jira.comment(made.id, "run-1", "**Working**\n\n- step 1\n- step 2")
    assert jira.comment(made.id, "run-1", "Merged: [the run](https://deck.example/1)") == comment
    assert jira.transition(made.id, "doing", names=["In Progress"]) is True
    jira.link(made.id, "quarterdeck-run-1", "https://deck.example/1", "Run 1")
    jira.link(made.id, "quarterdeck-run-1", "https://deck.example/1", "Run 1: merged")
    rest = f"{address}/rest/api/2/issue/{made.key}"
    raw = httpx.get(rest, trust_env=False).json()["fields"]
    bodies = [one["body"] for one in httpx.get(f"{rest}/comment", trust_env=False).json()["comments"]]
    assert bodies == ["Merged: [the run|https://deck.example/1]\n\n{anchor:quarterdeck-run-1}"]
    assert raw["status"]["name"] == "In Progress"
    ours = [
        one
        for one in httpx.get(f"{rest}/remotelink", trust_env=False).json()
        if one.get("globalId") == "quarterdeck-run-1"
    ]
    assert [one["object"]["title"] for one in ours] == ["Run 1: merged"]
    again = connect(config(address))
    assert again.comment(made.id, "run-1", "Known again") == comment
    assert [one.marker for one in again.comments(made.id)] == ["run-1"]
    assert [(one.field, one.was, one.now) for one in again.changes(made.id) if one.field == "status"] == [
        ("status", "Open", "In Progress")
    ]


def test_its_screen_asks_and_is_answered(address: str) -> None:
    jira = connect(config(address))
    made = jira.create("screen", Draft("LARK", "Task", "Asks a lot"))
    with pytest.raises(Refused) as no:
        jira.transition(made.id, "done", names=["Done"])
    assert (no.value.reason, "Resolution (Done, Won't Do" in no.value.text) == ("screen_fields", True)
    fields = {"Log Work": "1h", "Assignee": {"name": "admin"}, "Resolution": "Duplicate"}
    assert jira.transition(made.id, "done", names=["Done"], fields=fields) is True
    raw = httpx.get(f"{address}/rest/api/2/issue/{made.key}", trust_env=False).json()["fields"]
    assert (raw["status"]["name"], raw["assignee"]["name"]) == ("Done", "admin")
    assert [
        one["timeSpentSeconds"]
        for one in httpx.get(f"{address}/rest/api/2/issue/{made.key}/worklog", trust_env=False).json()["worklogs"]
    ] == [3600]


def test_an_attachment_is_fetched_from_the_server_and_from_nowhere_else(address: str) -> None:
    jira = connect(config(address))
    made = jira.create("files", Draft("LARK", "Task", "With a file"))
    put = httpx.post(
        f"{address}/rest/api/2/issue/{made.key}/attachments", files={"file": ("a.txt", b"line")}, trust_env=False
    )
    assert put.status_code == 200
    kept = jira.fetch(made.id).attachments[0]
    assert jira.attachment(kept, 100) == b"line"
    elsewhere = Attachment(kept.id, kept.name, kept.mime, kept.size, url="http://127.0.0.1:1/secure/attachment/9/a.txt")
    with pytest.raises(Refused):
        jira.attachment(elsewhere, 100)  # the path of that address, on our own server: there is none


Answer = Callable[[httpx.Request], httpx.Response]


def server(answers: dict[str, Any], seen: list[httpx.Request]) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        told = answers.get(f"{request.method} {request.url.path}")
        return (
            httpx.Response(404, json={"errorMessages": ["Issue Does Not Exist"]})
            if told is None
            else httpx.Response(200, json=told)
        )

    return httpx.MockTransport(answer)


def test_a_personal_token_goes_as_bearer_and_labels_as_steps() -> None:
    seen: list[httpx.Request] = []
    jira = connect(config("https://jira.example/base"), transport=server({"PUT /base/rest/api/2/issue/7": {}}, seen))
    jira.label("7", add=["a"], remove=["b"])
    assert seen[0].headers["authorization"] == "Bearer personal-access-token"
    assert json.loads(seen[0].content) == {"update": {"labels": [{"add": "a"}, {"remove": "b"}]}}


def test_a_search_ends_at_the_window_that_the_server_has() -> None:
    row = {"id": "1", "key": "A-1", "fields": {"summary": "x"}}
    answers = {"GET /rest/api/2/field": [], "GET /rest/api/2/search": {"issues": [row] * 50, "total": 40_000}}
    jira = connect(config("https://jira.example"), transport=server(answers, []))
    assert jira.search("project = A", "9900").last is False
    assert jira.search("project = A", "9950").last is True


def test_a_captcha_is_named_as_what_it_is() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, headers={"x-seraph-loginreason": "AUTHENTICATION_DENIED"})

    jira = connect(config("https://jira.example"), transport=httpx.MockTransport(answer))
    with pytest.raises(Refused) as no:
        jira.me()
    assert (no.value.reason, "CAPTCHA" in no.value.text) == ("bad_key", True)


def test_a_redirect_is_not_followed_with_our_key_in_the_hand() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(302, headers={"location": "https://evil.example/"})

    with pytest.raises(Refused):
        connect(config("https://jira.example"), transport=httpx.MockTransport(answer)).me()
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Config("server", "https://a.example", token="t"), "cloud or datacenter"),
        (Config("datacenter", "file:///etc", token="t"), "https://"),
        (Config("datacenter", "https://a.example"), "token"),
        (Config("cloud", "https://a.example", token="t"), "e-mail"),
        (Config("cloud", "https://a.example", client_id="c"), "secret"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_anything_is_asked(given: Config, words: str) -> None:
    with pytest.raises(Refused) as no:
        connect(given)
    assert words in no.value.text
