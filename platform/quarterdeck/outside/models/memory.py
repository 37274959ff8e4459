"""The twin of a provider: answers what it was given to answer, and remembers what it was asked."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from quarterdeck.outside.models.port import Call, Endpoint, Usage

WHOLE = json.dumps(
    {"choices": [{"message": {"role": "assistant", "content": "Aye."}, "finish_reason": "stop"}]}
).encode()


@dataclass
class MemoryProvider:
    """`fails` is raised once per entry before anything else is answered; `breaks` is raised after the last chunk."""

    chunks: Sequence[bytes] = (WHOLE,)
    used: Usage | None = None
    fails: list[Exception] = field(default_factory=list)
    breaks: Exception | None = None
    asked: list[tuple[Endpoint, Call]] = field(default_factory=list)

    async def stream(self, endpoint: Endpoint, call: Call) -> AsyncIterator[bytes]:
        self.asked.append((endpoint, call))
        if self.fails:
            raise self.fails.pop(0)
        for chunk in self.chunks:
            yield chunk
        if self.breaks is not None:
            raise self.breaks

    def usage(self, body: bytes, streamed: bool) -> Usage | None:
        return self.used
