"""The demonstration itself: its query language, its page, and what it forbids."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.outside.tracker.jira.demo import jql
from quarterdeck.outside.tracker.jira.demo.seed import larkfield
from quarterdeck.outside.tracker.jira.demo.server import EMAIL, TOKEN, Demo
from quarterdeck.outside.tracker.jira.demo.site import AGENT, IDA
from quarterdeck.outside.tracker.jira.jql import changed, without_order


@pytest.fixture
def demo() -> Iterator[Demo]:
    with Demo(larkfield()) as made:
        yield made


def found(demo: Demo, query: str) -> list[str]:
    test, _, _ = jql.parse(query, datetime.now(UTC), AGENT, demo.site.known)
    return [row["key"] for row in demo.site.indexed(set()) if test(row)]


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("key in (LARK-1, LARK-2)", ["LARK-1", "LARK-2"]),
        ('project = LARK AND (issuetype = Epic OR key = "LARK-1")', ["LARK-1", "LARK-9"]),
        ("key = LARK-1 OR key = LARK-2 AND status = Done", ["LARK-1"]),
        ("parent = LARK-9", ["LARK-7", "LARK-8"]),
        ("labels is EMPTY", ["LARK-9"]),
        ("not project = LARK", []),
        ("project = LARK AND labels not in (money, refunds, seo) and key = LARK-1", []),
        ("assignee = currentUser()", []),
        ("summary ~ refund", ["LARK-1"]),
        ("statusCategory = Done", []),
        ("updated < -1d", []),
    ],
)
def test_queries_are_understood_as_jira_does(demo: Demo, query: str, keys: list[str]) -> None:
    assert found(demo, query) == keys


@given(st.lists(st.sampled_from(["project", "=", "LARK", "(", ")", "and", "OR", "not", "in", ",", '"', "order", "by", "updated",
                                 ">=", "-5m", "is", "empty", "~", "currentUser", "'"]), max_size=9).map(" ".join))  # fmt: skip
def test_whatever_is_asked_is_understood_or_refused_in_words(query: str) -> None:
    try:
        jql.parse(query, datetime.now(UTC), AGENT, lambda what: {"LARK"})
    except jql.BadJql as no:
        refused = str(no)
        assert refused


def test_our_own_part_of_a_query_stays_beside_a_persons() -> None:
    at = datetime(2026, 11, 2, tzinfo=UTC)
    assert without_order('summary ~ "order by me" ORDER BY key') == 'summary ~ "order by me"'
    assert (
        changed("a = 1 OR b = 2 order by c", at, at - at, at)
        == "(a = 1 OR b = 2) AND updated >= -1m ORDER BY updated DESC"
    )
    assert changed("", at, at - at, at) == "updated >= -1m ORDER BY updated DESC"


def test_the_page_lets_ida_do_what_people_do(demo: Demo) -> None:
    def press(**form: str) -> None:
        httpx.post(f"{demo.url}/", data=form, trust_env=False)

    press(key="LARK-2", what="label", word="agent:implement")
    press(key="LARK-2", what="say", word="<script>alert(1)</script> please")
    press(key="LARK-2", what="assign", word="")
    press(key="LARK-2", what="move", word="Done")
    press(key="LARK-2", what="move", word="Elsewhere")
    press(key="LARK-99", what="label", word="x")
    row = demo.site.find("LARK-2")
    assert row is not None
    f = row["fields"]
    assert ("agent:implement" in f["labels"], f["assignee"]["accountId"], f["status"]["name"]) == (True, AGENT, "Done")
    assert [one["author"]["accountId"] for one in demo.site.comments[row["id"]]] == [IDA]
    page = httpx.get(f"{demo.url}/", trust_env=False).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>" not in page


def test_another_page_in_the_same_browser_may_do_nothing(demo: Demo) -> None:
    form = {"key": "LARK-2", "what": "label", "word": "agent:implement"}
    said = httpx.post(f"{demo.url}/", data=form, headers={"origin": "https://evil.example"}, trust_env=False)
    assert said.status_code == 403
    row = demo.site.find("LARK-2")
    assert row is not None
    assert "agent:implement" not in row["fields"]["labels"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/rest/api/3/search?jql=x", 410), ("GET", "/rest/api/3/nothing", 404), ("DELETE", "/rest/api/3/field", 405),
     ("GET", "/rest/api/3/webhook", 403), ("GET", "/rest/api/3/issue/LARK-77", 404)],
)  # fmt: skip
def test_it_refuses_as_cloud_does(demo: Demo, method: str, path: str, status: int) -> None:
    assert httpx.request(method, demo.url + path, auth=(EMAIL, TOKEN), trust_env=False).status_code == status
    assert httpx.request(method, demo.url + path, auth=(EMAIL, "stale"), trust_env=False).status_code == 401


def test_who_started_it_may_ask_whether_it_is_there(demo: Demo) -> None:
    assert httpx.get(f"{demo.url}/healthz", trust_env=False).status_code == 200


def test_a_body_that_is_none_is_refused(demo: Demo) -> None:
    said = httpx.post(
        f"{demo.url}/rest/api/3/issue/LARK-1/comment", json={"body": "plain"}, auth=(EMAIL, TOKEN), trust_env=False
    )
    assert (said.status_code, said.json()["errors"]) == (400, {"comment": "Comment body is not valid!"})
