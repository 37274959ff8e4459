"""The twin: places that are only rows in memory, and end when a test or a demo says so. The same rules as any backend."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.outside.cluster.port import END_REASONS, PlaceSeen, PlaceSpec, PlaceState, check_install

ROOM = {"attempt": 20, "check": 2, "install": 2}
EXIT_CODES = {"done": 0, "crashed": 1, "fenced": 3, "canary_failed": 5, "start_failed": 6, "killed": 137, "oom": 137}


class MemoryCluster:
    """`specs` keeps what was asked, the secret too, so that a test can play the agent. `deleted` lists removed uids;
    `folders` names the environments that are there."""

    name = "memory"

    def __init__(self, *, room: Mapping[str, int] | None = None, start_running: bool = True) -> None:
        self.room = dict(room or ROOM)
        self.start_running = start_running
        self.specs: dict[str, PlaceSpec] = {}
        self.deleted: list[str] = []
        self.folders: set[str] = set()
        self._places: dict[str, PlaceSeen] = {}
        self._watchers: set[asyncio.Queue[PlaceSeen]] = set()
        self._refusals: list[Refused | TryLater | GaveUp] = []

    async def create(self, spec: PlaceSpec) -> PlaceSeen:
        if spec.name in self._places:
            return self._places[spec.name]
        if self._refusals:
            raise self._refusals.pop(0)
        check_install(spec)
        if spec.environment and not spec.environment_writable and spec.environment not in self.folders:
            raise TryLater("The project's packages are not there any more.", after=1.0, reason="environment_missing")
        self._check_room(spec.kind)
        if spec.environment_writable:
            self.folders.add(spec.environment)
        self.specs[spec.name] = spec
        return self._set(_born(spec, self.start_running))

    async def observe(self, name: str) -> PlaceSeen | None:
        return self._places.get(name)

    async def delete(self, name: str, uid: str, *, grace_s: float = 30.0) -> None:
        seen = self._places.get(name)
        if seen is None or seen.uid != uid:
            return
        del self._places[name]
        self.deleted.append(uid)
        self._tell(seen)

    async def environments(self) -> frozenset[str]:
        return frozenset(self.folders)

    async def keep_environment(self, filled: str, name: str) -> None:
        if filled in self.folders:
            self.folders.remove(filled)
            self.folders.add(name)

    async def drop_environment(self, name: str) -> None:
        self.folders.discard(name)

    async def list(self) -> list[PlaceSeen]:
        return sorted(self._places.values(), key=lambda seen: seen.name)

    async def watch(self) -> AsyncIterator[PlaceSeen]:
        queue: asyncio.Queue[PlaceSeen] = asyncio.Queue()
        for seen in await self.list():
            queue.put_nowait(seen)
        self._watchers.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._watchers.discard(queue)

    # What a test or a demo may say.

    def refuse_next(self, refusal: Refused | TryLater | GaveUp) -> None:
        """The next place that is not there yet is answered with this."""
        self._refusals.append(refusal)

    def run(self, name: str) -> PlaceSeen:
        return self._set(replace(self._places[name], state=PlaceState.RUNNING, waiting_for=""))

    def wait(self, name: str, what: str) -> PlaceSeen:
        """It hangs before its start, for an image or a node."""
        return self._set(replace(self._places[name], state=PlaceState.PENDING, waiting_for=what))

    def end(self, name: str, reason: str, text: str = "") -> PlaceSeen:
        blame, sentence = END_REASONS[reason]
        words = f"{sentence} {text}".strip()
        ended = replace(self._places[name], state=PlaceState.ENDED, reason=reason, text=words, blame=blame)
        return self._set(replace(ended, waiting_for="", exit_code=EXIT_CODES.get(reason)))

    def vanish(self, name: str) -> None:
        """Somebody else deleted it: no end, no word."""
        self._tell(self._places.pop(name))

    def _check_room(self, kind: str) -> None:
        living = [s for s in self._places.values() if s.kind == kind and s.state != PlaceState.ENDED]
        if len(living) >= self.room.get(kind, 0):
            raise TryLater(f"All {len(living)} places for this kind of work are taken.", after=5.0, reason="quota")

    def _set(self, seen: PlaceSeen) -> PlaceSeen:
        self._places[seen.name] = seen
        self._tell(seen)
        return seen

    def _tell(self, seen: PlaceSeen) -> None:
        for queue in self._watchers:
            queue.put_nowait(seen)


def _born(spec: PlaceSpec, running: bool) -> PlaceSeen:
    return PlaceSeen(
        name=spec.name,
        uid=uuid.uuid4().hex,
        kind=spec.kind,
        run=spec.run,
        epoch=spec.epoch,
        state=PlaceState.RUNNING if running else PlaceState.PENDING,
        node="memory",
        waiting_for="" if running else "a node",
    )
