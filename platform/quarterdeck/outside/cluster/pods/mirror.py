"""What the cluster holds, as last heard: list, then watch, then list again; never deaf for long and never back in time.

Every watch ends by itself within about a minute and a full list follows, so a message that was lost costs a minute at the
most, and a connection that died without a word is noticed by its silence. An expired version (410), a failure and a server
that went away all lead to the same place: list again, after a pause that grows.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from quarterdeck.errors import GaveUp
from quarterdeck.outside.cluster.pods.api import Api, Away, Said

Json = dict[str, Any]
log = logging.getLogger(__name__)

RESYNC_S = 60
SILENCE_S = 20
"""Longer than the resync by this much without a byte: the connection is dead."""
PAGE = 500
CAP_S = 30.0
KEPT_S = 300.0
"""So long the last word on what is gone is kept: a late event must not bring it back."""


class Mirror:
    """`items` by uid, and what is `gone` of late. Only while somebody reads `changes` does it hear anything by itself."""

    def __init__(
        self,
        api: Api,
        path: str,
        selector: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.api, self.path, self.selector = api, path, selector
        self._clock, self._rest, self._chance = clock, rest, chance
        self.items: dict[str, Json] = {}
        self.gone: dict[str, tuple[float, Json]] = {}
        self.heard_at = float("-inf")
        self.watching = False

    @property
    def age(self) -> float:
        """Seconds since the cluster last said something, be it that nothing changed. Endless while nobody listens."""
        return self._clock() - self.heard_at if self.watching else float("inf")

    async def changes(self) -> AsyncIterator[tuple[Json, bool]]:
        """(object, whether it is gone), for ever: a failure is weather."""
        tries = 0
        while True:
            try:
                version, told = await self.refresh()
                for change in told:
                    yield change
                async for change in self._watch(version):
                    tries = 0
                    yield change
                tries = 0
            except (Said, Away, GaveUp) as bad:
                tries += not _expired(bad)
                log.info("the watch on %s ended (%s); listing again", self.path, bad)
                await self._rest(backoff(tries, self._chance()) if tries else 0)

    async def refresh(self) -> tuple[str, list[tuple[Json, bool]]]:
        """A full, consistent list: its version, and what it changed. Raises Said, Away."""
        asked_at, before = self._clock(), set(self.items)
        version, found = await self._list()
        told = [(one, False) for one in found if self._took(one)]
        there = {one["metadata"]["uid"] for one in found}
        # Only what was known before we asked: something made meanwhile may be missing from the answer.
        told += [(self._lose(uid), True) for uid in before - there if uid in self.items]
        self.heard_at = max(self.heard_at, asked_at)
        self._forget()
        return version, told

    def put(self, one: Json) -> None:
        """What a request of our own brought back: no need to hear of it first."""
        self._took(one)

    async def _list(self) -> tuple[str, list[Json]]:
        found: list[Json] = []
        query: dict[str, Any] = {"labelSelector": self.selector, "limit": PAGE}
        while True:
            page = await self.api.ask("GET", self.path, query=query)
            found += page.get("items") or []
            about = page.get("metadata")
            if about is None:
                raise Away("it answered with no list")
            going_on = about.get("continue", "")
            if not going_on:
                return str(about.get("resourceVersion", "")), found
            query["continue"] = going_on

    async def _watch(self, version: str) -> AsyncIterator[tuple[Json, bool]]:
        """One watch, about a minute long. Ends quietly when the server ends it."""
        seconds = round(RESYNC_S * (0.75 + self._chance() / 2))
        query = {
            "labelSelector": self.selector, "resourceVersion": version, "allowWatchBookmarks": "true",
            "timeoutSeconds": seconds,
        }  # fmt: skip
        self.watching = True
        try:
            async for event in self.api.stream(self.path, query, seconds + SILENCE_S):
                self.heard_at = self._clock()
                if change := self._heard(event.get("type", ""), event.get("object") or {}):
                    yield change
        finally:
            self.watching = False

    def _heard(self, kind: str, one: Json) -> tuple[Json, bool] | None:
        if kind == "ERROR":
            raise Said(int(one.get("code") or 500), one)
        if kind != "BOOKMARK" and not one.get("metadata", {}).get("uid"):
            raise Away("it told half an event")
        if kind in ("ADDED", "MODIFIED") and self._took(one):
            return one, False
        if kind == "DELETED" and one["metadata"]["uid"] not in self.gone:
            self.items[one["metadata"]["uid"]] = one
            return self._lose(one["metadata"]["uid"]), True
        return None

    def _took(self, one: Json) -> bool:
        """False for what is not news: older than what is known (a server that lags behind), or of something gone."""
        uid = one["metadata"]["uid"]
        known = self.items.get(uid)
        if uid in self.gone or (known is not None and _version(one) <= _version(known)):
            return False
        self.items[uid] = one
        return True

    def _lose(self, uid: str) -> Json:
        one = self.items.pop(uid)
        self.gone[uid] = (self._clock(), one)
        return one

    def _forget(self) -> None:
        old = self._clock() - KEPT_S
        for uid in [uid for uid, (at, _) in self.gone.items() if at < old]:
            del self.gone[uid]


def backoff(tries: int, chance: float) -> float:
    """Seconds before try number `tries` (from 1): doubles from half a second to half a minute, between half and all of it."""
    return min(CAP_S, 0.5 * 2 ** min(tries, 10)) * (0.5 + chance / 2)


def _expired(bad: Exception) -> bool:
    return isinstance(bad, Said) and bad.status == 410


def _version(one: Json) -> int:
    """Comparable since Kubernetes 1.35, and numbers in every server before."""
    return int(one["metadata"].get("resourceVersion") or 0)
