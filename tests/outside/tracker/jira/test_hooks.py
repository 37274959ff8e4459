"""Webhooks: who signed them, which were here before, and that no byte of a stranger's is taken for Jira's."""

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Refused
from quarterdeck.outside.tracker.jira import hooks
from quarterdeck.outside.tracker.jira.adf_write import document
from quarterdeck.outside.tracker.jira.config import Config, MemoryTokens, Tokens
from quarterdeck.outside.tracker.jira.connect import connect
from quarterdeck.outside.tracker.jira.demo import server
from quarterdeck.outside.tracker.jira.demo.seed import larkfield
from quarterdeck.outside.tracker.jira.demo.server import Demo
from quarterdeck.outside.tracker.jira.demo.site import IDA

RAW, NOW = b'{"webhookEvent":"jira:issue_updated","timestamp":1}', 1_800_000_000.0
CLAIMS = {"iss": "client", "iat": NOW - 10, "exp": NOW + 170}


def refused(raw: bytes, headers: dict[str, str], secrets: list[str], client_secrets: list[str] = []) -> bool:  # noqa: B006
    try:
        hooks.signed(raw, headers, secrets, client_secrets=client_secrets, now=NOW)
    except Refused as no:
        return (no.reason, no.status) == ("bad_signature", 401)
    return False


def test_atlassians_own_example_is_taken() -> None:
    """From Atlassian's pages: this secret and this payload give this signature."""
    raw, secret = b"Hello World!", "It's a Secret to Everybody"
    signature = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
    assert hooks.sign(raw, secret) == signature
    assert not refused(raw, {"X-Hub-Signature": signature}, [secret])


def test_while_a_secret_is_replaced_both_are_good() -> None:
    for secret in ("old", "new"):
        assert not refused(RAW, {"X-Hub-Signature": hooks.sign(RAW, secret)}, ["new", "old"])
    assert refused(RAW, {"X-Hub-Signature": hooks.sign(RAW, "older")}, ["new", "old"])


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"X-Hub-Signature": ""}, {"X-Hub-Signature": "sha256="}, {"X-Hub-Signature": "sha1=abc"},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "Bearer"}, {"X-Hub-Signature": "sha256=é"}, {"Authorization": "Bearer ..."},
    ],
)  # fmt: skip
def test_what_proves_nothing_is_refused(headers: dict[str, str]) -> None:
    assert refused(RAW, headers, ["secret"], ["client"])


def test_no_secret_is_no_key_for_everybody() -> None:
    assert refused(RAW, {"X-Hub-Signature": hooks.sign(RAW, "")}, ["", ""], [""])


@given(st.integers(0, len(RAW) - 1), st.integers(1, 255))
def test_one_changed_byte_is_enough(at: int, by: int) -> None:
    changed = bytearray(RAW)
    changed[at] ^= by
    assert refused(bytes(changed), {"X-Hub-Signature": hooks.sign(RAW, "secret")}, ["secret"])


def test_a_dynamic_webhooks_token_is_taken_in_its_time_alone() -> None:
    def proof(secret: str = "client", **claims: object) -> dict[str, str]:
        return {"Authorization": f"Bearer {hooks.token(secret, {**CLAIMS, **claims})}"}

    assert not refused(RAW, proof(), [], ["client"])
    assert refused(RAW, proof("other"), [], ["client"])
    assert refused(RAW, proof(exp=NOW - 100), [], ["client"])
    assert refused(RAW, proof(iat=NOW + 100, exp=NOW + 300), [], ["client"])
    assert refused(RAW, proof(exp=None), [], ["client"])
    assert refused(RAW, proof(exp="never"), [], ["client"])


def test_a_token_that_chooses_its_own_algorithm_proves_nothing() -> None:
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    body = hooks.token("client", CLAIMS).split(".")[1]
    for end in ("", hooks.token("client", CLAIMS).split(".")[2]):
        assert refused(RAW, {"Authorization": f"Bearer {head}.{body}.{end}"}, [], ["client"])


def test_a_token_of_brackets_proves_nothing() -> None:
    """Deep enough to end the reader: refused like any other, and no error of ours."""
    deep = base64.urlsafe_b64encode(b"[" * 14_000).rstrip(b"=").decode()
    assert refused(RAW, {"Authorization": f"JWT {deep}.e30.e30"}, [], ["client"])


