"""The model door with a real provider behind it: money, repeats, breaks, and what never leaves the house."""

import base64
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from deckwire.envelope import Refusal
from deckwire.words import Audience
from quarterdeck.doors.agent import AgentDoors
from quarterdeck.doors.agent_table import PREFIX
from quarterdeck.doors.agent_work import Work
from quarterdeck.errors import Refused
from quarterdeck.flow import pictures as kept
from quarterdeck.flow import spend
from quarterdeck.flow.gateway import Gateway
from quarterdeck.flow.lanes import FIRST, Lanes
from quarterdeck.flow.routes import Price
from quarterdeck.outside.models import calling, plug
from quarterdeck.outside.models.images import PREFIX as IMAGE
from quarterdeck.record import keys, ledger
from quarterdeck.record.models import CallState, Connection, ModelCall, Project, Run, Ticket
from testkit import agents, pictures, rows
from testkit.agents import Agent
from testkit.provider import Provider, lines, providing, whole
from testkit.serving import serving, until

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "sk-canary-0123456789"
DOOR = PREFIX + "model/openai/v1/chat/completions"
COST = 1000 * 2 + 200 * 10
"""What the fake provider's usage costs at 2.00 and 10.00 a million tokens."""


@dataclass
class House:
    agent: Agent
    provider: Provider
    web: httpx.Client
    gateway: Gateway
    doors: AgentDoors

    def ask(self, call: str = "c1", **more: Any) -> httpx.Response:
        return self.web.post(DOOR, headers=self.headers(call), json=body(**more))

    def headers(self, call: str) -> dict[str, str]:
        said = {"X-Quarterdeck-Call": call, "X-Quarterdeck-Purpose": "work", "X-Quarterdeck-Kind": "edit"}
        return self.agent.headers(Audience.MODEL, **said)

    @property
    def journal(self) -> list[ModelCall]:
        return list(ModelCall.objects.filter(run_id=self.agent.run).order_by("call", "variant"))

    @property
    def spent(self) -> list[dict[str, Any]]:
        return [line.body for line in ledger.after(f"run:{self.agent.run}", 0) if line.kind == "spent"]


def body(**more: Any) -> dict[str, Any]:
    return {"model": "large", "messages": [{"role": "user", "content": "Round once."}], **more}


def connect(project: Project, url: str, **more: Any) -> Connection:
    cipher, key_id = keys.seal(KEY)
    offer = {"name": "large", "in_micro": 2_000_000, "out_micro": 10_000_000, "context": 128_000}
    connection = Connection.objects.create(
        kind="model", name="Large models", protocol="openai", base_url=f"{url}/v1", secret=cipher, key_id=key_id,
        offers=[offer | more],
    )  # fmt: skip
    Project.objects.filter(id=project.id).update(routes={"edit": {"connection": str(connection.id), "model": "large"}})
    return connection


@pytest.fixture
def agent() -> Agent:
    config = rows.CONFIG | {"models": {"edit": {"protocol": "openai", "model": "large"}}}
    return agents.working(rows.run(rows.ticket(rows.project()), config=config, cap_micro=1_000_000))


@pytest.fixture
def silence() -> float:
    """Seconds that the provider may be silent."""
    return 20.0


@pytest.fixture
def house(agent: Agent, silence: float) -> Iterator[House]:
    with providing() as provider:
        connect(Run.objects.get(id=agent.run).project, provider.url)
        gateway = Gateway(plug.providers(calling.client(silence=silence), pace=0), Work().run, Lanes())
        doors = AgentDoors(lambda *_: None, given=gateway)  # type: ignore[arg-type,return-value]
        with serving(doors, lifespan="on") as url:
            with httpx.Client(base_url=url, trust_env=False, timeout=30) as web:
                yield House(agent, provider, web, gateway, doors)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, Refusal.model_validate_json(answer.content).reason


def test_an_answer_goes_through_and_is_paid(house: House) -> None:
    answer = house.ask()
    assert (answer.status_code, answer.content) == (200, whole())
    (row,) = house.journal
    assert (row.state, row.settled, row.tokens_in, row.tokens_out, row.estimated) == ("done", COST, 1000, 200, False)
    assert [event["micro"] for event in house.spent] == [COST]


def test_a_stream_goes_through_byte_for_byte(house: House) -> None:
    answer = house.ask(stream=True)
    assert answer.content == b"".join(lines())
    assert answer.headers["content-type"] == "text/event-stream"
    assert house.provider.heard[0]["stream_options"] == {"include_usage": True}
    assert house.journal[0].settled == COST


