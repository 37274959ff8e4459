"""A model provider as a real HTTP server: it does what the test tells it, and keeps what it was sent."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from testkit.serving import serving

TEXT = "Aye, the total is rounded once."
USAGE = {"prompt_tokens": 1000, "completion_tokens": 200}


def whole(usage: bool = True, text: str = TEXT) -> bytes:
    message = {"role": "assistant", "content": text}
    answer = {
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        **({"usage": USAGE} if usage else {}),
    }
    return json.dumps(answer).encode()


def lines(usage: bool = True) -> list[bytes]:
    deltas: list[dict[str, Any]] = [{"choices": [{"delta": {"content": word + " "}}]} for word in TEXT.split()]
    deltas.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    if usage:
        deltas.append({"choices": [], "usage": USAGE})
    return [b"data: " + json.dumps(one).encode() + b"\n\n" for one in deltas] + [b"data: [DONE]\n\n"]


@dataclass
class Provider:
    """`does` is taken one by one (the last stays): answer, silent about usage, 429, 500, 401, 400, hang, truncate, gated.

    say:<text>: a whole answer with that text. gated: the first line goes out, the rest when `gate` is set.
    """

    does: list[str] = field(default_factory=lambda: ["answer"])
    heard: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        self.heard.append(json.loads(body + message["body"]))
        self.headers.append({key.decode(): value.decode() for key, value in scope["headers"]})
        self.paths.append(scope["path"])
        self.asked.set()
        act = self.does.pop(0) if len(self.does) > 1 else self.does[0]
        if act.isdigit():
            return await self._fail(send, int(act))
        if act == "hang":
            await asyncio.to_thread(self.gate.wait, 30)
        await self._answer(send, act, self.heard[-1].get("stream", False))

    async def _fail(self, send: Any, status: int) -> None:
        headers = [(b"retry-after", b"7")] if status == 429 else []
        told = f"no: {self.headers[-1].get('authorization', '')}".encode()
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": told})

    async def _answer(self, send: Any, act: str, streamed: bool) -> None:
        usage = act != "silent"
        pieces = lines(usage) if streamed else [whole(usage, act.removeprefix("say:") if act[:4] == "say:" else TEXT)]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number, piece in enumerate(pieces):
            if act == "truncate" and number == 2:
                return
            if act == "gated" and number == 1:
                await asyncio.to_thread(self.gate.wait, 30)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@contextmanager
def providing(*does: str) -> Iterator[Provider]:
    provider = Provider(does=list(does) or ["answer"])
    with serving(provider) as url:
        provider.url = url
        try:
            yield provider
        finally:
            provider.gate.set()
