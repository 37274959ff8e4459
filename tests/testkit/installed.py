"""The whole platform installed by Helm on a real cluster: PostgreSQL and Valkey in a namespace of their own, the chart in a
second one, the agents in a third. It is looked at like any other house, but for its processes, which are pods."""

import json
import secrets
import shutil
import subprocess
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from testkit import infra
from testkit.house import House, Row
from testkit.names import naming
from testkit.pods import SMALL, Cluster
from testkit.waiting import until

CHART = infra.TOP / "infra" / "chart"
RELEASE, UID, HOST = "qd", 10001, "quarterdeck.test"
PACKAGES = "packages"
PARTS = {"web": 1, "git": 1, "worker": 1, "beat": 1, "reconciler": 2, "outlet": 1}
INSTALL_S = 600
LITTLE = {"requests": {"cpu": "20m", "memory": "128Mi"}, "limits": {"cpu": "2", "memory": "768Mi"}}
RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/enforce-version": "latest",
}
Json = dict[str, Any]


class Installed(House):
    """`data` is the volume of the git service, as this machine sees it. `address` is that of the chart's Service."""

    def __init__(self, cluster: Cluster, data: Path) -> None:
        self.cluster, self.data = cluster, data
        self.namespace = f"test-{uuid.uuid4().hex[:8]}"
        self.agents, self.servers = f"{self.namespace}-agents", f"{self.namespace}-servers"
        self.password, self.link, self._database = secrets.token_hex(16), "", None
        self._known: tuple[float, dict[str, str]] = (0.0, {})

    @property
    def address(self) -> str:
        return f"http://{self.services()[f'{RELEASE}-web.{self.namespace}.svc']}"

    def browser(self, path: str = "", **more: Any) -> httpx.Client:
        return httpx.Client(base_url=f"{self.address}{path}", timeout=30, **with_host(more))

    def services(self) -> Mapping[str, str]:
        """Addresses by `name.namespace.svc`, as they were a second ago at most."""
        at, found = self._known
        if time.monotonic() - at > 1:
            items = json.loads(self.cluster.kubectl("get", "services", "-A", "-o", "json"))["items"]
            found = {
                f"{one['metadata']['name']}.{one['metadata']['namespace']}.svc": one["spec"]["clusterIP"]
                for one in items
            }
            self._known = (time.monotonic(), found)
        return found

    def run(self, part: str, *words: str) -> str:
        """In one of the platform's pods: its last line."""
        target = f"deployment/{RELEASE}-{part}"
        said = self.cluster.kubectl("-n", self.namespace, "exec", target, "--", *words, seconds=120)
        return (said.strip().splitlines() or [""])[-1]

    def said(self, part: str) -> str:
        chosen = f"app.kubernetes.io/component={part}"
        return self.cluster.kubectl("-n", self.namespace, "logs", "-l", chosen, "--tail=40", "--prefix", check=False)

    def database_at(self) -> str:
        return str(self.cluster.get(self.servers, "pod", "postgres")["status"]["podIP"])

    def _connection(self) -> "psycopg.Connection[Row]":
        if self._database is None or self._database.closed:
            self._database = psycopg.connect(
                host=self.database_at(), user="postgres", password=self.password, dbname="quarterdeck", autocommit=True,
                row_factory=dict_row,
            )  # fmt: skip
        return self._database


def with_host(more: Json) -> Json:
    return {**more, "headers": {**more.get("headers", {}), "host": HOST}}


