"""What doctor says of a cluster, asked of real ones: one that enforces its policies, and one that only says so."""

import asyncio
import http.server
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from quarterdeck.outside.cluster.pods.api import Api
from quarterdeck.outside.cluster.pods.examine import Found, examine
from quarterdeck.outside.cluster.pods.manifest import Ground
from testkit import infra, pods

pytestmark = [pytest.mark.pods, pytest.mark.skipif(bool(infra.why_not(root=True)), reason=infra.why_not(root=True))]
NAMESPACE = "examined"
GROUND = Ground(site="examined", image="localhost/quarterdeck/agent:dev", doors="", git="")


class Cluster:
    """One of ours, with an agents' namespace and something that answers where the doors would be."""

    def __init__(self, here: str, **where: str) -> None:
        said = infra.script(infra.CLUSTER / "up.sh", "node", **where)
        self.kubeconfig = Path(said.rpartition("KUBECONFIG=")[2].strip())
        self.doors = http.server.ThreadingHTTPServer((here, 0), http.server.SimpleHTTPRequestHandler)
        threading.Thread(target=self.doors.serve_forever, daemon=True).start()
        port = str(self.doors.server_port)
        infra.script(infra.CLUSTER / "agents.sh", str(self.kubeconfig), NAMESPACE, here, port, "1", **where)
        self.ground = replace(GROUND, doors=f"http://{here}:{port}")

    def examined(self, ground: Ground | None = None) -> dict[str, Found]:
        async def look() -> list[Found]:
            api = Api(self.kubeconfig, NAMESPACE)
            try:
                return await examine(api, ground or self.ground)
            finally:
                await api.close()

        return {one.what: one for one in asyncio.run(look())}

    def kubectl(self, *words: str) -> str:
        command = [infra.PROGRAMS / "kubectl", "--kubeconfig", self.kubeconfig, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    def leave(self) -> None:
        self.doors.shutdown()
        self.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture(scope="module")
def cluster(real_cluster: pods.Cluster) -> Iterator[Cluster]:
    one = Cluster(real_cluster.host, QD_CLUSTER_SLOT=real_cluster.slot)
    yield one
    one.leave()


def bad(found: dict[str, Found]) -> list[str]:
    return [what for what, one in found.items() if one.state == "bad"]


def test_a_good_cluster_is_called_good(cluster: Cluster) -> None:
    found = cluster.examined()
    assert bad(found) == []
    assert any("Network policies are enforced" in what for what in found)
    assert "Pod Security refuses what is not restricted" in found


def test_an_image_that_cannot_be_had_is_said(cluster: Cluster) -> None:
    found = cluster.examined(replace(cluster.ground, image="localhost/quarterdeck/none:1", pull_policy="Never"))
    assert [what for what in bad(found) if "image cannot be had" in what]


def test_a_runtime_class_that_is_not_there_is_said(cluster: Cluster) -> None:
    found = cluster.examined(replace(cluster.ground, runtime_class="gvisor"))
    (what,) = bad(found)
    assert "gvisor" in what
    assert "runtime class" in found[what].remedy


def test_doors_that_nobody_reaches_are_said(cluster: Cluster) -> None:
    found = cluster.examined(replace(cluster.ground, doors="http://10.250.0.1:9"))
    assert bad(found) == ["A pod does not reach the agents' doors"]


def test_a_cluster_that_is_not_there_is_said(tmp_path: Path) -> None:
    async def look() -> list[Found]:
        return await examine(Api(tmp_path / "none", NAMESPACE), GROUND)

    (only,) = asyncio.run(look())
    assert only.state == "bad"
    assert "does not answer" in only.what


def test_a_cluster_that_enforces_no_policy_is_found_out() -> None:
    where = {"QD_CLUSTER_SLOT": "9", "QD_NO_NETPOL": "1"}
    lax = Cluster("10.250.9.1", **where)
    try:
        (what,) = bad(lax.examined())
        assert "NOT enforced" in what
    finally:
        lax.doors.shutdown()
        infra.script(infra.CLUSTER / "down.sh", **where)