def test_every_attempt_of_a_delivery_has_one_name() -> None:
    assert hooks.delivery_id({"X-Atlassian-Webhook-Identifier": "abc"}, RAW) == hooks.delivery_id(
        {"x-atlassian-webhook-identifier": "abc"}, b""
    )
    assert hooks.delivery_id({}, RAW) == hooks.delivery_id({}, RAW) != hooks.delivery_id({}, RAW + b" ")


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"null", b'{"webhookEvent":3}', b"{", b"\xff", b"[" * 100_000,
                                 b'{"webhookEvent":"comment_created","comment":{"id":{}}}'])  # fmt: skip
def test_what_is_no_delivery_is_refused_in_words(raw: bytes) -> None:
    with pytest.raises(Refused) as no:
        hooks.hear(raw)
    assert (no.value.reason, no.value.status) == ("malformed", 422)


LOOSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["fields", "status", "items", "id", "key", "comment", "body", "author", "updated", "labels"]), inner,
        max_size=4,
    ), max_leaves=12,
)  # fmt: skip


@given(st.fixed_dictionaries({"webhookEvent": st.text(max_size=9)}, optional={
    name: LOOSE for name in ("issue", "comment", "changelog", "user", "timestamp", "worklog", "issueLink")}))  # fmt: skip
def test_a_strangers_json_is_heard_or_refused_and_never_an_error(body: dict[str, object]) -> None:
    with suppress(Refused):
        hooks.hear(json.dumps(body).encode())


class Door:
    """Takes deliveries as the product's door will; the first attempts fail."""

    def __init__(self, failing: int) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.failing = failing
        door = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None: ...

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                door.taken.append(({name.lower(): one for name, one in self.headers.items()}, raw))
                door.failing -= 1
                self.send_response(503 if door.failing >= 0 else 204)
                self.end_headers()

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/hooks/jira"
        Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door(failing=1)
    yield made
    made.http.shutdown()
    made.http.server_close()


def test_the_demonstration_signs_repeats_and_tells_like_jira(door: Door) -> None:
    with Demo(larkfield(), hook_url=door.url) as demo:
        demo.deliverer._pause = 0.01
        row = next(iter(demo.site.issues.values()))
        demo.site.edit(IDA, row, {"labels": ["agent:plan"]})
        demo.site.say(IDA, row, document("Please **mind** the cent."))
        demo.deliverer.settle()
    for headers, raw in door.taken:
        hooks.signed(raw, headers, [server.SECRET], now=NOW)
    names = [hooks.delivery_id(headers, raw) for headers, raw in door.taken]
    assert (len(names), len(set(names)), names[0] == names[1]) == (3, 2, True)
    labelled, said = (hooks.hear(raw) for _, raw in door.taken[1:])
    assert (labelled.what, labelled.changes[0].added(), labelled.by_id) == ("updated", {"agent:plan"}, IDA)
    assert labelled.issue is not None
    assert (labelled.issue.labels, labelled.issue.whole_comments) == (["agent:plan"], False)
    assert (said.what, said.issue, said.comment and said.comment.body) == (
        "commented",
        None,
        "Please **mind** the cent.",
    )


def test_a_webhook_of_our_own_client_hears_what_its_filter_lets_through(door: Door) -> None:
    door.failing = 0
    with Demo(larkfield()) as demo:
        config = Config("cloud", demo.url, cloud_id=server.CLOUD_ID, client_id=server.CLIENT_ID,
                        client_secret=server.CLIENT_SECRET, gateway=demo.url, login=demo.url)  # fmt: skip
        jira = connect(config, MemoryTokens(Tokens("demo-access-0", "demo-refresh-0", 4e9)))
        jira.hook(door.url, "labels = agent", ["jira:issue_updated"])
        rows = list(demo.site.issues.values())
        demo.site.edit(IDA, rows[0], {"labels": ["other"]})
        demo.site.edit(IDA, rows[1], {"labels": ["agent"]})
        demo.deliverer.settle()
    ((headers, raw),) = door.taken
    assert hooks.hear(raw).key == "LARK-2"
    claims = json.loads(base64.urlsafe_b64decode(headers["authorization"].split(".")[1] + "=="))
    hooks.signed(raw, headers, [], client_secrets=[server.CLIENT_SECRET], now=claims["iat"])
