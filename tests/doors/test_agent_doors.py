"""The agents' doors over real sockets: who gets in, how much is read, and what a refusal says."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from deckwire.envelope import Batch, Bye, Heartbeat, Numbered, Refusal, Step
from deckwire.tokens import derive, digest
from deckwire.words import AttemptState, Audience, Phase
from quarterdeck.doors.agent import UNKNOWN_A_SECOND, AgentDoors
from quarterdeck.doors.agent_table import DOORS, PREFIX, Door
from quarterdeck.record import ledger, tokens
from quarterdeck.record.models import AgentToken, Attempt, DoorsOpen
from testkit import agents, rows
from testkit.agents import Agent
from testkit.serving import serving, until

pytestmark = pytest.mark.django_db(transaction=True)
GUARDED = [door for door in DOORS if door.audience is not None]
BODIES: dict[str, Any] = {
    "heartbeat": Heartbeat(doing="reading"),
    "bye": Bye(state="parked"),
    "step": Step(epoch=1),
    "events": Batch(epoch=1),
}


async def pages(scope: Any, receive: Any, send: Any) -> None:
    """What stands behind the doors in these tests."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a page"})


@dataclass
class House:
    doors: AgentDoors
    url: str
    web: httpx.Client

    def knock(self, door: Door, headers: dict[str, str]) -> httpx.Response:
        body = BODIES.get(door.path)
        content = body.model_dump_json() if body else "{}" if door.method == "POST" else None
        return self.web.request(door.method, PREFIX + door.path, headers=headers, content=content)

    def raw(self, text: bytes) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", urlsplit(self.url).port or 0), timeout=10)
        line.sendall(text)
        return line


@pytest.fixture
def house() -> Iterator[House]:
    doors = AgentDoors(pages)
    with serving(doors) as url, httpx.Client(base_url=url, trust_env=False, timeout=30) as web:
        yield House(doors, url, web)


@pytest.fixture
def agent() -> Agent:
    return agents.working(rows.run(rows.ticket(rows.project())))


def refusal(answer: httpx.Response) -> tuple[int, str]:
    said = Refusal.model_validate_json(answer.content)
    assert said.text
    return answer.status_code, said.reason


def test_an_agent_that_was_let_in_is_heard(house: House, agent: Agent) -> None:
    answer = house.web.post(
        PREFIX + "heartbeat", headers=agent.headers(Audience.SESSION), content='{"doing": "reading"}'
    )
    assert answer.status_code == 200, answer.text
    assert Attempt.objects.get(id=agent.attempt).doing == "reading"


class TestHello:
    """The one door without a token: the secret opens it, for one nonce."""

    @pytest.fixture
    def secret(self) -> str:
        run = rows.run(rows.ticket(rows.project()))
        rows.move(run, Phase.STARTING)
        attempt = rows.attempt(run, state=AttemptState.PENDING)
        agents.let_in(run, attempt, nonce="")
        secret = tokens.one_time_secret(attempt.id)
        Attempt.objects.filter(id=attempt.id).update(secret_digest=digest(secret), generation=0)
        AgentToken.objects.all().delete()
        return secret

    def say(self, house: House, secret: str, nonce: str) -> httpx.Response:
        return house.web.post(PREFIX + "hello", json={"secret": secret, "nonce": nonce, "from_a_newer_agent": 1})

    def test_gives_a_session_that_opens_the_other_doors(self, house: House, secret: str) -> None:
        session = self.say(house, secret, "n1").json()["session"]
        headers = {"authorization": f"Bearer {derive(session, Audience.SESSION)}"}
        assert house.web.post(PREFIX + "heartbeat", headers=headers, json={}).status_code == 200

    def test_may_be_said_again_when_the_answer_was_lost(self, house: House, secret: str) -> None:
        first, again = self.say(house, secret, "n1"), self.say(house, secret, "n1")
        assert first.json()["session"] == again.json()["session"]

    def test_by_mallory_with_another_nonce_is_theft_and_ends_the_attempt(self, house: House, secret: str) -> None:
        session = self.say(house, secret, "n1").json()["session"]
        assert refusal(self.say(house, secret, "n2")) == (409, "theft")
        headers = {"authorization": f"Bearer {derive(session, Audience.SESSION)}"}
        assert refusal(house.web.post(PREFIX + "heartbeat", headers=headers, json={})) == (409, "fenced")

    def test_with_a_guessed_secret_opens_nothing(self, house: House, secret: str) -> None:
        assert refusal(self.say(house, "x" * 64, "n1")) == (401, "bad_secret")

    def test_is_heard_while_mallory_floods_the_socket_they_share(self, house: House, secret: str) -> None:
        house.doors.rates.clock = lambda: 0.0
        flood = [self.say(house, f"{i:032x}{'0' * 64}", "n") for i in range(60)]
        assert refusal(flood[-1]) == (429, "rate")
        assert self.say(house, secret, "n1").status_code == 200

    def test_is_not_heard_for_ever_from_one_secret(self, house: House, secret: str) -> None:
        house.doors.rates.clock = lambda: 0.0
        assert [self.say(house, secret, "n1").status_code for _ in range(11)] == [200] * 10 + [429]