def test_the_first_line_comes_before_the_last_is_written(house: House) -> None:
    house.provider.does = ["gated"]
    with house.web.stream("POST", DOOR, headers=house.headers("c1"), json=body(stream=True)) as answer:
        pieces = answer.iter_raw()
        assert next(pieces) == lines()[0]
        house.provider.gate.set()
        assert b"".join(pieces) == b"".join(lines()[1:])


def test_a_repeat_gets_the_stored_answer_for_nothing(house: House) -> None:
    first, again = house.ask(stream=True), house.ask(stream=True)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert len(house.provider.heard) == len(house.spent) == 1


def test_the_same_id_with_another_question_is_a_new_paid_variant(house: House) -> None:
    house.ask()
    house.ask(temperature=0.5)
    assert [(row.variant, row.settled) for row in house.journal] == [(0, COST), (1, COST)]


def test_two_that_ask_the_same_at_once_share_one_call(house: House) -> None:
    house.provider.does = ["gated"]
    with ThreadPoolExecutor(2) as two:
        first = two.submit(house.ask, stream=True)
        assert house.provider.asked.wait(10)
        second = two.submit(house.ask, stream=True)
        until(lambda: any(live._listeners == 2 for live in house.gateway.live.values()))
        house.provider.gate.set()
        assert first.result().content == second.result().content == b"".join(lines())
    assert len(house.provider.heard) == len(house.journal) == 1


