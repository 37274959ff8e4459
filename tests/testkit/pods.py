"""A real cluster for tests, in a slot of its own, and houses whose agents live in its pods: a namespace for each house."""

import json
import os
import platform
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from testkit.house import House, all_pids, command_line, living
from testkit.waiting import until

TOP = Path(__file__).resolve().parents[2]
SCRIPTS = TOP / "infra" / "cluster"
IMAGE = "localhost/quarterdeck/agent:dev"
SMALL = {"memory_mb": 512, "disk_mb": 512, "cpu": 0.5}
"""Thirty of these fit on two processors."""
SLOTS = "7 5"
"""Each worker has a cluster of its own: tests here kill nodes and servers. QUARTERDECK_TEST_SLOT names others."""
Json = dict[str, Any]


def slot() -> str:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return (os.environ.get("QUARTERDECK_TEST_SLOT") or SLOTS).split()[worker]


def missing() -> str:
    """Why this machine cannot have a cluster with real pods; "" when it can."""
    if platform.system() != "Linux":
        return "real pods need Linux"
    return "" if os.geteuid() == 0 else "real pods need root"


class Cluster:
    """`slot` keeps it apart from other clusters on this machine. `enforced` False: NetworkPolicies are accepted only."""

    def __init__(self, slot: str, *, enforced: bool = True) -> None:
        self.slot, self.enforced = slot, enforced
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        self.state = state / "quarterdeck" / f"cluster-{slot}"
        self.kubeconfig = self.state / "admin.kubeconfig"
        self.host = f"10.250.{slot}.1"

    def script(self, name: str, *words: str, seconds: float = 900) -> str:
        told = {**os.environ, "QD_CLUSTER_SLOT": self.slot, "QD_NO_NETPOL": "" if self.enforced else "1"}
        ran = subprocess.run(
            [str(SCRIPTS / name), *words], env=told, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=seconds, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, f"{name} {' '.join(words)}: {ran.stderr[-2000:]}"
        return ran.stdout

    @property
    def is_up(self) -> bool:
        return (self.state / "mode").exists()

    def up(self) -> "Cluster":
        self.script("up.sh", "node")
        return self

    def down(self) -> None:
        self.script("down.sh")

    def part(self, name: str, what: str) -> str:
        return self.script("part.sh", name, what)

    def kubectl(self, *words: str, told: Json | None = None, check: bool = True, seconds: float = 60) -> str:
        found = shutil.which("kubectl", path=f"{self.programs}:{os.environ['PATH']}") or "kubectl"
        ran = subprocess.run(
            [found, "--kubeconfig", str(self.kubeconfig), *words], input=json.dumps(told) if told else "",
            capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip
        assert ran.returncode == 0 or not check, f"kubectl {' '.join(words)}: {ran.stderr}"
        return ran.stdout

    @property
    def programs(self) -> Path:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return Path(os.environ.get("QUARTERDECK_CLUSTER_CACHE") or cache / "quarterdeck") / "kubernetes"

    def get(self, namespace: str, *words: str) -> Json:
        return json.loads(self.kubectl("-n", namespace, "get", "-o", "json", *words) or "{}")

    def pods(self, namespace: str) -> list[Json]:
        return list(self.get(namespace, "pods")["items"])

    def evict(self, namespace: str, name: str) -> None:
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}
        path = f"/api/v1/namespaces/{namespace}/pods/{name}/eviction"
        self.kubectl("create", "--raw", path, "-f", "-", told=body)

    def apply(self, *objects: Json) -> None:
        self.kubectl("apply", "-f", "-", told={"apiVersion": "v1", "kind": "List", "items": list(objects)})

    @contextmanager
    def namespace(self, *ports: int, quota: Mapping[str, str] | None = None) -> Iterator[str]:
        """With restricted Pod Security, and no way out for its pods but to these ports of ours."""
        name = f"test-{uuid.uuid4().hex[:8]}"
        level = {
            "pod-security.kubernetes.io/enforce": "restricted",
            "pod-security.kubernetes.io/enforce-version": "latest",
        }
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": level}})
        self.apply(walls(name, self.host, ports))
        if quota:
            self.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "all", "namespace": name},
                        "spec": {"hard": dict(quota)}})  # fmt: skip
        self.kubectl("-n", name, "wait", "--for=create", "serviceaccount/default", "--timeout=30s")
        try:
            yield name
        finally:
            self.kubectl("delete", "namespace", name, "--wait=false")


