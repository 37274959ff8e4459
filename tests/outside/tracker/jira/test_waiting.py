"""How long Jira wants us to wait, and who waits: by number, by date, by reset; and each lane for itself."""

import gzip
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.tracker.jira import oauth
from quarterdeck.outside.tracker.jira.calling import Call, Client
from quarterdeck.outside.tracker.jira.config import Config, MemoryTokens, Tokens
from quarterdeck.outside.tracker.jira.connect import connect
from quarterdeck.outside.tracker.jira.pauses import Pauses
from quarterdeck.outside.tracker.jira.refusals import refusal, retry_after, sentences


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry-after": "7"}, 7, 7),
        ({"retry-after": "0"}, 1, 1),
        ({"retry-after": "-5"}, 1, 1),
        ({"retry-after": "nan"}, 30, 30),
        ({"retry-after": "1e9"}, 3600, 3600),
        ({"retry-after": "date"}, 100, 121),
        ({"x-ratelimit-reset": "iso"}, 100, 121),
        ({"retry-after": "soon"}, 30, 30),
        ({}, 30, 30),
    ],
)
def test_how_long_is_read_in_every_form(headers: dict[str, str], least: float, most: float) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=120)
    forms = {"date": format_datetime(soon, usegmt=True), "iso": soon.isoformat()}
    told = {name: forms.get(value, value) for name, value in headers.items()}
    assert least <= retry_after(httpx.Headers(told)) <= most


def test_each_lane_waits_for_itself_and_its_own_time() -> None:
    now = [0.0]
    pauses = Pauses(lambda: now[0])
    pauses.wait("write", 10, "rate:jira-burst-based")
    pauses.wait("issue:7", 60, "rate:jira-per-issue-on-write")
    pauses.check("read")
    with pytest.raises(TryLater) as later:
        pauses.check("write", "issue:7")
    assert (later.value.after, later.value.reason) == (60, "rate:jira-per-issue-on-write")
    now[0] = 11.0
    pauses.check("write", "issue:8")
    with pytest.raises(TryLater):
        pauses.check("write", "issue:7")
    now[0] = 61.0
    pauses.check("write", "issue:7")


def test_a_thousand_pauses_do_not_become_a_million() -> None:
    now = [0.0]
    pauses = Pauses(lambda: now[0])
    for n in range(5_000):
        now[0] = float(n)
        pauses.wait(f"issue:{n}", 1, "rate:x")
    assert len(pauses._until) <= 1_001


def test_jiras_words_are_told_and_our_key_is_not() -> None:
    raw = b'{"errorMessages":["Bad key s3cret."],"errors":{"summary":"Too long"}}'
    no = refusal(400, httpx.Headers(), raw, "ticket", ["s3cret"])
    assert isinstance(no, Refused)
    assert no.text == "Bad key …. summary: Too long"
    assert sentences(b"<html>") == sentences(b"[]") == sentences(b"") == ""


def test_jira_that_is_away_is_tried_later() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("silent")

    for broken in (away, silent):
        jira = connect(Config("datacenter", "https://jira.example", token="t"), transport=httpx.MockTransport(broken))
        with pytest.raises(TryLater):
            jira.search("project = A")
        assert [ok for _, ok, _ in jira.test()] == [False]


def test_a_page_of_html_is_no_answer() -> None:
    answer = httpx.MockTransport(lambda request: httpx.Response(200, text="<html>Log in</html>"))
    jira = connect(Config("datacenter", "https://jira.example", token="t"), transport=answer)
    with pytest.raises(TryLater):
        jira.me()


@pytest.mark.parametrize(("status", "kind"), [(429, TryLater), (503, TryLater), (403, Refused)])
def test_a_sign_in_that_fails_says_whether_it_will_pass(status: int, kind: type[Exception]) -> None:
    config = Config("cloud", "https://a.example", cloud_id="c", client_id="i", client_secret="s")
    web = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(status, json={"error": "x"})))
    with pytest.raises(kind):
        oauth.refresh(config, Tokens("a", "r", 0), web)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>Sign in to the network first</html>"), httpx.Response(302, headers={"location": "/"}),
        httpx.Response(200, text="[" * 100_000),
    ],
)  # fmt: skip
def test_a_sign_in_that_answers_oddly_is_asked_again_later(answer: httpx.Response) -> None:
    with httpx.Client(transport=httpx.MockTransport(lambda request: answer)) as web, pytest.raises(TryLater):
        oauth.refresh(Config("cloud", "https://j", client_id="c", client_secret="s"), Tokens("a", "r", 0.0), web)


def test_a_token_whose_life_is_told_oddly_is_kept() -> None:
    """The refresh token in it serves once: thrown away, the sign-in were lost."""
    told = httpx.Response(200, json={"access_token": "new", "refresh_token": "next", "expires_in": "soon"})
    with httpx.Client(transport=httpx.MockTransport(lambda request: told)) as web:
        made = oauth.refresh(Config("cloud", "https://j"), Tokens("a", "r", 0.0), web, lambda: 100.0)
    assert made == Tokens("new", "next", 3700.0)


def test_sites_that_are_none_are_left_out() -> None:
    told = httpx.Response(200, json=["odd", None, {"name": "no id"}, {"id": "1", "name": "Ours", "url": "https://j"}])
    with httpx.Client(transport=httpx.MockTransport(lambda request: told)) as web:
        assert oauth.sites(Config("cloud", "https://j"), Tokens("a", "r", 0.0), web) == [("1", "Ours", "https://j")]


def test_two_processes_renew_one_token_once() -> None:
    asked: list[str] = []

    def ask(old: Tokens) -> Tokens:
        asked.append(old.refresh)
        return Tokens("new", "next", 9e9)

    store = MemoryTokens(Tokens("old", "once", 0))
    held = store.load()
    assert store.renew(held, ask) == store.renew(held, ask) == Tokens("new", "next", 9e9)
    assert asked == ["once"]


def at(answer: httpx.Response) -> Client:
    config = Config("datacenter", "https://jira.example.com", token="t")
    return Client(config, transport=httpx.MockTransport(lambda _: answer))


def packed(data: bytes, how: str) -> httpx.Response:
    body = gzip.compress(data) if how == "gzip" else zlib.compress(data)
    return httpx.Response(200, headers={"content-encoding": how}, stream=httpx.ByteStream(body))


@pytest.mark.parametrize("how", ["gzip", "deflate"])
def test_a_packed_answer_is_unpacked_no_further_than_is_allowed(how: str) -> None:
    assert at(packed(b'{"a": 1}', how)).call(Call("GET", "/x")) == {"a": 1}
    bomb = packed(b"\0" * 200_000_000, how)
    tracemalloc.start()
    with pytest.raises(Refused, match="longer than 1,000 bytes"):
        at(bomb).content(Call("GET", "/x"), 1_000)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_what_is_packed_otherwise_or_badly_is_no_answer() -> None:
    for headers, body in (({"content-encoding": "br"}, b"x"), ({"content-encoding": "gzip"}, b"not packed")):
        answer = httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))
        with pytest.raises(TryLater, match="packed"):
            at(answer).call(Call("GET", "/x"))
