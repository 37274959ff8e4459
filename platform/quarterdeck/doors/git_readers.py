"""Who reads from the git service at the same time: a few in all, so that one machine bears it, and no run for all the others."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from quarterdeck.errors import TryLater

MOST = 16
SHARED = 8
"""Up to so many readers a run may have a second one; beyond, what is left is for runs that have none."""
PATIENCE_S = 60.0


class Readers:
    """Counts them, and lets who has to wait in when it goes. `most` and `shared` are readers, `patience_s` seconds."""

    def __init__(self, most: int = MOST, shared: int = SHARED, patience_s: float = PATIENCE_S) -> None:
        self.most, self.shared, self.patience_s = most, shared, patience_s
        self.reading = Counter[str]()
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def one(self, run: str) -> AsyncIterator[None]:
        """Raises TryLater (`busy`) when no place came free in time."""
        try:
            async with asyncio.timeout(self.patience_s):
                while not self._has_room(run):
                    await self._changed.wait()
        except TimeoutError as full:
            raise TryLater("Others read from the git service now.", after=5.0) from full
        self.reading[run] += 1
        try:
            yield
        finally:
            self.reading[run] -= 1
            self.reading += Counter()  # without those that read no more
            self._changed.set()
            self._changed = asyncio.Event()

    def _has_room(self, run: str) -> bool:
        return self.reading.total() < (self.shared if self.reading[run] else self.most)