def walls(namespace: str, host: str, ports: tuple[int, ...]) -> Json:
    out = [
        {"to": [{"ipBlock": {"cidr": f"{host}/32"}}], "ports": [{"protocol": "TCP", "port": port} for port in ports]}
    ]
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": out}
    metadata = {"name": "agents", "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def cgroup(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return ""


def free_port(host: str) -> int:
    with socket.socket() as one:
        one.bind((host, 0))
        return int(one.getsockname()[1])


class PodHouse(House):
    """A house whose agents live in pods of `namespace`."""

    cluster: Cluster
    orders: Path
    """Where a test orders a process to die at a point of its code, where it asked for that."""
    namespace: str

    def pod(self, run: str) -> Json:
        """Of the run's newest attempt."""
        place = self.value("select place from record_attempt where run_id = %s order by epoch desc limit 1", run)
        return self.cluster.get(self.namespace, "pod", str(place))

    def pods(self) -> list[Json]:
        return self.cluster.pods(self.namespace)

    def names(self) -> set[str]:
        return {one["metadata"]["name"] for one in self.pods()}

    def kept(self) -> set[str]:
        """What stands in the agents' namespace: a secret goes a moment after the pod that owns it."""
        secrets = self.cluster.get(self.namespace, "secrets")["items"]
        return self.names() | {one["metadata"]["name"] for one in secrets}

    def agent(self, run: str) -> int:
        """The process of the run's newest attempt, as this machine sees it: below the pod's own first one."""
        uid = self.pod(run)["metadata"]["uid"]

        def look() -> int:
            for pid in all_pids():
                if "-m deckhand" in command_line(pid) and "catatonit" not in command_line(pid) and uid in cgroup(pid):
                    return pid
            return 0

        return until(look, 10, what="the agent's process")

    def inside(self, run: str, command: str) -> str:
        """What a shell beside the agent prints."""
        name = self.pod(run)["metadata"]["name"]
        return self.cluster.kubectl("-n", self.namespace, "exec", name, "--", "/bin/sh", "-c", command, check=False)


@contextmanager
def living_in_pods(
    cluster: Cluster, *, quota: Mapping[str, str] | None = None, **environment: str
) -> Iterator[PodHouse]:
    doors, git = free_port(cluster.host), free_port(cluster.host)
    with cluster.namespace(doors, git, quota=quota) as namespace:
        told = {
            "QUARTERDECK_CLUSTER": "pods",
            "QUARTERDECK_KUBECONFIG": str(cluster.kubeconfig),
            "QUARTERDECK_AGENTS_NAMESPACE": namespace,
            "QUARTERDECK_SITE": namespace,
            "QUARTERDECK_AGENT_IMAGE": IMAGE,
            "QUARTERDECK_DOORS_FOR_PODS": f"http://{cluster.host}:{doors}",
            "QUARTERDECK_GIT_FOR_PODS": f"http://{cluster.host}:{git}",
            "QUARTERDECK_DOORS_LISTEN": f"{cluster.host}:{doors}",
            "QUARTERDECK_GIT_LISTEN": f"{cluster.host}:{git}",
            **environment,
        }
        with living(PodHouse, **told) as house:
            house.cluster, house.namespace = cluster, namespace
            house.change("""update record_project set limits = limits || %s::jsonb, dials = dials || '{"linger": 2}'""",
                         json.dumps(SMALL))  # fmt: skip
            yield house
