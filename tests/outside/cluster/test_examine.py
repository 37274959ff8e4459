"""What doctor's own pod asks is what an agent's would ask: the doors by the same names and ports."""

import asyncio

import pytest

from quarterdeck.outside.cluster.pods.api import Api
from quarterdeck.outside.cluster.pods.examine import examine
from testkit.kube import PodsWorld, failure
from testkit.places import until


@pytest.mark.parametrize(
    ("doors", "asked"),
    [
        ("http://localhost:8700", ["localhost", "8700"]),
        ("https://localhost", ["localhost", "443"]),
        ("http://10.9.0.1", ["10.9.0.1", "80"]),
    ],
)
async def test_the_doors_are_tried_by_the_name_and_port_that_agents_use(doors: str, asked: list[str]) -> None:
    """A pod has no name service: names stand in its hosts file, as in an agent's."""
    async with PodsWorld(doors=doors) as world:
        world.server.allows = True
        api = Api(world.kubeconfig, "agents")
        looking = asyncio.create_task(examine(api, world.ground))
        await until(lambda: any(name.startswith("doctor-") for name in world.server.objects["pods"]))
        (name,) = world.server.objects["pods"]
        spec = world.server.objects["pods"][name]["spec"]
        world.server.end(name, 0)
        assert (await looking)[-1].state == "good"
        await api.close()
    assert spec["containers"][0]["command"][-2:] == asked
    hosts = [one["hostnames"] for one in spec.get("hostAliases", [])]
    assert hosts == ([["localhost"]] if "localhost" in doors else [])


async def test_a_quota_that_never_has_room_is_not_told_as_one_that_is_used_up() -> None:
    async with PodsWorld() as world:
        world.server.allows = True
        told = "exceeded quota: agents, requested: limits.memory=2Gi, used: limits.memory=0, limited: limits.memory=1Gi"
        world.server.refusals += [("POST", "pods", failure(403, "Forbidden", told))]
        api = Api(world.kubeconfig, "agents")
        (bad,) = [one for one in await examine(api, world.ground) if told in one.what]
        await api.close()
    assert bad.remedy.startswith("Ask for less")
