"""The contract of the cluster port, kept by real pods. The agent is a small shell that waits for one line from the test."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.outside.cluster.pods.api import Api
from quarterdeck.outside.cluster.pods.cluster import PodsCluster
from quarterdeck.outside.cluster.pods.manifest import Ground
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceSpec, PlaceState
from testkit.contract import ROOM, ClusterContract
from testkit.places import ENDINGS, until
from testkit.pods import IMAGE, Cluster

pytestmark = pytest.mark.pods
LISTEN = 'trap "exit 143" TERM; mkfifo /tmp/words; read -r words < /tmp/words; eval "$words"'
# The first process of a pod gets no SIGKILL from within: a child of it dies and its code is passed on.
ENDS = ENDINGS | {"killed": "exit 137"}


class RealWorld:
    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.real, self.namespace = cluster, namespace
        ground = Ground(
            site=namespace, image=IMAGE, doors="http://10.0.0.1:1", git="http://10.0.0.1:1", claim="packages",
            command=("/bin/sh", "-c", LISTEN), grace_s=5,
        )  # fmt: skip
        self.cluster = PodsCluster(Api(cluster.kubeconfig, namespace), ground, room=ROOM)

    def spec(self, name: str = "run-1", **more: Any) -> PlaceSpec:
        small = {"memory_mb": 64, "disk_mb": 64, "cpu": 0.1, "secret": f"pipe-{name}"}
        return PlaceSpec(**{"name": name, "kind": "attempt", "run": name, "epoch": 1, **small, **more})

    async def end(self, name: str, reason: str) -> None:
        await self.running(name)
        say = f"until [ -p /tmp/words ]; do :; done; echo '{ENDS[reason]}' > /tmp/words"
        words = ("-n", self.namespace, "exec", name, "-c", "agent", "--", "/bin/sh", "-c", say)
        # The pod may end before the one who told it to: that is no failure.
        await asyncio.to_thread(partial(self.real.kubectl, *words, check=False))
        await until(lambda: self._in_state(name, PlaceState.ENDED), 60)

    async def running(self, name: str) -> PlaceSeen:
        return await until(lambda: self._in_state(name, PlaceState.RUNNING), 60)

    async def gone(self, name: str) -> None:
        await until(lambda: self._is_gone(name), 60)

    async def close(self) -> None:
        words = ("-n", self.namespace, "delete", "pods,secrets", "--all", "--grace-period=1", "--wait=true")
        await asyncio.to_thread(self.real.kubectl, *words)
        await self.cluster.close()

    async def _in_state(self, name: str, state: PlaceState) -> PlaceSeen | None:
        seen = await self.cluster.observe(name)
        return seen if seen is not None and seen.state == state else None

    async def _is_gone(self, name: str) -> bool:
        return await self.cluster.observe(name) is None


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> Iterator[str]:
    """With a volume for packages on the one node there is."""
    folder = Path(tempfile.mkdtemp(prefix="qd-packages-"))
    folder.chmod(0o777)
    with cluster.namespace() as name:
        cluster.apply(*volume(name, folder))
        yield name
    cluster.kubectl("delete", "pv", name, "--wait=false")
    shutil.rmtree(folder, ignore_errors=True)


def volume(namespace: str, folder: Path) -> list[dict[str, Any]]:
    room = {"accessModes": ["ReadWriteMany"], "storageClassName": ""}
    return [
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": namespace},
         "spec": {**room, "capacity": {"storage": "1Gi"}, "hostPath": {"path": str(folder)},
                  "claimRef": {"namespace": namespace, "name": "packages"}}},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "packages", "namespace": namespace},
         "spec": {**room, "resources": {"requests": {"storage": "1Gi"}}, "volumeName": namespace}},
    ]  # fmt: skip


class TestRealPods(ClusterContract):
    @pytest.fixture
    async def world(self, cluster: Cluster, namespace: str) -> AsyncIterator[RealWorld]:
        made = RealWorld(cluster, namespace)
        yield made
        await made.close()