@contextmanager
def installed(cluster: Cluster, **values: Any) -> Iterator[Installed]:
    """`values` go over the chart's own. Nothing is left of it."""
    for name in ("platform", "postgres", "valkey"):
        infra.image(name)
        cluster.script("load.sh", name)
    if infra.TAG == "dockerfile":
        for name in ("platform", "agent"):
            infra.dockerfile(name)
            cluster.script("load.sh", f"{name}-dockerfile")
    folder = Path(tempfile.mkdtemp(prefix="qd-volume-"))
    house = Installed(cluster, folder / "repos")
    for one in (house.data, folder / PACKAGES):
        one.mkdir()
        shutil.chown(one, UID, UID)
    folder.chmod(0o711)
    with naming(cluster.host, house.services):
        try:
            prepare(house)
            helm(house, "install", RELEASE, str(CHART), "--wait", f"--timeout={INSTALL_S}s", "-f", "-",
                 told=merged(values_of(house), values))  # fmt: skip
            with reached(house):
                move_in(house)
                yield house
        finally:
            house.forget_database()
            helm(house, "uninstall", RELEASE, "--wait", "--ignore-not-found")
            for name in (house.agents, house.namespace, house.servers):
                cluster.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")
            cluster.kubectl(
                "delete", "persistentvolume", house.namespace, house.agents, "--ignore-not-found", "--wait=false"
            )
            shutil.rmtree(folder, ignore_errors=True)


def prepare(house: Installed) -> None:
    """What an installation finds: two namespaces, the servers, the secrets, a volume."""
    house.cluster.apply(namespace(house.namespace), namespace(house.servers))
    for name in (house.namespace, house.servers):
        house.cluster.kubectl("-n", name, "wait", "--for=create", "serviceaccount/default", "--timeout=30s")
    servers = [*server(house, "postgres", 5432, POSTGRES_PASSWORD=house.password), *server(house, "valkey", 6379)]
    house.cluster.apply(*servers, *given(house), volume(house.namespace, f"{RELEASE}-repos", house.data))
    until(lambda: all(is_ready(one) for one in house.cluster.pods(house.servers)), 90, every=0.5, what="the servers")


def is_ready(pod: Json) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))


def move_in(house: Installed) -> None:
    """As the chart's notes say: the owner's link. And the sample, whose repository lies beside the others."""
    house.cluster.apply(*claimed(house.agents, PACKAGES, house.data.parent / PACKAGES))
    house.run("git", "python3", "manage.py", "load_sample")
    house.link = house.run("web", "python3", "manage.py", "owner_link")
    house.change("""update record_project set limits = limits || %s::jsonb, dials = dials || '{"linger": 2}'""",
                 json.dumps(SMALL))  # fmt: skip


def helm(house: Installed, *words: str, told: Json | None = None) -> str:
    done = subprocess.run(
        [infra.PROGRAMS / "helm", "--kubeconfig", house.cluster.kubeconfig, "-n", house.namespace, *words],
        input=json.dumps(told or {}), capture_output=True, text=True, timeout=INSTALL_S + 60,
    )  # fmt: skip
    assert done.returncode == 0, f"helm {words[0]}: {done.stderr}\n{tale(house)}"
    return done.stdout


def tale(house: Installed) -> str:
    """Why an installation is not ready."""
    pods = house.cluster.kubectl("-n", house.namespace, "get", "pods", "-o", "wide", check=False)
    return "\n".join([pods, *(house.said(part)[-2000:] for part in [*PARTS, "migrations"])])


@contextmanager
def reached(house: Installed) -> Iterator[None]:
    """The Service's address from this machine, by the node."""
    address = house.services()[f"{RELEASE}-web.{house.namespace}.svc"]
    node = house.cluster.host.removesuffix(".1") + ".2"
    subprocess.run(["ip", "route", "replace", f"{address}/32", "via", node], check=True)
    try:
        yield
    finally:
        subprocess.run(["ip", "route", "del", f"{address}/32", "via", node], check=False)


def merged(ours: Json, theirs: Json) -> Json:
    both = {name for name in ours.keys() & theirs.keys() if isinstance(ours[name], dict)}
    return {**ours, **theirs, **{name: merged(ours[name], theirs[name]) for name in both}}


