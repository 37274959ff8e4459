"""Connections that wait for news of a run: no thread and no database connection each, only an entry here.

A wake over Valkey ends the wait at once. Wakes may be lost, so one look per second at the tables, shared by all that
wait in this process, is the floor under them.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from quarterdeck.errors import GaveUp, Refused, TryLater

log = logging.getLogger(__name__)
FLOOR_SECONDS = 1.0
Standing = Mapping[UUID, tuple[int, int]]
"""Per run: its epoch, and the number of the newest command that its agent has not ended."""


@dataclass(eq=False)
class Waiter:
    """`after` None: only the fence matters, mail does not."""

    run: UUID
    epoch: int
    after: int | None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    displaced: bool = False
    """Another connection of the same attempt has taken this one's place."""

    def minds(self, wake: dict[str, Any]) -> bool:
        if wake.get("topic") == "fenced":
            return self.epoch < int(wake.get("epoch", 0))
        return wake.get("topic") == "mail" and self.after is not None


@dataclass
class Held:
    """`look` answers how the runs stand, by one question for all of them. `wakes` never ends; it heals itself."""

    look: Callable[[set[UUID]], Awaitable[Standing]]
    wakes: Callable[[], AsyncIterator[dict[str, Any]]]
    waiters: dict[str, set[Waiter]] = field(default_factory=dict)

    @contextmanager
    def waiting(self, run: UUID, epoch: int, after: int | None) -> Iterator[Waiter]:
        """Enter before you look at the table yourself: what comes in between sets `news`.

        A second held connection of the same attempt ends the first one's wait: the first one's caller is gone.
        """
        mine = Waiter(run, epoch, after)
        group = self.waiters.setdefault(str(run), set())
        if after is not None:
            for other in group:
                if other.after is not None and other.epoch == epoch:
                    other.displaced = True
                    other.news.set()
        group.add(mine)
        try:
            yield mine
        finally:
            group.discard(mine)
            if not group:
                self.waiters.pop(str(run), None)

    async def listen(self) -> None:
        async for message in self.wakes():
            for waiter in self.waiters.get(str(message.get("run")), set()):
                if waiter.minds(message):
                    waiter.news.set()

    async def watch(self) -> None:
        """The floor. Errors of one look are the next one's business."""
        while True:
            await asyncio.sleep(FLOOR_SECONDS)
            if not self.waiters:
                continue
            asked = {UUID(run) for run in self.waiters}
            try:
                self.compare(asked, await self.look(asked))
            except (Refused, TryLater, GaveUp) as no:
                log.debug("held connections: no look this time (%s)", no)

    def compare(self, asked: set[UUID], standing: Standing) -> None:
        """Who came while we looked was not asked about, and waits for the next look."""
        for run in asked:
            epoch, newest = standing.get(run, (-1, 0))
            for waiter in self.waiters.get(str(run), set()):
                if epoch != waiter.epoch or (waiter.after is not None and newest > waiter.after):
                    waiter.news.set()
