"""What a node says of an image is known before the pod's status says it, and only what this pod's node said of it now."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from quarterdeck.outside.cluster.port import PlaceSeen, PlaceState
from testkit.kube import PodsWorld, failure, stamp

NOT_THERE = "rpc error: code = NotFound desc = failed to resolve reference: registry.example/agent:1: not found"


@pytest.fixture
async def world() -> AsyncIterator[PodsWorld]:
    async with PodsWorld(starts=False) as pods:
        await pods.cluster.create(pods.spec())
        pods.server.creating("run-1")
        yield pods


async def seen(world: PodsWorld, age: float = 4, name: str = "run-1") -> PlaceSeen:
    """So many seconds after the pod was made, and long after whatever was asked before."""
    world.now += 60
    made = world.server.now() - timedelta(seconds=age)
    world.server.objects["pods"][name]["metadata"]["creationTimestamp"] = stamp(made)
    world.server.status(name)
    (place,) = [one for one in await world.cluster.list() if one.name == name]
    return place


def looks(world: PodsWorld) -> int:
    return world.server.asked.count(("GET", "events"))


async def test_the_nodes_word_is_shown_and_ends_a_start_that_cannot_succeed(world: PodsWorld) -> None:
    world.server.cannot_pull("run-1", NOT_THERE)
    early = await seen(world, age=4)
    assert (early.state, early.waiting_for) == (PlaceState.PENDING, "the image, which is not there: i")
    late = await seen(world, age=7)
    assert (late.state, late.reason, "registry.example/agent:1" in late.text) == (
        PlaceState.ENDED,
        "image_missing",
        True,
    )


async def test_what_starts_in_its_time_costs_the_cluster_no_question(world: PodsWorld) -> None:
    assert (await seen(world, age=1)).waiting_for == "its container to start"
    world.server.run("run-1")
    assert (await seen(world, age=30)).state == PlaceState.RUNNING
    assert looks(world) == 0


async def test_many_looks_in_a_short_time_ask_once(world: PodsWorld) -> None:
    await seen(world)
    for _ in range(5):
        await world.cluster.list()
    assert looks(world) == 1


async def test_a_pod_that_runs_at_last_runs_and_another_one_is_not_meant(world: PodsWorld) -> None:
    world.server.cannot_pull("run-1", NOT_THERE)
    assert (await seen(world)).waiting_for.startswith("the image")
    await world.cluster.create(world.spec("run-2"))
    world.server.creating("run-2")
    assert (await seen(world, name="run-2")).waiting_for == "its container to start"
    world.server.run("run-1")
    assert (await seen(world, age=9)).state == PlaceState.RUNNING


async def test_without_the_right_to_ask_its_status_has_to_do(world: PodsWorld) -> None:
    world.server.refusals.append(("GET", "events", failure(403, "Forbidden", "events is forbidden")))
    assert (await seen(world)).waiting_for == "its container to start"
    assert looks(world) == 1


@pytest.mark.parametrize("event", [{}, {"involvedObject": None, "message": None}, {"message": "Failed to pull image"}])
async def test_odd_events_say_nothing(world: PodsWorld, event: dict[str, object]) -> None:
    world.server.objects["events"]["odd"] = {"metadata": {"name": "odd"}, **event}
    assert (await seen(world)).waiting_for == "its container to start"