def values_of(house: Installed) -> Json:
    """Two processors for everything; a name service on this machine; the API server on its own port."""
    port = int(house.cluster.get("default", "endpoints", "kubernetes")["subsets"][0]["ports"][0]["port"])
    parts = {part: {"resources": LITTLE} for part in PARTS} | {"migrations": {"resources": LITTLE}}
    return merged(parts, {
        "host": HOST, "https": False,
        "web": {"replicas": PARTS["web"], "autoscaling": {"enabled": False}},
        "worker": {"replicas": PARTS["worker"]}, "reconciler": {"replicas": PARTS["reconciler"]},
        "git": {"storage": {"size": "1Gi"}},
        "image": {"tag": infra.TAG},
        "agents": {"namespace": house.agents, "site": house.namespace, "environmentsClaim": PACKAGES,
                   "image": f"localhost/quarterdeck/agent:{infra.TAG}"},
        "outlet": {"enabled": True},
        "ingress": {"tlsSecret": ""},
        "dns": {"policy": "None", "config": {
            "nameservers": [house.cluster.host],
            "searches": [f"{house.namespace}.svc.cluster.local", "svc.cluster.local", "cluster.local"],
            "options": [{"name": "ndots", "value": "5"}],
        }},
        "networkPolicy": {"dnsPeers": [{"ipBlock": {"cidr": f"{house.cluster.host}/32"}}], "apiPorts": [443, port],
                          "dashboardPeers": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]},
        "extraEnv": {"QUARTERDECK_PACE": "0"},
    })  # fmt: skip


def namespace(name: str) -> Json:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": RESTRICTED}}


def given(house: Installed) -> list[Json]:
    """The secrets that the chart's values name."""
    host = f"postgres.{house.servers}.svc"
    held = {
        "quarterdeck": {
            "secret-key": secrets.token_urlsafe(48), "git-key": secrets.token_urlsafe(32),
            "k-first.key": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        },
        "quarterdeck-database": {"url": f"postgresql://postgres:{house.password}@{host}:5432/quarterdeck"},
        "quarterdeck-valkey": {"url": f"redis://valkey.{house.servers}.svc:6379/0"},
    }  # fmt: skip
    return [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": house.namespace}, "stringData": data}
        for name, data in held.items()
    ]  # fmt: skip


def volume(namespace: str, claim: str, folder: Path) -> Json:
    """For one claim: a folder of this machine, which is the node."""
    spec = {
        "accessModes": ["ReadWriteOnce", "ReadWriteMany"], "storageClassName": "", "capacity": {"storage": "1Gi"},
        "persistentVolumeReclaimPolicy": "Retain", "hostPath": {"path": str(folder)},
        "claimRef": {"namespace": namespace, "name": claim},
    }  # fmt: skip
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": namespace}, "spec": spec}


def claimed(namespace: str, claim: str, folder: Path) -> list[Json]:
    """A volume with the claim on it."""
    spec = {"accessModes": ["ReadWriteMany"], "storageClassName": "", "volumeName": namespace,
            "resources": {"requests": {"storage": "1Gi"}}}  # fmt: skip
    asked = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": claim, "namespace": namespace}}
    return [volume(namespace, claim, folder), {**asked, "spec": spec}]


def server(house: Installed, name: str, port: int, **environment: str) -> list[Json]:
    """A pod and its Service: as closed as everything else here, and with no more than memory to keep things in."""
    metadata = {"name": name, "namespace": house.servers, "labels": {"server": name}}
    container = {
        "name": name, "image": f"localhost/quarterdeck/{name}:dev", "imagePullPolicy": "IfNotPresent",
        "env": [{"name": key, "value": value} for key, value in environment.items()],
        "ports": [{"containerPort": port}], "resources": LITTLE,
        "readinessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 1, "failureThreshold": 60},
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                            "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}, {"name": "data", "mountPath": "/var/lib/postgres"}],
    }  # fmt: skip
    spec = {
        "automountServiceAccountToken": False, "enableServiceLinks": False, "containers": [container],
        "securityContext": {"runAsNonRoot": True, "runAsUser": UID, "runAsGroup": UID, "fsGroup": UID,
                            "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "data", "emptyDir": {}}],
    }  # fmt: skip
    return [
        {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata,
         "spec": {"selector": {"server": name}, "ports": [{"port": port}]}},
    ]  # fmt: skip
