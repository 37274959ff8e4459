"""Our own cluster, for real: what the platform needs of it holds, and down leaves nothing."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit import infra
from testkit.pods import Cluster
from testkit.servers import short_folder

pytestmark = [pytest.mark.pods, pytest.mark.skipif(bool(infra.why_not(root=True)), reason=infra.why_not(root=True))]


@pytest.fixture(scope="module")
def cluster(real_cluster: Cluster) -> Cluster:
    return real_cluster


def test_it_does_what_the_platform_needs_of_a_cluster(cluster: Cluster) -> None:
    """Restricted pods, logs, exec, rights, Pod Security, and network policies with a control that proves the probes see."""
    assert "smoke: all well" in infra.script(infra.CLUSTER / "smoke.sh", QD_CLUSTER_SLOT=cluster.slot)


def test_a_second_start_finds_it_up(cluster: Cluster) -> None:
    assert "is up already" in infra.script(infra.CLUSTER / "up.sh", "node", QD_CLUSTER_SLOT=cluster.slot)


def test_its_programs_know_their_version(cluster: Cluster) -> None:
    said = json.loads(cluster.kubectl("version", "-o", "json"))
    assert said["serverVersion"]["gitVersion"].startswith("v1.")
    assert said["serverVersion"]["gitVersion"] == said["clientVersion"]["gitVersion"]


def test_a_part_that_is_killed_comes_back(cluster: Cluster) -> None:
    first = cluster.part("kube-scheduler", "pid").strip()
    cluster.part("kube-scheduler", "kill")
    assert not Path(f"/proc/{first}/exe").exists()
    cluster.part("kube-scheduler", "start")
    assert cluster.part("kube-scheduler", "pid").strip() != first


def test_down_leaves_nothing(tmp_path: Path) -> None:
    """Another slot, the level without nodes: no process, no folder, no database in memory."""
    where = {"QD_CLUSTER_SLOT": "3", "QD_CLUSTER_STATE": str(tmp_path / "state")}
    infra.script(infra.CLUSTER / "up.sh", "api", **where)
    assert processes(tmp_path)
    infra.script(infra.CLUSTER / "down.sh", **where)
    assert processes(tmp_path) == []
    assert not (tmp_path / "state").exists()
    assert not list(Path("/dev/shm").glob("qd3-*"))


def processes(folder: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in words:
            found.append(words.replace(b"\0", b" ").decode())
    return found


@pytest.fixture
def house(cluster: Cluster, unused_tcp_port: int) -> Iterator[str]:
    """`make run CLUSTER=up`, ready; what it said. Afterwards it was asked to end and did."""
    data = short_folder()
    mine = {"QUARTERDECK_DATA": str(data), "QUARTERDECK_PORT": str(unused_tcp_port), "CLUSTER": "up"}
    more = {"QUARTERDECK_AGENTS_NAMESPACE": "tried-agents", "QUARTERDECK_SITE": "tried",
            "QD_CLUSTER_SLOT": cluster.slot}  # fmt: skip
    ours = {"DATABASE_URL", "VALKEY_URL", "QUARTERDECK_RUN", "QUARTERDECK_NO_POOL", "KUBECONFIG", "QUARTERDECK_CLUSTER"}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    process = subprocess.Popen(
        [Path(sys.executable).parent / "quarterdeck", "up"], env={**environment, **mine, **more},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    while "Ctrl-C stops everything." not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    yield (data / "run" / "ports.json").read_text()
    process.send_signal(signal.SIGINT)
    last, _ = process.communicate(timeout=60)
    cluster.kubectl("delete", "namespace", "tried-agents", "--wait=false")
    subprocess.run(["rm", "-rf", data], check=True)
    assert "make cluster-down ends it too" in last


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_pods_reach_the_agents_doors_and_nothing_of_the_dashboard(cluster: Cluster, house: str) -> None:
    policy = json.loads(cluster.kubectl("-n", "tried-agents", "get", "networkpolicy", "agents", "-o", "json"))["spec"]
    egress = policy["egress"][0]
    doors, git = (one["port"] for one in egress["ports"])
    assert egress["to"] == [{"ipBlock": {"cidr": f"{cluster.host}/32"}}]
    assert status(f"http://{cluster.host}:{doors}/healthz") == 404
    assert status(f"http://{cluster.host}:{doors}/agent/v1/hello") in (401, 405, 422)
    assert status(f"http://{cluster.host}:{git}/internal/head") in (401, 403, 404)
    labels = json.loads(cluster.kubectl("get", "namespace", "tried-agents", "-o", "json"))["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
