"""Numbers the agent's events and brings them to the platform: narrative in batches, binding only with a step."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Sequence
from typing import Any

from deckhand.context.clean import storable_tree
from deckhand.exits import Refusal
from deckhand.uplink import Uplink
from deckwire.base import MAX_EVENT_BYTES, Message
from deckwire.envelope import Batch, Numbered, Step, Stored
from deckwire.events import Delta

log = logging.getLogger(__name__)

BATCH_EVENTS = 500
BATCH_BYTES = 900_000
PAUSE_SECONDS = 0.05
DELTA_CHARACTERS = 16_384


class Outbox:
    """One line to the platform: what was said before a step is stored before it, so the ledger tells it in order."""

    def __init__(self, uplink: Uplink, epoch: int) -> None:
        self.uplink = uplink
        self.epoch = epoch
        self.watched = False
        self._n = 0
        self._waiting: list[Numbered] = []
        self._deltas: dict[str, str] = {}
        self._line = asyncio.Lock()
        self._wake = asyncio.Event()

    def say(self, event: Message) -> None:
        """Queues a narrative event; it may be lost with this process."""
        self._waiting.append(self.number(event))
        self._wake.set()

    def delta(self, kind: str, text: str) -> None:
        """Bytes for whoever watches now. Dropped when nobody does, and cut when they come too fast."""
        if not self.watched:
            return
        self._deltas[kind] = (self._deltas.get(kind, "") + text)[-DELTA_CHARACTERS:]
        self._wake.set()

    def number(self, event: Message) -> Numbered:
        self._n += 1
        return Numbered(n=self._n, at=time.time(), body=_fitting(storable_tree(event.model_dump(mode="json"))))

    async def step(self, step: Step) -> Stored:
        """Sends a step behind everything said so far. Raises what Uplink.step raises."""
        async with self._line:
            await self._drain()
            return await self.uplink.step(step)

    async def bind(self, events: Sequence[Message]) -> Stored:
        """A step of binding events alone: a refusal of a command, or the end."""
        return await self.step(Step(epoch=self.epoch, events=[self.number(event) for event in events]))

    async def flush(self) -> None:
        async with self._line:
            await self._drain()

    async def pump(self) -> None:
        """Runs for the life of the attempt: gathers what is said for 50 ms, then sends it."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(PAUSE_SECONDS)
            self._wake.clear()
            await self.flush()

    async def _drain(self) -> None:
        while self._waiting or self._deltas:
            events, deltas = self._cut(), self._deltas
            self._deltas = {}
            bodies = [Delta.model_validate({"kind": k, "text": t}).model_dump() for k, t in deltas.items()]
            try:
                await self.uplink.events(Batch(epoch=self.epoch, events=events, deltas=storable_tree(bodies)))
            except Refusal as no:
                # Narrative binds nothing: what the platform will not have must not stop the work.
                log.warning("%d events were refused: %s", len(events), no)
            del self._waiting[: len(events)]

    def _cut(self) -> list[Numbered]:
        size, taken = 0, 0
        for event in self._waiting[:BATCH_EVENTS]:
            size += len(json.dumps(event.body))
            if taken and size > BATCH_BYTES:
                break
            taken += 1
        return self._waiting[:taken]


def _fitting(body: dict[str, Any]) -> dict[str, Any]:
    """Cuts the longest text of a body until it fits into an event."""
    with contextlib.suppress(ValueError):
        while len(json.dumps(body)) > MAX_EVENT_BYTES - 512:
            name = max((key for key in body if isinstance(body[key], str)), key=lambda key: len(body[key]))
            if len(body[name]) < 200:
                break
            body = {**body, name: body[name][: len(body[name]) // 2] + "\n[cut]"}
    return body
