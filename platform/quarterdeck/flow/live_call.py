"""One model call on its way: bytes come in from the provider once, and go out to everybody who asked for the same."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from quarterdeck.errors import GaveUp, Refused, TryLater

MOST_BYTES = 4 << 20
"""Of one answer: what is over that cannot be kept, and what cannot be kept cannot be replayed."""
ALONE_SECONDS = 60.0
"""Nobody listens any more: for so long we read on, for the usage stands at the end."""
Fault = Refused | TryLater | GaveUp


@dataclass(eq=False)
class LiveCall:
    """`give_up` is called when nobody has listened for a minute."""

    content_type: str
    give_up: Callable[[], object] = lambda: None
    chunks: list[bytes] = field(default_factory=list)
    size: int = 0
    ended: bool = False
    fault: Fault | None = None
    _listeners: int = 0
    _timer: asyncio.TimerHandle | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def feed(self, chunk: bytes) -> None:
        """Raises TryLater(cut) when the answer is longer than anybody may send."""
        self.size += len(chunk)
        if self.size > MOST_BYTES:
            raise TryLater("The model's answer is over 4 MB.", after=5.0, reason="cut")
        self.chunks.append(chunk)
        self._tell()

    def end(self, fault: Fault | None = None) -> None:
        self.ended, self.fault = True, fault
        self._tell()

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    async def begun(self) -> None:
        """Returns with the first byte or the end. Raises the fault of a call that ended without a byte."""
        while not self.chunks and not self.ended:
            await self._news.wait()
        if self.fault is not None and not self.chunks:
            raise self.fault

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[bytes]]:
        """Everything from the beginning. The iterator raises the fault of a call that broke in the middle."""
        self._listeners += 1
        if self._timer is not None:
            self._timer.cancel()
        try:
            async with aclosing(self._pieces()) as pieces:
                yield pieces
        finally:
            self._listeners -= 1
            if not self._listeners and not self.ended:
                self._timer = asyncio.get_running_loop().call_later(ALONE_SECONDS, self.give_up)

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        at = 0
        while True:
            while at < len(self.chunks):
                yield self.chunks[at]
                at += 1
            if self.ended:
                break
            await self._news.wait()
        if self.fault is not None:
            raise self.fault

    def _tell(self) -> None:
        """Wakes all who wait now; whoever waits next waits for the next news."""
        self._news.set()
        self._news = asyncio.Event()
