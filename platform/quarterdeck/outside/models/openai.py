"""OpenAI's chat completions, and everything that speaks them: Ollama, vLLM, llama.cpp, gateways of other clouds."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx

from quarterdeck.errors import TryLater
from quarterdeck.outside.models import calling, openai_body
from quarterdeck.outside.models.port import Call, Endpoint, Usage
from quarterdeck.outside.models.reading import count, objects, part

TAIL = 8192


@dataclass(frozen=True)
class OpenAI:
    web: httpx.AsyncClient

    async def stream(self, endpoint: Endpoint, call: Call) -> AsyncIterator[bytes]:
        """See the port. The base URL ends in /v1, or whatever stands before /chat/completions."""
        headers = {"authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        tail, body = b"", openai_body.filled(call.body, call.images)
        async for chunk in calling.post(self.web, endpoint, "/chat/completions", headers, body):
            tail = (tail + chunk)[-TAIL:]
            yield chunk
        if call.body.get("stream") and not _ended(tail):
            raise TryLater("The model's answer was cut in the middle.", after=1.0, reason="cut")

    def usage(self, body: bytes, streamed: bool) -> Usage | None:
        found = None
        for data in objects(body, streamed):
            used = part(data, "usage")
            if used:
                cached = count(part(used, "prompt_tokens_details").get("cached_tokens"))
                found = Usage(count(used.get("prompt_tokens")), count(used.get("completion_tokens")), cached)
        return found if found and (found.tokens_in or found.tokens_out) else None


def _ended(tail: bytes) -> bool:
    return b"data: [DONE]" in tail or b"data:[DONE]" in tail
