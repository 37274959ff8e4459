"""The pod of one place, whole. Pure: what was asked and where the installation stands go in, Kubernetes' objects come out.

It meets the `restricted` Pod Security profile by itself; a namespace that enforces it refuses nothing of it.
"""

import base64
from dataclasses import dataclass, field
from typing import Any

from quarterdeck.outside.cluster.port import PlaceSpec

UID = 10001
PART_OF = {"app.kubernetes.io/part-of": "quarterdeck", "app.kubernetes.io/component": "agent"}
SITE, KIND, RUN, EPOCH = "quarterdeck/site", "quarterdeck/kind", "quarterdeck/run", "quarterdeck/epoch"
OURS = "/opt/deckhand"
AGENT, BRING, ROOM = "agent", "bring", "room"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# The runner finds its own git first; tools find the image's programs first, and ours where it has none.
PATH, TOOLS_PATH = f"{OURS}/bin:{SYSTEM_PATH}", f"{SYSTEM_PATH}:{OURS}/bin"
ENVIRONMENT, ENVIRONMENTS = "/environment", "/environments"
# Logs count as ephemeral storage too.
LOGS_MB = 64
BROUGHT_MB = 512
# Makes the folder that the container's own mount needs, as the uid that will fill it: a kubelet would make it root's.
MAKE_ROOM = f"import os, sys; os.makedirs(os.path.join({ENVIRONMENTS!r}, sys.argv[1]), exist_ok=True)"
SWEEP = f"import os, shutil, sys; shutil.rmtree(os.path.join({ENVIRONMENTS!r}, sys.argv[1]), ignore_errors=True)"

Json = dict[str, Any]


@dataclass(frozen=True)
class Ground:
    """Where the pods of this installation live. Addresses are as a pod reaches them; agents have no DNS, so names stand in
    `host_aliases`. `tools` is how deckhand walls its tools in: `plain` in a restricted pod, which cannot nest a sandbox.
    `claim` names the volume of installed packages, "" for none. `grace_s`: between SIGTERM and SIGKILL, in seconds. `canary`
    are host:port words that must not answer inside a pod, () for deckhand's own; `canary_s` how long one may that does. `command`
    runs instead of the agent, where it is given.
    """

    site: str
    image: str
    doors: str
    git: str
    outlet: str = ""
    registries: tuple[str, ...] = ()
    host_aliases: dict[str, str] = field(default_factory=dict)
    runtime_class: str = ""
    node_selector: dict[str, str] = field(default_factory=dict)
    priority_class: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    pull_policy: str = "IfNotPresent"
    pull_secrets: tuple[str, ...] = ()
    service_account: str = "default"
    tools: str = "plain"
    grace_s: int = 25
    claim: str = ""
    canary: tuple[str, ...] = ()
    canary_s: float | None = None
    command: tuple[str, ...] = ()


def pod(ground: Ground, spec: PlaceSpec, folder: str = "") -> Json:
    """`folder` is where the place's packages lie on the volume, when it asks for any."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": spec.name,
            "labels": labels(ground, spec),
            "annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", **ground.annotations},
        },
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": spec.deadline_s,
            "terminationGracePeriodSeconds": ground.grace_s,
            "serviceAccountName": ground.service_account,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            # Names are nobody's business here: a look-up fails at once instead of waiting for a blocked server.
            "dnsPolicy": "None",
            "dnsConfig": {"nameservers": ["127.0.0.1"]},
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": UID,
                "runAsGroup": UID,
                "fsGroup": UID,
                "fsGroupChangePolicy": "OnRootMismatch",
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "tolerations": [_tolerated("not-ready"), _tolerated("unreachable")],
            **_init(ground, spec, folder),
            "containers": [_agent(ground, spec, folder)],
            "volumes": _volumes(ground, spec, folder),
            **_where(ground, spec),
        },
    }  # fmt: skip


def secret(ground: Ground, spec: PlaceSpec) -> Json:
    """The one-time secret, for this pod alone; it is owned by the pod once that has a uid."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {"name": spec.name, "labels": labels(ground, spec)},
        "data": {"secret": base64.b64encode(spec.secret.encode()).decode()},
    }


