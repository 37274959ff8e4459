"""The pod of a place, looked at whole: what is asked for is there, and nothing that a hostile program could use."""

from dataclasses import replace
from typing import Any

import pytest

from deckhand.settings import METADATA, PUBLIC, from_environment
from quarterdeck.errors import Refused
from quarterdeck.outside.cluster.pods import images, manifest
from quarterdeck.outside.cluster.pods.manifest import Ground
from quarterdeck.outside.cluster.port import PlaceSpec

GROUND = Ground(site="blue", image="reg/agent@sha256:1", doors="http://10.0.0.1:8700", git="http://10.0.0.1:8701")
SPEC = PlaceSpec(
    name="run-7-3",
    kind="attempt",
    run="7",
    epoch=3,
    secret="s3cret",
    cpu=0.5,
    memory_mb=1024,
    disk_mb=2048,
    deadline_s=900,
)
WALLS = {
    "allowPrivilegeEscalation": False, "privileged": False, "readOnlyRootFilesystem": True, "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
}  # fmt: skip


def test_the_whole_pod_of_an_attempt() -> None:
    assert manifest.pod(GROUND, SPEC) == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "run-7-3",
            "labels": {
                "app.kubernetes.io/part-of": "quarterdeck", "app.kubernetes.io/component": "agent",
                "quarterdeck/site": "blue", "quarterdeck/kind": "attempt", "quarterdeck/run": "7", "quarterdeck/epoch": "3",
            },
            "annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
        },
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": 900,
            "terminationGracePeriodSeconds": 25,
            "serviceAccountName": "default",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "dnsPolicy": "None",
            "dnsConfig": {"nameservers": ["127.0.0.1"]},
            "securityContext": {
                "runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001,
                "fsGroupChangePolicy": "OnRootMismatch", "seccompProfile": {"type": "RuntimeDefault"},
            },
            "tolerations": [
                {"key": f"node.kubernetes.io/{what}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}
                for what in ("not-ready", "unreachable")
            ],
            "containers": [
                {
                    "name": "agent",
                    "image": "reg/agent@sha256:1",
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["/opt/deckhand/bin/start", "attempt"],
                    "terminationMessagePolicy": "FallbackToLogsOnError",
                    "securityContext": WALLS,
                    "env": [
                        {"name": "PATH", "value": manifest.PATH},
                        {"name": "HOME", "value": "/home/agent"},
                        {"name": "LANG", "value": "C.UTF-8"},
                        {"name": "QUARTERDECK_URL", "value": "http://10.0.0.1:8700"},
                        {"name": "QUARTERDECK_GIT_URL", "value": "http://10.0.0.1:8701"},
                        {"name": "QUARTERDECK_SECRET_FILE", "value": "/run/quarterdeck/secret"},
                        {"name": "QUARTERDECK_WORKSPACE", "value": "/work"},
                        {"name": "QUARTERDECK_HOME", "value": "/home/agent"},
                        {"name": "QUARTERDECK_TOOLS", "value": "plain"},
                        {"name": "QUARTERDECK_TOOLS_PATH", "value": manifest.TOOLS_PATH},
                    ],
                    "workingDir": "/",
                    "resources": {
                        "requests": {"cpu": "50m", "memory": "256Mi", "ephemeral-storage": "256Mi"},
                        "limits": {"cpu": "500m", "memory": "1024Mi", "ephemeral-storage": "2112Mi"},
                    },
                    "volumeMounts": [
                        {"name": "secret", "mountPath": "/run/quarterdeck", "readOnly": True},
                        {"name": "work", "mountPath": "/work"},
                        {"name": "home", "mountPath": "/home/agent"},
                        {"name": "tmp", "mountPath": "/tmp"},
                    ],
                }
            ],
            "volumes": [
                {"name": "secret", "secret": {"secretName": "run-7-3", "defaultMode": 0o440}},
                {"name": "work", "emptyDir": {"sizeLimit": "1024Mi"}},
                {"name": "home", "emptyDir": {"sizeLimit": "512Mi"}},
                {"name": "tmp", "emptyDir": {"sizeLimit": "512Mi"}},
            ],
        },
    }  # fmt: skip


def test_the_secret_is_in_a_secret_and_nowhere_in_the_pod() -> None:
    made = manifest.secret(GROUND, SPEC)
    assert made["metadata"]["name"] == "run-7-3"
    assert made["data"] == {"secret": "czNjcmV0"}
    assert "s3cret" not in repr(manifest.pod(GROUND, SPEC))
    assert "czNjcmV0" not in repr(manifest.pod(GROUND, SPEC))


def test_a_projects_own_image_gets_deckhand_brought_and_may_not_write_it() -> None:
    pod = manifest.pod(GROUND, replace(SPEC, image="reg/theirs:9"))["spec"]
    (bring,) = pod["initContainers"]
    assert (bring["image"], bring["command"]) == ("reg/agent@sha256:1", ["/opt/deckhand/bin/bring", "/brought"])
    assert bring["securityContext"] == WALLS
    assert bring["resources"]["limits"]["memory"] == "128Mi"
    assert (bring["resources"]["requests"]["cpu"], bring["resources"]["limits"]["cpu"]) == ("50m", "500m")
    (agent,) = pod["containers"]
    assert agent["image"] == "reg/theirs:9"
    assert {"name": "deckhand", "mountPath": "/opt/deckhand", "readOnly": True} in agent["volumeMounts"]
    assert {"name": "deckhand", "emptyDir": {"sizeLimit": "512Mi"}} in pod["volumes"]