def test_everything_else_goes_to_the_pages_behind(house: House) -> None:
    assert house.web.get("/inbox").text == "a page"
    assert refusal(house.web.get("/agent/v2/hello")) == (404, "not_found")
    assert refusal(house.web.get(PREFIX + "hello")) == (405, "method")


async def test_the_socket_without_a_port_answers_agents_only() -> None:
    async def there() -> None:
        raise AssertionError("nothing behind the doors may be asked")

    transport = httpx.ASGITransport(_as_unix(AgentDoors(lambda *_: there())))
    async with httpx.AsyncClient(transport=transport, base_url="http://doors") as web:
        assert refusal(await web.get("/inbox")) == (404, "not_found")
        assert refusal(await web.get(PREFIX + "heartbeat")) == (405, "method")


def _as_unix(doors: AgentDoors) -> Any:
    async def from_a_sandbox(scope: Any, receive: Any, send: Any) -> None:
        await doors({**scope, "server": ("/run/doors.sock", None)}, receive, send)

    return from_a_sandbox


@pytest.mark.parametrize("door", GUARDED, ids=lambda door: door.path)
class TestMallory:
    """At every door that asks for a token."""

    def test_without_a_token_gets_nothing(self, house: House, door: Door) -> None:
        assert refusal(house.knock(door, {})) == (401, "token")
        assert refusal(house.knock(door, {"authorization": f"Bearer qd_{door.audience}_{'0' * 64}"})) == (401, "token")

    def test_with_an_old_epoch_is_told_to_leave(self, house: House, agent: Agent, door: Door) -> None:
        agents.replaced(agent)
        wanted = (401, "token") if door.audience == Audience.CHECK else (409, "fenced")
        assert refusal(house.knock(door, agent.headers(door.audience))) == wanted
        assert ledger.after(f"run:{agent.run}", 0, limit=100)[-1].kind == "moved", "and nothing was written"

    def test_with_a_token_for_another_door_gets_nothing(self, house: House, agent: Agent, door: Door) -> None:
        for audience in tokens.ATTEMPT_AUDIENCES:
            if audience != door.audience:
                assert refusal(house.knock(door, agent.headers(audience))) == (401, "token")

    def test_with_the_session_itself_gets_nothing(self, house: House, agent: Agent, door: Door) -> None:
        assert refusal(house.knock(door, {"authorization": f"Bearer {agent.session}"})) == (401, "token")


