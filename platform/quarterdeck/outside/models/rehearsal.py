"""The rehearsal model: a provider without a key and without a network that plays the sample's tickets by real tool calls.

It speaks OpenAI's chat completions. Its answer is a pure function of the request, so a repeated, resumed or forked call gets
the same bytes. `pace` scales its thinking time: 1 lets a person watch, 0 is for tests.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from quarterdeck.errors import Refused
from quarterdeck.outside.models import rehearsal_unknown
from quarterdeck.outside.models.port import Call, Endpoint, Usage
from quarterdeck.outside.models.rehearsal_play import next_move
from quarterdeck.outside.models.rehearsal_scene import read
from quarterdeck.outside.models.rehearsal_script import Move, Script, load
from quarterdeck.sample.tickets import own_key

MODEL = "rehearsal"
SCRIPTS = Path(__file__).parents[2] / "sample" / "scripts"
NAME = re.compile(r"[A-Z][A-Z0-9]{0,9}-[0-9]+")
CHARACTERS_PER_TOKEN = 4
PIECE = 24
THINKING = 0.5
"""This part of a move's time passes before the first byte, the rest while it types."""

Sleep = Callable[[float], Any]


class Rehearsal:
    """The provider of protocol "rehearsal"."""

    def __init__(self, scripts: Path = SCRIPTS, pace: float = 1.0, sleep: Sleep = asyncio.sleep) -> None:
        self._folder, self._pace, self._sleep = scripts, pace, sleep
        self._scripts: Mapping[str, Script] | None = None

    async def stream(self, endpoint: Endpoint, call: Call) -> AsyncIterator[bytes]:
        """See the port. Raises Refused for anything but a chat request."""
        if self._scripts is None:
            self._scripts = load(self._folder)
        messages = call.body.get("messages")
        if not call.path.rstrip("/").endswith("chat/completions") or not isinstance(messages, list):
            raise Refused("The rehearsal model only answers chat completions.", reason="bad_request", status=400)
        move = answer(self._scripts, messages)
        pieces = list(streamed(move, call.body)) if call.body.get("stream") else [whole(move, call.body)]
        await self._pause(move.delay * THINKING)
        for piece in pieces:
            yield piece
            await self._pause(move.delay * (1 - THINKING) / len(pieces))

    def usage(self, body: bytes, streamed: bool) -> Usage | None:
        """The usage that stands in a whole answer; None when it was cut before it."""
        lines = body.decode("utf-8", "replace").split("\n") if streamed else [body.decode("utf-8", "replace")]
        for line in reversed(lines):
            used = _usage_in(line.removeprefix("data: "))
            if used:
                return Usage(int(used["prompt_tokens"]), int(used["completion_tokens"]))
        return None

    async def _pause(self, milliseconds: float) -> None:
        if self._pace and milliseconds:
            await self._sleep(milliseconds * self._pace / 1000)


def knows(ticket: str) -> bool:
    """Whether there is a script for the ticket of this key."""
    return bool(NAME.fullmatch(ticket)) and (SCRIPTS / f"{own_key(ticket)}.toml").is_file()


def answer(scripts: Mapping[str, Script], messages: list[dict[str, Any]]) -> Move:
    scene = read(messages)
    if not scene.stage:
        return rehearsal_unknown.hello()
    script = scripts.get(scene.ticket) or scripts.get(own_key(scene.ticket))
    return next_move(script, scene) if script else rehearsal_unknown.answer(scene)


def whole(move: Move, body: dict[str, Any]) -> bytes:
    """The answer as one JSON body."""
    message = {"role": "assistant", "content": move.say or None, "refusal": None}
    calls = tool_calls(move, body)
    if calls:
        message["tool_calls"] = calls  # type: ignore[assignment]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _reason(move)}
    return json.dumps({**_head(body, "chat.completion"), "choices": [choice], "usage": count(move, body)}).encode()


def streamed(move: Move, body: dict[str, Any]) -> Iterator[bytes]:
    """The answer as server-sent events, in the pieces a provider would send; the usage always comes, before the end."""
    head = _head(body, "chat.completion.chunk")
    yield _event(head, {"role": "assistant", "content": ""})
    for piece in _pieces(move.say):
        yield _event(head, {"content": piece})
    for index, call in enumerate(tool_calls(move, body)):
        function = call["function"]
        named = {**call, "index": index, "function": {"name": function["name"], "arguments": ""}}
        yield _event(head, {"tool_calls": [named]})
        for piece in _pieces(function["arguments"]):
            yield _event(head, {"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield _event(head, {}, _reason(move))
    yield b"data: " + json.dumps({**head, "choices": [], "usage": count(move, body)}).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"


def tool_calls(move: Move, body: dict[str, Any]) -> list[dict[str, Any]]:
    digest = _digest(body)
    return [
        {
            "id": f"call_{digest[:20]}{index:02d}",
            "type": "function",
            "function": {"name": wish.tool, "arguments": json.dumps(wish.args, ensure_ascii=False)},
        }
        for index, wish in enumerate(move.calls)
    ]


def count(move: Move, body: dict[str, Any]) -> dict[str, int]:
    """Tokens as four characters each, unless the script names them: one ticket shows what happens at a budget's end."""
    asked = json.dumps([body.get("messages"), body.get("tools")], ensure_ascii=False)
    said = move.say + "".join(wish.tool + json.dumps(wish.args, ensure_ascii=False) for wish in move.calls)
    tokens_in = move.tokens_in or -(-len(asked) // CHARACTERS_PER_TOKEN)
    tokens_out = move.tokens_out or -(-len(said) // CHARACTERS_PER_TOKEN)
    return {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}


def _head(body: dict[str, Any], kind: str) -> dict[str, Any]:
    # No clock: the same request gives the same bytes.
    return {"id": f"chatcmpl-{_digest(body)[:24]}", "object": kind, "created": 1_767_225_600, "model": MODEL}


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _reason(move: Move) -> str:
    return "tool_calls" if move.calls else "stop"


def _event(head: dict[str, Any], delta: dict[str, Any], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return b"data: " + json.dumps({**head, "choices": [choice]}).encode() + b"\n\n"


def _pieces(text: str) -> Iterator[str]:
    return (text[start : start + PIECE] for start in range(0, len(text), PIECE))


def _usage_in(text: str) -> dict[str, Any] | None:
    try:
        data = json.loads(text)
    except ValueError:
        return None
    used = data.get("usage") if isinstance(data, dict) else None
    return used if isinstance(used, dict) and "prompt_tokens" in used else None