def test_the_platforms_own_image_named_again_needs_no_bringing() -> None:
    assert manifest.pod(GROUND, replace(SPEC, image=GROUND.image)) == manifest.pod(GROUND, SPEC)


def test_a_project_cannot_leave_the_isolation_and_the_nodes_that_the_operator_chose() -> None:
    ground = replace(GROUND, runtime_class="gvisor", node_selector={"pool": "agents"})
    made = manifest.pod(ground, replace(SPEC, runtime_class="runc", node_selector={"pool": "any", "disk": "ssd"}))
    assert made["spec"]["runtimeClassName"] == "gvisor"
    assert made["spec"]["nodeSelector"] == {"pool": "agents", "disk": "ssd"}


def test_a_projects_wishes_hold_where_the_installation_says_nothing() -> None:
    ground = replace(
        GROUND, node_selector={"disk": "ssd"}, priority_class="low", labels={"team": "x"},
        pull_secrets=("reg",), host_aliases={"doors": "10.0.0.9"},
    )  # fmt: skip
    spec = replace(
        SPEC, runtime_class="gvisor", node_selector={"zone": "b"}, priority_class="high",
        labels={"kueue.x-k8s.io/queue-name": "agents"},
    )  # fmt: skip
    made = manifest.pod(ground, spec)
    assert made["spec"]["runtimeClassName"] == "gvisor"
    assert made["spec"]["nodeSelector"] == {"disk": "ssd", "zone": "b"}
    assert made["spec"]["priorityClassName"] == "high"
    assert made["spec"]["imagePullSecrets"] == [{"name": "reg"}]
    assert made["spec"]["hostAliases"] == [{"ip": "10.0.0.9", "hostnames": ["doors"]}]
    assert {"team": "x", "kueue.x-k8s.io/queue-name": "agents"}.items() <= made["metadata"]["labels"].items()


def test_nobody_names_another_run_in_a_label() -> None:
    made = manifest.pod(GROUND, replace(SPEC, labels={"quarterdeck/run": "8", "quarterdeck/site": "red"}))
    assert (made["metadata"]["labels"]["quarterdeck/run"], made["metadata"]["labels"]["quarterdeck/site"]) == (
        "7",
        "blue",
    )


@pytest.mark.parametrize("writable", [True, False])
def test_packages_are_mounted_by_their_folder_and_only_an_install_writes_them(writable: bool) -> None:
    kind = "install" if writable else "attempt"
    spec = replace(SPEC, kind=kind, environment="e-1", environment_writable=writable, network=writable)
    ground = replace(GROUND, claim="packages", outlet="http://10.0.0.1:8702")
    pod = manifest.pod(ground, spec, "folder-1")["spec"]
    (agent,) = pod["containers"]
    mount = next(one for one in agent["volumeMounts"] if one["name"] == "environments")
    assert (mount["mountPath"], mount["subPath"], mount.get("readOnly", False)) == (
        "/environment",
        "folder-1",
        not writable,
    )
    assert value(agent, "QUARTERDECK_OUTLET") == ("http://10.0.0.1:8702" if writable else None)
    assert (value(agent, "QUARTERDECK_TOOLS_PATH") or "").startswith("/environment/bin:")
    assert ("initContainers" in pod) == writable


@pytest.mark.parametrize("kind", ["attempt", "check", "install"])
def test_in_every_pod_a_public_address_must_not_answer(kind: str) -> None:
    """An install too goes out by the outlet alone: what the pod is told makes deckhand try the same addresses everywhere."""
    spec = replace(SPEC, kind=kind, network=kind == "install")
    told = manifest.environment(replace(GROUND, outlet="http://10.0.0.1:8702"), spec)
    kubelets = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    assert from_environment({**told, **kubelets}).canary == (METADATA, PUBLIC, "10.96.0.1:443")
    named = manifest.environment(replace(GROUND, outlet="http://10.0.0.1:8702", canary=("10.1.2.3:5432",)), spec)
    assert from_environment({**named, **kubelets}).canary == ("10.1.2.3:5432",)


def value(container: dict[str, Any], name: str) -> str | None:
    return next((one["value"] for one in container["env"] if one["name"] == name), None)


@pytest.mark.parametrize(
    "name",
    [
        "busybox", "library/python:3.12", "reg.example:5000/team/image_1:v1.2", "[fd00::1]:5000/a/b", "localhost/a__b-c.d:x",
        f"reg.example/agent@sha256:{'0' * 64}", f"reg.example/agent:1@sha256:{'a' * 64}", "UPPER.example/lower",
    ],
)  # fmt: skip
def test_an_image_of_a_proper_name_is_taken(name: str) -> None:
    images.check(replace(SPEC, image=name))


@pytest.mark.parametrize(
    "name",
    [
        "Not An Image",
        "a/Upper",
        "a//b",
        "/a",
        "a:",
        "a@sha256:1",
        "http://reg.example/a",
        "a b",
        "a\n",
        "-a/b:1",
        "ä/b",
    ],
)
def test_an_image_without_a_proper_name_is_refused_before_anything_is_made(name: str) -> None:
    with pytest.raises(Refused) as no:
        images.check(replace(SPEC, image=name))
    assert (no.value.reason, repr(name) in no.value.text) == ("image_name", True)