def test_a_push_back_costs_nothing_and_says_when_to_come_back(house: House) -> None:
    house.provider.does = ["429", "answer"]
    answer = house.ask()
    assert refusal(answer) == (429, "provider")
    assert answer.headers["retry-after"] == "7"
    (lane,) = house.gateway.lanes.seen()
    assert (lane.limit, lane.busy) == (FIRST // 2, 0)
    assert refusal(house.ask()) == (429, "provider"), "the pause is kept without asking the provider"
    assert len(house.provider.heard) == 1
    lane.quiet_until = 0
    assert house.ask().status_code == 200
    assert [(row.state, row.variant) for row in house.journal] == [("done", 0)]
    assert len(house.spent) == 1


def test_a_failing_provider_costs_nothing(house: House) -> None:
    house.provider.does = ["500"]
    assert refusal(house.ask()) == (429, "provider")
    assert [(row.state, row.settled) for row in house.journal] == [("failed", 0)]
    assert house.spent == []


@pytest.mark.parametrize("silence", [0.3])
def test_a_silent_provider_may_have_cost_everything(house: House) -> None:
    house.provider.does = ["hang"]
    assert refusal(house.ask()) == (429, "provider")
    (row,) = house.journal
    assert (row.state, row.settled, row.estimated) == ("cut", row.reserved, True)


def test_a_stream_that_breaks_is_broken_for_the_agent_and_made_anew(house: House) -> None:
    house.provider.does = ["truncate", "answer"]
    with pytest.raises(httpx.RemoteProtocolError):
        house.ask(stream=True)
    until(lambda: house.spent)
    for lane in house.gateway.lanes.seen():
        lane.quiet_until = 0
    assert house.ask(stream=True).content == b"".join(lines())
    assert [(row.state, row.variant, row.estimated) for row in house.journal] == [("cut", 0, True), ("done", 1, False)]


def test_an_answer_without_usage_is_counted_by_us_and_marked(house: House) -> None:
    house.provider.does = ["silent"]
    house.ask()
    house.ask("c2", stream=True)
    first, second = house.journal
    assert first.estimated
    assert second.estimated
    assert 0 < first.settled < first.reserved
    assert abs(first.tokens_out - second.tokens_out) <= 8, "a stream's wrapping is no text"


def test_an_agent_that_hangs_up_has_spent_what_it_asked_for(house: House) -> None:
    house.provider.does = ["gated"]
    with house.web.stream("POST", DOOR, headers=house.headers("c1"), json=body(stream=True)) as answer:
        next(answer.iter_raw())
    house.provider.gate.set()
    until(lambda: house.spent)
    (row,) = house.journal
    assert (row.state, row.settled, bytes(row.response)) == ("done", COST, b"".join(lines()))


def test_the_budgets_end_is_told_and_nothing_is_opened(house: House) -> None:
    Run.objects.filter(id=house.agent.run).update(cap_micro=1000)
    assert refusal(house.ask()) == (402, "budget")
    assert house.journal == []
    assert house.provider.heard == []


def test_money_that_is_only_set_aside_is_worth_waiting_for(house: House) -> None:
    house.provider.does = ["gated"]
    Run.objects.filter(id=house.agent.run).update(cap_micro=100_000)
    with house.web.stream("POST", DOOR, headers=house.headers("c1"), json=body(stream=True)) as answer:
        pieces = answer.iter_raw()
        next(pieces)
        assert refusal(house.ask("c2")) == (429, "reserved")
        house.provider.gate.set()
        assert b"".join(pieces)
    until(lambda: house.spent)
    assert house.ask("c2").status_code == 200


def test_what_is_spent_never_passes_the_cap_by_more_than_what_is_on_its_way(house: House) -> None:
    Run.objects.filter(id=house.agent.run).update(cap_micro=100_000)
    with ThreadPoolExecutor(4) as four:
        statuses = [answer.status_code for answer in four.map(house.ask, [f"c{n}" for n in range(12)])]
    assert set(statuses) <= {200, 402, 429}
    assert 0 < sum(row.settled for row in house.journal) <= 100_000


def test_a_gateway_that_died_in_the_middle_is_settled_by_the_sweep(house: House) -> None:
    wish = spend.Wish("c1", "0" * 64, "work", "large", None, Price(1, 1), 5000)
    met = spend.reserve(house.agent.bearer(Audience.MODEL), wish)
    assert isinstance(met, spend.Opened)
    assert spend.sweep() == 0, "its lease holds"
    ModelCall.objects.update(lease_until="2020-01-01T00:00Z")
    assert spend.sweep() == 1
    (row,) = house.journal
    assert (row.state, row.settled, row.estimated) == (CallState.CUT, 5000, True)
    assert [event["micro"] for event in house.spent] == [5000]
    assert spend.sweep() == 0


def test_mallory_with_an_old_epoch_opens_nothing_even_with_a_token_that_was_just_good(house: House) -> None:
    bearer = house.agent.bearer(Audience.MODEL)
    agents.replaced(house.agent)
    with pytest.raises(Refused, match="replaced"):
        spend.reserve(bearer, spend.Wish("c1", "0" * 64, "work", "large", None, Price(1, 1), 1))
    assert house.journal == []


def test_a_fence_closes_a_stream_and_the_call_is_still_settled(house: House) -> None:
    house.provider.does = ["gated"]
    with house.web.stream("POST", DOOR, headers=house.headers("c1"), json=body(stream=True)) as answer:
        pieces = answer.iter_raw()
        next(pieces)
        agents.replaced(house.agent)
        with pytest.raises(httpx.RemoteProtocolError):
            list(pieces)
    house.provider.gate.set()
    until(lambda: house.spent)
    assert house.journal[0].state == "done"


def test_a_refused_key_is_our_business_and_never_told(house: House) -> None:
    house.provider.does = ["401", "400"]
    assert refusal(house.ask()) == (424, "provider_key")
    answer = house.ask()
    assert refusal(answer) == (424, "provider_refused")
    assert KEY not in answer.text


def test_anthropics_messages_go_their_own_way(house: House) -> None:
    Connection.objects.update(protocol="anthropic", base_url=house.provider.url)
    Run.objects.filter(id=house.agent.run).update(
        config={"models": {"edit": {"protocol": "anthropic", "model": "large"}}}
    )
    headers = house.headers("c1") | {
        "anthropic-version": "2026-10-21",
        "anthropic-beta": "files-api",
        "x-api-key": "mine",
    }
    answer = house.web.post(PREFIX + "model/anthropic/v1/messages", headers=headers, json=body(max_tokens=64_000))
    assert answer.content == whole()
    (seen,), (sent,) = house.provider.headers, house.provider.heard
    assert (seen["x-api-key"], seen["anthropic-version"]) == (KEY, "2026-10-21")
    assert "anthropic-beta" not in seen
    assert "authorization" not in seen
    assert (house.provider.paths, sent["max_tokens"]) == (["/v1/messages"], 8192)
    assert refusal(house.ask("c2")) == (422, "model"), "the run's model is asked for in its own protocol"


FORBIDDEN: list[dict[str, Any]] = [
    {"tools": [{"type": "web_search"}]},
    {"tools": [{"type": "mcp", "server_url": "https://evil.example"}]},
    {"web_search_options": {}},
    {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://evil.example"}}]}]},
    {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}]},
    {"messages": [{"role": "user", "content": "x", "url": "https://evil.example"}]},
    {"n": 2},
    {"store": True},
    {"metadata": {"a": "b"}},
    {"base_url": "https://evil.example"},
    {"model": "largest"},
]


@pytest.mark.parametrize("more", FORBIDDEN, ids=lambda more: json.dumps(more)[:60])
def test_what_is_not_listed_does_not_leave(house: House, more: dict[str, Any]) -> None:
    status, _ = refusal(house.ask(**more))
    assert status == 422
    assert house.provider.heard == []
    assert house.journal == []


