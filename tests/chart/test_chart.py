"""The chart against Helm and a real API server: every object is one that a cluster takes, and every pod is restricted."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from testkit import infra

pytestmark = [pytest.mark.pods, pytest.mark.skipif(bool(infra.why_not(root=False)), reason=infra.why_not(root=False))]
CHART = infra.TOP / "infra" / "chart"
PARTS = {"web", "git", "worker", "beat", "reconciler", "migrations"}
Json = dict[str, Any]


@pytest.fixture(scope="session")
def helm() -> Callable[..., subprocess.CompletedProcess[str]]:
    infra.script(infra.CLUSTER / "build.sh", "helm")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([infra.PROGRAMS / "helm", *words], capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture(scope="session")
def rendered(helm: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., list[Json]]:
    def render(*settings: str) -> list[Json]:
        words = [word for one in settings for word in ("--set", one)]
        done = helm("template", "qd", str(CHART), "-n", "quarterdeck", *words)
        assert done.returncode == 0, done.stderr
        return [one for one in yaml.safe_load_all(done.stdout) if one]

    return render


@pytest.fixture(scope="module")
def server() -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """The API level of our own cluster, in a slot of its own, with the two namespaces."""
    with tempfile.TemporaryDirectory() as folder:
        where = {"QD_CLUSTER_SLOT": "6", "QD_CLUSTER_STATE": f"{folder}/state"}
        infra.script(infra.CLUSTER / "up.sh", "api", **where)

        def kubectl(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
            command = [infra.PROGRAMS / "kubectl", "--kubeconfig", f"{folder}/state/admin.kubeconfig", *words]
            return subprocess.run(command, input=text, capture_output=True, text=True, timeout=120)

        for name in ("quarterdeck", "quarterdeck-agents"):
            kubectl("create", "namespace", name)
            kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
        yield kubectl
        infra.script(infra.CLUSTER / "down.sh", **where)


def of_kind(objects: list[Json], kind: str) -> list[Json]:
    return [one for one in objects if one["kind"] == kind]


def pods(objects: list[Json]) -> dict[str, Json]:
    """The pod template of every part."""
    found = [one["spec"]["template"] for one in objects if one["kind"] in ("Deployment", "Job")]
    return {one["metadata"]["labels"]["app.kubernetes.io/component"]: one for one in found}


def test_helm_finds_no_fault(helm: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    assert helm("lint", "--strict", str(CHART)).returncode == 0


@pytest.mark.parametrize(
    "wrong",
    [
        "hsot=x", "web.replicas=0", "image.digest=sha256:short", "agents.options.privileged=true",
        "agents.options.canary=1.2.3.4:5", "agents.options.pull_policy=sometimes", "agents.options.canary={1.2.3.4}",
    ],
)  # fmt: skip
def test_a_value_that_means_nothing_is_refused(
    helm: Callable[..., subprocess.CompletedProcess[str]], wrong: str
) -> None:
    assert helm("template", "qd", str(CHART), "--set", wrong).returncode != 0


def test_agents_are_not_put_beside_the_platforms_secrets(helm: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = helm("template", "qd", str(CHART), "-n", "quarterdeck", "--set", "agents.namespace=quarterdeck")
    assert (done.returncode != 0, "one of their own" in done.stderr) == (True, True)


@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("web.autoscaling.enabled=false", "https=false", "ingress.tlsSecret="),
        ("networkPolicy.enabled=false", "podDisruptionBudget.enabled=false", "git.storage.existingClaim=mine"),
        ("outlet.enabled=true", "outlet.registries.npm=null", "dns.policy=None", "dns.config.nameservers={10.0.0.1}"),
        ("agents.create=false", "nodeSelector.disk=ssd", "image.pullSecrets={one}", "agents.options.grace_s=40"),
    ],
)
def test_a_real_api_server_takes_every_object(
    server: Callable[..., subprocess.CompletedProcess[str]],
    rendered: Callable[..., list[Json]],
    settings: tuple[str, ...],
) -> None:
    """Strictly: an unknown or doubled field is an error."""
    every = {"apiVersion": "v1", "kind": "List", "items": rendered(*settings)}
    done = server("apply", "--dry-run=server", "--validate=strict", "-f", "-", text=json.dumps(every))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("(server dry run)") == len(every["items"])


def test_every_pod_passes_where_only_restricted_ones_do(
    server: Callable[..., subprocess.CompletedProcess[str]], rendered: Callable[..., list[Json]]
) -> None:
    found = pods(rendered())
    assert set(found) == PARTS
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"namespace": "quarterdeck"}}
    for name in ("qd", "qd-reconciler"):
        server("create", "-f", "-", text=json.dumps({**account, "metadata": {**account["metadata"], "name": name}}))
    for part, template in found.items():
        pod = {"apiVersion": "v1", "kind": "Pod", **template}
        pod["metadata"] = {**template["metadata"], "name": part, "namespace": "quarterdeck"}
        done = server("create", "--dry-run=server", "--validate=strict", "-f", "-", text=json.dumps(pod))
        assert done.returncode == 0, f"{part}: {done.stderr}"


def test_no_password_is_made_or_written_here(rendered: Callable[..., list[Json]]) -> None:
    objects = rendered()
    assert of_kind(objects, "Secret") == []
    for template in pods(objects).values():
        env = {one["name"]: one for one in template["spec"]["containers"][0]["env"]}
        for name in ("DATABASE_URL", "VALKEY_URL", "QUARTERDECK_SECRET_KEY", "QUARTERDECK_GIT_KEY"):
            assert "secretKeyRef" in env[name]["valueFrom"]


def test_only_web_and_worker_hold_the_keys_to_stored_secrets(rendered: Callable[..., list[Json]]) -> None:
    holders = {
        part for part, template in pods(rendered()).items()
        if any(mount["name"] == "keys" for mount in template["spec"]["containers"][0]["volumeMounts"])
    }  # fmt: skip
    assert holders == {"web", "worker"}


def test_the_reconciler_may_touch_pods_and_secrets_of_the_agents_namespace_and_nothing_else(
    rendered: Callable[..., list[Json]],
) -> None:
    objects = rendered()
    (role,) = of_kind(objects, "Role")
    assert role["metadata"]["namespace"] == "quarterdeck-agents"
    assert {word for rule in role["rules"] for word in rule["resources"]} == {
        "pods", "pods/log", "secrets", "events", "resourcequotas",
    }  # fmt: skip
    assert not [one for one in objects if one["kind"].startswith("ClusterRole")]
    token = {part: template["spec"]["automountServiceAccountToken"] for part, template in pods(objects).items()}
    assert token == {part: part == "reconciler" for part in PARTS}


def test_agents_reach_their_doors_and_git_and_nothing_else(rendered: Callable[..., list[Json]]) -> None:
    (policy,) = [
        one for one in of_kind(rendered(), "NetworkPolicy") if one["metadata"]["namespace"] == "quarterdeck-agents"
    ]
    assert policy["spec"]["podSelector"] == {}
    assert "ingress" not in policy["spec"]
    assert [[port["port"] for port in rule["ports"]] for rule in policy["spec"]["egress"]] == [[8700], [8701]]


def test_only_installs_reach_the_outlet_and_it_knows_no_secret(rendered: Callable[..., list[Json]]) -> None:
    objects = rendered("outlet.enabled=true", "outlet.registries.npm=null", "agents.environmentsClaim=packages")
    (policy,) = [one for one in of_kind(objects, "NetworkPolicy") if one["metadata"]["name"] == "qd-installs"]
    assert policy["spec"]["podSelector"] == {"matchLabels": {"quarterdeck/kind": "install"}}
    assert [[port["port"] for port in rule["ports"]] for rule in policy["spec"]["egress"]] == [[8703]]
    container = pods(objects)["outlet"]["spec"]["containers"][0]
    env = {one["name"]: one for one in container["env"]}
    assert [one for one in env.values() if "valueFrom" in one] == []
    assert json.loads(env["QUARTERDECK_REGISTRIES"]["value"]).keys() == {"pypi", "pypi-files"}
    told = {one["name"]: one.get("value") for one in pods(objects)["reconciler"]["spec"]["containers"][0]["env"]}
    assert told["QUARTERDECK_OUTLET_FOR_PODS"] == "http://qd-outlet.quarterdeck.svc:8703"


def test_what_is_watched_is_there(rendered: Callable[..., list[Json]]) -> None:
    """The monitor's labels and port are those of Services, theirs those of pods, whose process was told to listen there."""
    objects = rendered("serviceMonitor.enabled=true")
    (monitor,) = of_kind(objects, "ServiceMonitor")
    chosen, (end,) = monitor["spec"]["selector"]["matchLabels"].items(), monitor["spec"]["endpoints"]
    watched = [one for one in of_kind(objects, "Service") if chosen <= one["metadata"]["labels"].items()]
    parts = {one["spec"]["selector"]["app.kubernetes.io/component"]: one["spec"]["ports"][0] for one in watched}
    assert parts.keys() == {"web", "reconciler"}
    for part, port in parts.items():
        container = pods(objects)[part]["spec"]["containers"][0]
        assert (port["name"], port["targetPort"]) == (end["port"], "metrics")
        assert {"name": "metrics", "containerPort": port["port"]} in container["ports"]
        env = {one["name"]: one.get("value") for one in container["env"]}
        assert env["QUARTERDECK_METRICS_LISTEN"] == f"0.0.0.0:{port['port']}"


