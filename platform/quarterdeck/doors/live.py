"""The dashboards' socket: handshake, who looks, what he wants to hear of. What is sent comes from the hub.

Only a page of our own origin with a session gets in; each message is checked, small, and not too frequent.
"""

import asyncio
import contextlib
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from pydantic import ValidationError

from deckwire.frames import CLIENT_FRAME, PingFrame, PongFrame, RefusedFrame, ViewFrame
from quarterdeck.doors import access
from quarterdeck.doors.dashboard import Dashboard
from quarterdeck.doors.hub import Hub
from quarterdeck.doors.rates import Bucket
from quarterdeck.record.models import Person

MOST_BYTES = 64 * 1024
MOST_RUNS = 8
PONG = PongFrame().model_dump_json()
SIGNED_OUT, TOO_BIG, TOO_FAST, NOT_OURS = 4401, 1009, 4429, 4403
HUB = Hub()


class LiveConsumer(AsyncWebsocketConsumer):
    """`hub` may be handed in; there is one for the process."""

    def __init__(self, hub: Hub | None = None) -> None:
        super().__init__()
        self.hub = hub or HUB
        self.sender: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        if not same_origin(self.scope):
            await self.close(NOT_OURS)
            return
        await self.accept()
        person = self.scope["user"]
        if not isinstance(person, Person) or not person.is_active:
            await self.close(SIGNED_OUT)
            return
        roles = await database_sync_to_async(access.roles_of)(person)
        self.dashboard = Dashboard(person.id, self.scope["session"].session_key or "", set(roles))
        self.bucket = Bucket(per_second=10, burst=60)
        self.hub.join(self.dashboard)
        self.sender = asyncio.create_task(self._send_news())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.sender is None:
            return
        if text_data is None or len(text_data) > MOST_BYTES:
            await self.close(TOO_BIG)
        elif not self.bucket.take():
            self.dashboard.put(RefusedFrame(text="Too many messages at once.").model_dump_json())
            await self.close(TOO_FAST)
        else:
            await self._take(text_data)

    async def _take(self, text: str) -> None:
        try:
            frame = CLIENT_FRAME.validate_json(text)
            if isinstance(frame, PingFrame):
                self.dashboard.put(PONG)
            else:
                await self._view(frame)
        except (ValidationError, ValueError):
            self.dashboard.put(RefusedFrame(text="This message cannot be read.").model_dump_json())

    async def _view(self, frame: ViewFrame) -> None:
        runs = [UUID(one.run) for one in frame.views if one.view == "run"][:MOST_RUNS]
        board = any(one.view != "run" for one in frame.views)
        await self.hub.watch(self.dashboard, board=board, runs=runs)

    async def disconnect(self, code: int) -> None:
        if self.sender is None:
            return
        self.sender.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.sender
        await self.hub.leave(self.dashboard)

    async def _send_news(self) -> None:
        while True:
            for frame in await self.dashboard.take():
                await self.send(text_data=frame)
            if self.dashboard.ended:
                await self.close(SIGNED_OUT)
                return


def same_origin(scope: dict[str, Any]) -> bool:
    """A browser always says where a page came from. No origin, or another one than ours, is not our page."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    origin = headers.get(b"origin", "").rstrip("/")
    if not origin:
        return False
    return origin in settings.ORIGINS or (not settings.ORIGINS and urlsplit(origin).netloc == headers.get(b"host"))
