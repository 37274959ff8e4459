"""Listening to the wakes: one subscription, hints only. Without Valkey the listener's own rhythm finds everything."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import redis.asyncio as redis
from django.conf import settings
from redis.exceptions import RedisError

from quarterdeck.record.wakes import CHANNEL

log = logging.getLogger(__name__)
RETRY_S = 1.0


async def messages() -> AsyncIterator[dict[str, Any]]:
    """Every wake, for ever; subscribes again after a loss. redis-py's default of 5 s would cut an idle subscription."""
    while True:
        client = redis.Redis.from_url(settings.VALKEY_URL, socket_timeout=None, socket_connect_timeout=2)
        try:
            async with client.pubsub() as channel:
                await channel.subscribe(CHANNEL)
                async for message in channel.listen():
                    if message["type"] == "message":
                        yield json.loads(message["data"])
        except (RedisError, OSError, json.JSONDecodeError) as gone:
            log.debug("wakes: no subscription (%s)", gone)
        finally:
            await client.aclose()
        await asyncio.sleep(RETRY_S)


async def listen(topic: str, event: asyncio.Event) -> None:
    """Sets `event` at each wake of that topic."""
    async for message in messages():
        if message.get("topic") == topic:
            event.set()