def test_what_needs_an_operator_is_there_where_it_is_asked_for(rendered: Callable[..., list[Json]]) -> None:
    objects = rendered(
        "database.cloudNativePG.enabled=true", "valkey.operator.enabled=true", "serviceMonitor.enabled=true",
        "gateway.enabled=true", "gateway.parentRefs[0].name=edge", "ingress.enabled=false",
    )  # fmt: skip
    kinds = {one["kind"] for one in objects}
    assert {"Cluster", "Valkey", "ServiceMonitor", "HTTPRoute"} <= kinds
    assert "Ingress" not in kinds
    env = {one["name"]: one for one in pods(objects)["web"]["spec"]["containers"][0]["env"]}
    assert env["DATABASE_URL"]["valueFrom"]["secretKeyRef"] == {"name": "qd-db-app", "key": "uri"}
    (valkey,) = of_kind(objects, "Valkey")
    binding = valkey["spec"]["binding"]
    assert env["VALKEY_URL"]["valueFrom"]["secretKeyRef"] == {"name": binding["secretName"], "key": "url"}
    # Celery knows no cluster, and nobody without the password shall put work before the workers.
    assert valkey["spec"]["replicas"] == 1
    assert "sentinel" not in valkey["spec"]
    assert (
        binding["template"].strip()
        == "url: redis://:{{ .password | urlquery }}@{{ .primaryHost }}:{{ .primaryPort }}/0"
    )