def test_a_step_of_one_run_reaches_no_other(house: House, agent: Agent) -> None:
    other = agents.working(rows.run(rows.ticket(rows.project("WREN"))))
    batch = Batch(epoch=1, events=[Numbered(n=1, at=1.0, body={"kind": "noted", "text": "mine"})])
    answer = house.web.post(PREFIX + "events", headers=agent.headers(Audience.STEP), content=batch.model_dump_json())
    assert answer.status_code == 200, answer.text
    assert [line.kind for line in ledger.after(f"run:{agent.run}", 0)].count("noted") == 1
    assert "noted" not in [line.kind for line in ledger.after(f"run:{other.run}", 0)]


def test_poison_in_a_batch_does_not_hold_up_what_follows(house: House, agent: Agent) -> None:
    body = json.dumps({"epoch": 1, "events": [
        {"n": 1, "at": 1.0, "body": {"kind": "noted", "text": "\ud800"}},
        {"n": 2, "at": 1.0, "body": {"kind": "noted", "text": "after it"}},
    ]})  # fmt: skip
    answer = house.web.post(PREFIX + "events", headers=agent.headers(Audience.STEP), content=body)
    assert answer.status_code == 200, answer.text
    assert [line.kind for line in ledger.after(f"run:{agent.run}", 0)][-2:] == ["quarantined", "noted"]


