"""Anthropic's messages."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx

from quarterdeck.errors import TryLater
from quarterdeck.outside.models import anthropic_body, calling
from quarterdeck.outside.models.port import Call, Endpoint, Usage
from quarterdeck.outside.models.reading import count, objects, part

VERSION = "anthropic-version"
OLDEST = "2023-06-01"
"""The version spoken where the caller names none: the one that every endpoint knows."""
TAIL = 2048


@dataclass(frozen=True)
class Anthropic:
    web: httpx.AsyncClient

    async def stream(self, endpoint: Endpoint, call: Call) -> AsyncIterator[bytes]:
        """See the port. The base URL is what stands before /v1/messages. Of the caller's headers only the version leaves."""
        headers = {VERSION: call.headers.get(VERSION, OLDEST), **({"x-api-key": endpoint.key} if endpoint.key else {})}
        tail, body = b"", anthropic_body.filled(call.body, call.images)
        async for chunk in calling.post(self.web, endpoint, "/v1/messages", headers, body):
            tail = (tail + chunk)[-TAIL:]
            yield chunk
        # An `error` event ends a stream without its stop: that answer is not whole.
        if call.body.get("stream") and b"message_stop" not in tail:
            raise TryLater("The model's answer was cut in the middle.", after=1.0, reason="cut")

    def usage(self, body: bytes, streamed: bool) -> Usage | None:
        """A stream tells what went in at its start, and what came out, counted up, in its deltas."""
        into = cached = out = 0
        for data in objects(body, streamed):
            used = part(data, "usage") or part(part(data, "message"), "usage")
            cached = max(cached, count(used.get("cache_read_input_tokens")))
            fresh = count(used.get("input_tokens")) + count(used.get("cache_creation_input_tokens"))
            into = max(into, fresh + count(used.get("cache_read_input_tokens")))
            out = max(out, count(used.get("output_tokens")))
        return Usage(into, out, cached) if into or out else None