def owned_by(name: str, uid: str) -> Json:
    """A patch: the secret goes with its pod."""
    return {"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid}]}}


def labels(ground: Ground, spec: PlaceSpec) -> dict[str, str]:
    """Ours win over anybody's: places are found by them."""
    ours = {SITE: ground.site, KIND: spec.kind, RUN: spec.run, EPOCH: str(spec.epoch)}
    return {**ground.labels, **spec.labels, **PART_OF, **ours}


def _tolerated(what: str) -> Json:
    """Half a minute instead of five: our own lease has called the attempt lost by then."""
    key = f"node.kubernetes.io/{what}"
    return {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}


def _where(ground: Ground, spec: PlaceSpec) -> Json:
    found = {
        "runtimeClassName": ground.runtime_class or spec.runtime_class,
        "priorityClassName": spec.priority_class or ground.priority_class,
        "nodeSelector": {**spec.node_selector, **ground.node_selector},
        "imagePullSecrets": [{"name": name} for name in ground.pull_secrets],
        "hostAliases": [{"ip": ip, "hostnames": [name]} for name, ip in sorted(ground.host_aliases.items())],
    }
    return {key: value for key, value in found.items() if value}


def _agent(ground: Ground, spec: PlaceSpec, folder: str) -> Json:
    mounts = [_mount("secret", "/run/quarterdeck", read_only=True), *_writable()]
    if _foreign(ground, spec):
        mounts.append(_mount("deckhand", OURS, read_only=True))
    if folder:
        mounts.append(
            _mount("environments", ENVIRONMENT, read_only=not spec.environment_writable) | {"subPath": folder}
        )
    return {
        **_container(
            ground, AGENT, spec.image or ground.image, [*(ground.command or (f"{OURS}/bin/start", spec.kind))]
        ),
        "env": [{"name": name, "value": value} for name, value in environment(ground, spec).items()],
        "workingDir": "/",
        "resources": _resources(spec),
        "volumeMounts": mounts,
    }


def _container(ground: Ground, name: str, image: str, command: list[str]) -> Json:
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": ground.pull_policy,
        "command": command,
        # What a failed start said last: the only words of an agent that never came to the doors.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def environment(ground: Ground, spec: PlaceSpec) -> dict[str, str]:
    """No key and no token: an environment is read by whoever reads the pod."""
    found = {
        "PATH": PATH,
        "HOME": "/home/agent",
        "LANG": "C.UTF-8",
        "QUARTERDECK_URL": ground.doors,
        "QUARTERDECK_GIT_URL": ground.git,
        "QUARTERDECK_SECRET_FILE": "/run/quarterdeck/secret",
        "QUARTERDECK_WORKSPACE": "/work",
        "QUARTERDECK_HOME": "/home/agent",
        "QUARTERDECK_TOOLS": ground.tools,
        "QUARTERDECK_TOOLS_PATH": f"{ENVIRONMENT}/bin:{TOOLS_PATH}" if spec.environment else TOOLS_PATH,
    }
    if spec.network and ground.outlet:
        found["QUARTERDECK_OUTLET"] = ground.outlet
        found["QUARTERDECK_REGISTRIES"] = " ".join(ground.registries)
    if ground.canary:
        found["QUARTERDECK_CANARY"] = " ".join(ground.canary)
    if ground.canary_s is not None:
        found["QUARTERDECK_CANARY_SECONDS"] = f"{ground.canary_s:g}"
    return found


def _resources(spec: PlaceSpec) -> Json:
    """A tenth of the processor and a quarter of the memory are kept for it: an agent waits for models most of its time."""
    disk = spec.disk_mb + LOGS_MB
    return {
        "requests": {
            "cpu": f"{max(10, round(spec.cpu * 100))}m",
            "memory": f"{max(32, spec.memory_mb // 4)}Mi",
            "ephemeral-storage": f"{max(16, spec.disk_mb // 8)}Mi",
        },
        "limits": {
            "cpu": f"{round(spec.cpu * 1000)}m",
            "memory": f"{spec.memory_mb}Mi",
            "ephemeral-storage": f"{disk}Mi",
        },
    }  # fmt: skip


def _writable() -> list[Json]:
    return [_mount("work", "/work"), _mount("home", "/home/agent"), _mount("tmp", "/tmp")]


def _mount(name: str, path: str, *, read_only: bool = False) -> Json:
    return {"name": name, "mountPath": path} | ({"readOnly": True} if read_only else {})


def _volumes(ground: Ground, spec: PlaceSpec, folder: str) -> list[Json]:
    half, quarter = max(16, spec.disk_mb // 2), max(16, spec.disk_mb // 4)
    found = [
        {"name": "secret", "secret": {"secretName": spec.name, "defaultMode": 0o440}},
        _empty("work", half),
        _empty("home", quarter),
        _empty("tmp", quarter),
    ]
    if _foreign(ground, spec):
        found.append(_empty("deckhand", BROUGHT_MB))
    if folder:
        found.append({"name": "environments", "persistentVolumeClaim": {"claimName": ground.claim}})
    return found


def _empty(name: str, mib: int) -> Json:
    return {"name": name, "emptyDir": {"sizeLimit": f"{mib}Mi"}}


def _foreign(ground: Ground, spec: PlaceSpec) -> bool:
    """A project's own image holds nothing of ours."""
    return spec.image not in ("", ground.image)


def _init(ground: Ground, spec: PlaceSpec, folder: str) -> Json:
    """Before the place: deckhand is brought into a foreign image, and the folder to be filled is made."""
    found = []
    small = {"cpu": "500m", "memory": "128Mi", "ephemeral-storage": "32Mi"}
    resources = {"requests": {**small, "cpu": "10m", "memory": "32Mi"}, "limits": small}
    if _foreign(ground, spec):
        bring = _container(ground, BRING, ground.image, [f"{OURS}/bin/bring", "/brought"])
        # As fast as the agent itself may be, and with no less of a busy node: all of its start waits for this copy.
        cpu, kept = f"{max(500, round(spec.cpu * 1000))}m", _resources(spec)["requests"]["cpu"]
        limits = {**small, "cpu": cpu, "ephemeral-storage": f"{BROUGHT_MB + 32}Mi"}
        own = {"requests": {**resources["requests"], "cpu": kept}, "limits": limits}
        found.append(bring | {"resources": own, "volumeMounts": [_mount("deckhand", "/brought")]})
    if folder and spec.environment_writable:
        room = _container(ground, ROOM, ground.image, [f"{OURS}/bin/python", "-I", "-S", "-c", MAKE_ROOM, folder])
        found.append(room | {"resources": resources, "volumeMounts": [_mount("environments", ENVIRONMENTS)]})
    return {"initContainers": found} if found else {}


def sweeper(ground: Ground, name: str, folder: str) -> Json:
    """A pod of seconds that removes one folder from the volume of packages: like a place, without a secret or an agent."""
    spec = PlaceSpec(name=name, kind="sweep", run="", epoch=0, secret="", memory_mb=128, disk_mb=64, deadline_s=600)
    made = pod(ground, spec)
    command = [f"{OURS}/bin/python", "-I", "-S", "-c", SWEEP, folder]
    agent = _container(ground, AGENT, ground.image, command) | {"resources": _resources(spec)}
    agent["volumeMounts"] = [_mount("environments", ENVIRONMENTS)]
    volumes = [{"name": "environments", "persistentVolumeClaim": {"claimName": ground.claim}}]
    return made | {"spec": made["spec"] | {"containers": [agent], "volumes": volumes}}