def test_what_the_record_can_never_hold_is_refused_for_good(house: House, agent: Agent) -> None:
    """Told to try later an agent would try for ever."""
    envelope = {
        "thread": "main" * 100,
        "id": "c1",
        "step": 1,
        "source": "loop",
        "manifest": {},
        "refs": [],
        "digest": "d",
    }
    body = json.dumps({"epoch": 1, "checkpoint": envelope})
    answer = house.web.post(PREFIX + "step", headers=agent.headers(Audience.STEP), content=body)
    assert refusal(answer) == (422, "malformed")


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"step": "x"}', b'{"a":' * 20_000])
def test_what_is_no_message_is_refused_with_what_is_wrong(house: House, agent: Agent, body: bytes) -> None:
    answer = house.web.post(PREFIX + "heartbeat", headers=agent.headers(Audience.SESSION), content=body)
    expected = (413, "too_big") if len(body) > 8192 else (422, "malformed")
    assert refusal(answer) == expected


def test_a_packed_body_is_not_taken(house: House, agent: Agent) -> None:
    headers = agent.headers(Audience.SESSION, **{"content-encoding": "gzip"})
    assert refusal(house.web.post(PREFIX + "heartbeat", headers=headers, content=b"x")) == (415, "encoding")


def test_sixty_megabytes_to_no_door_are_not_read(house: House) -> None:
    line = house.raw(b"POST /agent/v1/nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 62914560\r\n\r\n")
    sent = _push(line, 60 << 20)
    assert sent < 12 << 20, f"{sent} bytes went out before the door closed"


def test_a_length_over_the_cap_is_refused_before_a_byte_is_read(house: House, agent: Agent) -> None:
    token = agent.headers(Audience.STEP)["authorization"].encode()
    line = house.raw(
        b"POST /agent/v1/step HTTP/1.1\r\nhost: x\r\nauthorization: " + token + b"\r\ncontent-length: 99999999\r\n\r\n"
    )
    head = line.recv(4096)
    assert head.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in head


def test_a_question_that_brings_a_body_is_refused_and_the_body_is_not_read(house: House, agent: Agent) -> None:
    token = agent.headers(Audience.STEP)["authorization"].encode()
    line = house.raw(
        b"GET /agent/v1/checkpoint HTTP/1.1\r\nhost: x\r\nauthorization: "
        + token
        + b"\r\ncontent-length: 62914560\r\n\r\n"
    )
    assert _push(line, 60 << 20) < 12 << 20


def test_a_body_without_a_length_is_cut_at_the_cap(house: House, agent: Agent) -> None:
    pieces = (b"x" * 1024 for _ in range(64))
    answer = house.web.post(PREFIX + "heartbeat", headers=agent.headers(Audience.SESSION), content=pieces)
    assert refusal(answer) == (413, "too_big")


def test_a_bad_token_is_refused_before_the_body_is_sent(house: House) -> None:
    line = house.raw(
        b"POST /agent/v1/step HTTP/1.1\r\nhost: x\r\nauthorization: Bearer qd_step_0\r\ncontent-length: 9\r\n\r\n"
    )
    assert line.recv(4096).startswith(b"HTTP/1.1 401")


def test_who_goes_too_fast_is_told_when_to_come_back(house: House, agent: Agent) -> None:
    house.doors.rates.clock = lambda: 0.0  # no time passes: the bucket does not fill
    answers = [house.knock(DOORS[1], agent.headers(Audience.SESSION)) for _ in range(12)]
    assert [answer.status_code for answer in answers].count(200) == 10
    assert refusal(answers[-1]) == (429, "rate")
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_two_hundred_events_a_second_are_enough(house: House, agent: Agent) -> None:
    house.doors.rates.clock = lambda: 0.0

    def send(first: int) -> httpx.Response:
        lines = [Numbered(n=first + i, at=1.0, body={"kind": "noted", "text": "x"}) for i in range(300)]
        body = Batch(epoch=1, events=lines).model_dump_json()
        return house.web.post(PREFIX + "events", headers=agent.headers(Audience.STEP), content=body)

    assert send(1).status_code == 200
    assert refusal(send(301)) == (429, "rate")


def test_the_doors_say_that_they_are_open_while_they_serve(agent: Agent) -> None:
    doors = AgentDoors(pages)
    with serving(doors, lifespan="on") as url, httpx.Client(base_url=url, trust_env=False) as web:
        until(lambda: DoorsOpen.objects.filter(name="doors").exists())
        assert web.get("/").text == "a page"


def _push(line: socket.socket, size: int) -> int:
    """Sends until the other side has had enough; the number of bytes that went."""
    sent, piece = 0, b"x" * 65536
    try:
        while sent < size:
            sent += line.send(piece)
    except OSError:
        pass
    return sent


def test_bodies_on_their_way_are_few_for_one_token(house: House, agent: Agent) -> None:
    """Sixteen megabytes each, a minute long, twenty a second: one agent would fill our memory with what it never finishes."""
    token = agent.headers(Audience.STEP)["authorization"]
    head = f"POST {PREFIX}step HTTP/1.1\r\nhost: a\r\nauthorization: {token}\r\ncontent-length: 1000000\r\n\r\n{{"
    slow = [house.raw(head.encode()) for _ in range(2)]
    until(lambda: sum(house.doors.at_work.values()) == 2)
    answer = house.web.post(PREFIX + "step", headers=agent.headers(Audience.STEP), content=b'{"epoch": 1}')
    assert refusal(answer) == (429, "rate")
    beat = house.web.post(PREFIX + "heartbeat", headers=agent.headers(Audience.SESSION), content="{}")
    assert beat.status_code == 200, "its other doors are open"
    for line in slow:
        line.close()
    until(lambda: not house.doors.at_work)
    answer = house.web.post(PREFIX + "step", headers=agent.headers(Audience.STEP), content=b'{"epoch": 1}')
    assert answer.status_code == 200, answer.text


def test_invented_tokens_ask_the_record_no_faster_than_one_caller_may(house: House, agent: Agent) -> None:
    """Each is new, so a bucket for each token holds nobody back: whoever is known is heard all the same."""
    house.doors.rates.clock = lambda: 0.0
    known = agent.headers(Audience.SESSION)
    assert house.web.post(PREFIX + "heartbeat", headers=known, content="{}").status_code == 200
    invented = ({"authorization": f"Bearer qd_session_{number:064x}"} for number in range(200))
    said = [refusal(house.web.post(PREFIX + "heartbeat", headers=one, content="{}")) for one in invented]
    assert set(said) == {(401, "token"), (429, "rate")}
    assert said.count((401, "token")) <= 2 * UNKNOWN_A_SECOND
    assert house.web.post(PREFIX + "heartbeat", headers=known, content="{}").status_code == 200
