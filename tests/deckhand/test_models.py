"""Model calls over real HTTP: the same headers for every provider, and what each kind of trouble leads to."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from deckhand.exits import BudgetSpent, Fenced, GaveUp, ModelDown, Stopped
from deckhand.models.chat import Chat
from deckhand.models.port import Call
from deckhand.models.scripted import Scripted, say
from deckhand.tools.offer import specs
from deckwire.envelope import ModelRoute

CALL = Call("r1:0:c1:work:0", "work", "edit")
ASK = [SystemMessage("Do.\nStage: work"), HumanMessage("Ticket: T-1 t")]
OPENAI = [
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "hm"}, "finish_reason": None}]},
    {"choices": [{"index": 0, "finish_reason": None, "delta": {"tool_calls": [
        {"index": 0, "id": "t1", "type": "function", "function": {"name": "view", "arguments": '{"path": "a"}'}}]}}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
]  # fmt: skip
ANTHROPIC = [
    {"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "model": "twin", "content": [],
     "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "t1", "name": "view", "input": {}}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": '{"path": "a"}'}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]  # fmt: skip


def openai(chunks: list[dict[str, Any]]) -> str:
    frame = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "twin"}
    return "".join(f"data: {json.dumps({**frame, **chunk})}\n\n" for chunk in chunks)


def anthropic(chunks: list[dict[str, Any]]) -> str:
    return "".join(f"event: {chunk['type']}\ndata: {json.dumps(chunk)}\n\n" for chunk in chunks)


WHOLE = (200, openai(OPENAI) + "data: [DONE]\n\n", {})


class Gateway:
    """Gives the answers in turn, the last one for ever. A `None` hangs up in the middle of the stream."""

    def __init__(self, *answers: tuple[int, str, dict[str, str]] | None) -> None:
        self.seen: list[tuple[str, dict[str, str]]] = []
        left = list(answers)
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                seen.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
                answer = left.pop(0) if len(left) > 1 else left[0]
                status, body, headers = answer or (200, openai(OPENAI[:2]), {})
                self.send_response(status)
                for key, value in {
                    "Content-Type": "text/event-stream" if status == 200 else "application/json",
                    **headers,
                }.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(body) + (500 if answer is None else 0)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def gateway() -> Iterator[Any]:
    made: list[Gateway] = []

    def build(*answers: Any) -> Gateway:
        made.append(Gateway(*answers))
        return made[-1]

    yield build
    for one in made:
        one.server.shutdown()
        one.server.server_close()


def refusal(status: int, reason: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    return status, json.dumps({"reason": reason, "text": f"{reason}, in words", "remedy": ""}), headers


async def answer(gateway: Gateway, protocol: str = "openai", waits: list[float] | None = None) -> AIMessage:
    async def wait(seconds: float) -> None:
        (waits if waits is not None else []).append(seconds)

    route = ModelRoute(protocol=protocol, model="twin")  # type: ignore[arg-type]
    chat = Chat(gateway.url, {"edit": route}, lambda: "qd_model_token", wait=wait)
    return await chat.answer(CALL, ASK, specs("work"))


@pytest.mark.parametrize(
    ("protocol", "stream", "path"),
    [
        ("openai", WHOLE[1], "/agent/v1/model/openai/v1/chat/completions"),
        ("anthropic", anthropic(ANTHROPIC), "/agent/v1/model/anthropic/v1/messages"),
    ],
)
async def test_both_providers_are_asked_with_the_same_headers(gateway, protocol: str, stream: str, path: str):
    there = gateway((200, stream, {}))
    said = await answer(there, protocol)
    assert [(one["name"], one["args"]) for one in said.tool_calls] == [("view", {"path": "a"})]
    assert type(said) is AIMessage
    asked, headers = there.seen[0]
    assert asked.partition("?")[0] == path
    assert headers["authorization"] == "Bearer qd_model_token"
    assert headers["x-quarterdeck-call"] == CALL.id
    assert (headers["x-quarterdeck-purpose"], headers["x-quarterdeck-kind"]) == ("work", "edit")


@pytest.mark.parametrize(
    "trouble", [None, (200, openai(OPENAI[:2]), {}), refusal(502, "provider"), refusal(503, "restarting")]
)
async def test_an_answer_that_is_not_whole_is_asked_for_again_under_the_same_id(gateway, trouble: Any):
    there = gateway(trouble, WHOLE)
    assert (await answer(there)).tool_calls
    assert [headers["x-quarterdeck-call"] for _, headers in there.seen] == [CALL.id] * 2


async def test_a_provider_that_stays_down_ends_in_a_question_to_a_person(gateway):
    there = gateway(refusal(502, "provider"))
    with pytest.raises(ModelDown) as end:
        await answer(there)
    assert len(there.seen) == 6
    assert "provider, in words" in end.value.text


@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
async def test_a_platform_that_is_away_is_waited_for_and_nobody_is_asked(protocol: str):
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 12:
            raise Stopped("waited long enough")

    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        route = ModelRoute(protocol=protocol, model="twin")  # type: ignore[arg-type]
        chat = Chat(f"http://127.0.0.1:{nobody.getsockname()[1]}", {"edit": route}, lambda: "qd_model_token", wait=wait)
        with pytest.raises(Stopped, match="long enough"):
            await chat.answer(CALL, ASK, specs("work"))


async def test_a_provider_that_only_ever_asks_for_patience_ends_in_a_question_too(gateway):
    there = gateway(refusal(429, "provider", **{"Retry-After": "60"}))
    with pytest.raises(ModelDown):
        await answer(there)
    assert len(there.seen) == 30


async def test_money_that_other_calls_hold_is_waited_for_without_end(gateway):
    there = gateway(*[refusal(429, "reserved")] * 40, WHOLE)
    assert await answer(there)


async def test_too_many_requests_are_waited_out_however_long_it_takes(gateway):
    waits: list[float] = []
    busy = refusal(429, "provider", **{"Retry-After": "7"})
    assert await answer(gateway(*[busy] * 9, WHOLE), waits=waits)
    assert len(waits) == 9
    assert min(waits) >= 7


@pytest.mark.parametrize(
    ("refused", "end"),
    [
        (refusal(402, "budget"), BudgetSpent),
        (refusal(401, "token"), Fenced),
        (refusal(409, "fenced"), Fenced),
        (refusal(410, "stopped"), Stopped),
        (refusal(422, "too_long"), GaveUp),
    ],
)
async def test_each_refusal_has_its_own_way_out(gateway, refused: Any, end: type[Exception]):
    there = gateway(refused)
    with pytest.raises(end, match="in words"):
        await answer(there)
    assert len(there.seen) == 1


async def test_the_scripted_twin_answers_by_what_it_is_shown():
    twin = Scripted({"work": [say("one", ("view", {"path": "a"})), say("two")]})
    first = await twin.answer(CALL, list(ASK), [])
    second = await twin.answer(CALL, [*ASK, first], [])
    assert (first.tool_calls[0]["name"], second.text) == ("view", "two")
    assert twin.calls == [CALL, CALL]
