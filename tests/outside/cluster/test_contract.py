"""What every backend of the cluster port promises, asked of the twin, of real processes and of pods in a scripted API."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from quarterdeck.errors import TryLater
from quarterdeck.outside.cluster.memory import MemoryCluster
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceSpec, PlaceState
from testkit.contract import ROOM, ClusterContract
from testkit.kube import PodsWorld
from testkit.places import LocalWorld


class MemoryWorld:
    def __init__(self, **options: Any) -> None:
        self.cluster = MemoryCluster(**options)

    def spec(self, name: str = "run-1", **more: Any) -> PlaceSpec:
        return PlaceSpec(**{"name": name, "kind": "attempt", "run": name, "epoch": 1, "secret": f"pipe-{name}", **more})

    async def end(self, name: str, reason: str) -> None:
        self.cluster.end(name, reason)

    async def running(self, name: str) -> PlaceSeen | None:
        return await self.cluster.observe(name)

    async def gone(self, name: str) -> None:
        assert await self.cluster.observe(name) is None

    async def close(self) -> None:
        pass


class TestMemory(ClusterContract):
    @pytest.fixture
    def world(self) -> MemoryWorld:
        return MemoryWorld(room=ROOM)

    async def test_a_scripted_refusal_is_given_once(self, world: MemoryWorld) -> None:
        world.cluster.refuse_next(TryLater("no node", reason="quota"))
        with pytest.raises(TryLater):
            await world.cluster.create(world.spec())
        assert await world.cluster.create(world.spec())

    async def test_it_can_hang_before_it_starts(self, world: MemoryWorld) -> None:
        await world.cluster.create(world.spec())
        assert world.cluster.wait("run-1", "an image").waiting_for == "an image"
        assert world.cluster.run("run-1").state == PlaceState.RUNNING

    async def test_it_can_vanish_without_a_word(self, world: MemoryWorld) -> None:
        await world.cluster.create(world.spec())
        world.cluster.vanish("run-1")
        assert await world.cluster.observe("run-1") is None


class TestLocal(ClusterContract):
    @pytest.fixture
    async def world(self) -> AsyncIterator[LocalWorld]:
        local = LocalWorld(room=ROOM)
        yield local
        await local.close()


class TestPods(ClusterContract):
    @pytest.fixture
    async def world(self) -> AsyncIterator[PodsWorld]:
        async with PodsWorld(room=ROOM) as pods:
            yield pods