def test_the_provider_sees_only_what_is_listed(house: House) -> None:
    headers = house.headers("c1") | {"x-evil": "1", "openai-organization": "evil", "cookie": "a=b"}
    house.web.post(DOOR, headers=headers, json=body(max_tokens=999_999))
    (seen,), (sent,) = house.provider.headers, house.provider.heard
    assert seen["authorization"] == f"Bearer {KEY}"
    common = {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length", "content-type"}
    assert set(seen) == common | {"authorization"}
    assert sent == body(max_tokens=8192)
    assert house.provider.paths == ["/v1/chat/completions"]


def test_only_two_paths_lead_to_a_provider(house: House) -> None:
    for path in (
        "model/openai/v1/files",
        "model/openai/v1/responses",
        "model/openai/v1/../v1/files",
        "model/x/v1/messages",
    ):
        answer = house.web.post(PREFIX + path, headers=house.headers("c1"), json={})
        assert refusal(answer) == (404, "not_found")


@pytest.mark.parametrize("silence", [0.3])
def test_the_key_is_in_no_log_and_no_event(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    house.provider.does = ["500", "401", "hang", "truncate", "answer"]
    for number in range(5):
        for lane in house.gateway.lanes.seen():
            lane.quiet_until = 0
        house.ask(f"c{number}")
    told = caplog.text + json.dumps([line.body for line in ledger.after(f"run:{house.agent.run}", 0)])
    assert KEY not in told
    assert all(KEY.encode() not in bytes(row.response) for row in house.journal)


def test_a_model_without_a_price_is_refused_and_nothing_is_a_price(house: House) -> None:
    connection = Connection.objects.get()
    connection.offers = [{"name": "large", "in_micro": None, "out_micro": 1}]
    connection.save()
    assert refusal(house.ask()) == (424, "no_price")
    connection.offers = [{"name": "large", "in_micro": 0, "out_micro": 0}]
    connection.save()
    Run.objects.filter(id=house.agent.run).update(cap_micro=0)
    assert house.ask().status_code == 200


def test_without_a_route_the_rehearsal_model_answers_and_its_price_is_virtual(house: House) -> None:
    Run.objects.filter(id=house.agent.run).update(config=rows.CONFIG)
    Project.objects.update(routes={})
    answer = house.ask(model="rehearsal")
    assert answer.status_code == 200, answer.text
    assert house.provider.heard == []
    assert house.spent[0]["micro"] > 0


def attached(house: House, data: bytes, ticket: Ticket | None = None) -> dict[str, Any]:
    """The block by which an agent names an image of a ticket, its own if nothing else is said."""
    digest, why = kept.keep(ticket or Run.objects.get(id=house.agent.run).ticket, "shot.png", data)
    assert not why
    return {"type": "image_url", "image_url": {"url": IMAGE + digest}}


def show(house: House, *blocks: dict[str, Any]) -> list[dict[str, Any]]:
    """What the provider was shown."""
    message = {"role": "user", "content": [{"type": "text", "text": "Round once."}, *blocks]}
    assert house.ask(messages=[message]).status_code == 200
    shown: list[dict[str, Any]] = house.provider.heard[-1]["messages"][0]["content"]
    return shown


@pytest.fixture
def sees(house: House) -> None:
    Connection.objects.update(offers=[{**Connection.objects.get(kind="model").offers[0], "images": True}])


@pytest.mark.usefixtures("sees")
def test_an_image_of_its_ticket_is_put_in_for_a_model_that_takes_them_and_weighed_by_its_pixels(house: House) -> None:
    data = pictures.png(800, 600, b"x" * 300_000)
    house.provider.does = ["silent"]
    shown = show(house, attached(house, data))
    assert shown[1] == {
        "type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64.b64encode(data).decode()}"}
    }  # fmt: skip
    (row,) = house.journal
    assert 640 <= row.tokens_in < 800, "by its pixels"
    assert row.reserved < 10_000 * 2 + 8_192 * 10, "the letters that carry it are no tokens"


def test_a_model_without_the_mark_gets_words_and_no_bytes(house: House) -> None:
    shown = show(house, attached(house, pictures.png()))
    assert shown[1] == {"type": "text", "text": kept.NO_IMAGES}


@pytest.mark.usefixtures("sees")
def test_another_tickets_image_cannot_be_named_nor_one_a_thousand_times(house: House) -> None:
    other = attached(house, pictures.png(7, 7), rows.ticket(rows.project("WREN")))
    own = attached(house, pictures.png())
    shown = show(house, other, *[own] * 500)
    assert [one["type"] for one in shown[1:]] == ["text", "image_url", *["text"] * 499]


@pytest.mark.usefixtures("sees")
def test_a_repeat_with_an_image_costs_nothing_and_asks_nobody(house: House) -> None:
    block = attached(house, pictures.png())
    show(house, block)
    show(house, block)
    assert (len(house.provider.heard), len(house.journal)) == (1, 1)