# Checks that are not for us, each with its reason.
NOT_OURS = {
    "CKV_K8S_35": "Secrets are read from the environment by the platform's own processes; agents get a file.",
    "CKV_K8S_43": "The default values name a local image; image.digest pins what is installed.",
    "CKV_K8S_15": "IfNotPresent: what a digest names does not change, and a site without a registry has no other way.",
    "CKV_K8S_8": "Worker, beat, reconciler and migrations open no port; their leases and the record tell when they are late.",
    "CKV_K8S_9": "The same.",
    "CKV_K8S_38": "Only the reconciler has a token, and it needs it.",
}


@pytest.fixture(scope="session")
def checkov() -> Path:
    """A tool with a hundred dependencies: in an environment of its own, never in our lock."""
    folder = infra.CACHE / "checkov"
    if not (folder / "bin" / "checkov").exists():
        subprocess.run(["python3", "-m", "venv", folder], check=True, timeout=120)
        subprocess.run([folder / "bin" / "pip", "install", "-q", "checkov"], check=True, timeout=900)
    return folder / "bin" / "checkov"


def test_checkov_finds_nothing_but_what_has_its_reason(
    checkov: Path, helm: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "chart.yaml").write_text(helm("template", "qd", str(CHART), "-n", "quarterdeck").stdout)
    failed = examined(checkov, tmp_path / "chart.yaml")
    assert sorted(one for one in failed if one[0] not in NOT_OURS) == []


def test_checkov_finds_nothing_in_an_agents_pod(
    checkov: Path, rendered: Callable[..., list[Json]], tmp_path: Path
) -> None:
    from quarterdeck.outside.cluster.pods.manifest import Ground, pod
    from quarterdeck.outside.cluster.port import PlaceSpec

    ground = Ground(
        site="s",
        image="registry.example/agent@sha256:" + "0" * 64,
        doors="http://d",
        git="http://g",
        pull_policy="Always",
    )
    spec = PlaceSpec(name="run-1-1", kind="attempt", run="1", epoch=1, secret="s")
    made = pod(ground, spec)
    made["metadata"]["namespace"] = "quarterdeck-agents"
    (policy,) = [
        one for one in of_kind(rendered(), "NetworkPolicy") if one["metadata"]["namespace"] == "quarterdeck-agents"
    ]
    (tmp_path / "pod.yaml").write_text(yaml.safe_dump_all([made, policy]))
    failed = examined(checkov, tmp_path / "pod.yaml")
    reasons = {"CKV_K8S_8", "CKV_K8S_9"}  # an agent opens no port: its lease tells when it is late
    assert sorted(one for one in failed if one[0] not in reasons) == []


def examined(checkov: Path, file: Path) -> set[tuple[str, str]]:
    words = ["--framework", "kubernetes", "--compact", "--quiet", "-o", "json", "-f", str(file), "--skip-download"]
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    done = subprocess.run([checkov, *words], capture_output=True, text=True, timeout=300, env=clean)
    said = json.loads(done.stdout)
    assert said["summary"]["passed"] > 50 if "summary" in said else said.get("passed", 0) > 0, done.stderr
    return {(one["check_id"], one["resource"]) for one in said.get("results", {}).get("failed_checks", [])}
