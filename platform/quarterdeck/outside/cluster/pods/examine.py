"""Whether a cluster can hold agents: reachable, rights, Pod Security, runtime class, quota, and with a pod of seconds whether
the image can be pulled and whether network policies are enforced. Nothing is left of it."""

import asyncio
import contextlib
import time
import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit

from quarterdeck.errors import GaveUp, TryLater
from quarterdeck.outside.cluster.pods import quota
from quarterdeck.outside.cluster.pods.addresses import named
from quarterdeck.outside.cluster.pods.api import Api, Away, Json, Said
from quarterdeck.outside.cluster.pods.manifest import OURS, Ground, pod
from quarterdeck.outside.cluster.port import END_REMEDIES, PlaceSpec

RIGHTS = {
    "pods": ("create", "get", "list", "watch", "delete"),
    "secrets": ("create", "get", "list", "patch", "delete"),
    "pods/log": ("get",),
    "events": ("list",),
    "resourcequotas": ("list",),
}
PROBE_S = 90.0
SHUT, OPEN, AWAY = 0, 10, 11
CLUSTERS_API = ("$(KUBERNETES_SERVICE_HOST)", "$(KUBERNETES_SERVICE_PORT)")
"""The kubelet fills these in."""
# In the pod: the cluster's API must not answer, the agents' doors must. Policies may come a moment late: three looks.
LOOK = f"""
import socket, sys, time
def answers(host, port):
    try:
        socket.create_connection((host, port), 2).close()
        return True
    except OSError:
        return False
host, port, doors, at = sys.argv[1:]
for _ in range(3):
    open_, there = answers(host, int(port)), answers(doors, int(at))
    if there and not open_:
        sys.exit({SHUT})
    time.sleep(1)
sys.exit({OPEN} if open_ else {AWAY})
"""


@dataclass(frozen=True)
class Found:
    """One line for a person. `state`: good, warn or bad."""

    state: str
    what: str
    remedy: str = ""


async def examine(api: Api, ground: Ground, *, probe_s: float = PROBE_S) -> list[Found]:
    """In the order in which things are put right: who cannot come in is told nothing of the rest."""
    try:
        version = await api.ask("GET", "/version")
    except (Away, Said, GaveUp) as no:
        return [Found("bad", f"The cluster does not answer: {no}", "Look at QUARTERDECK_KUBECONFIG and the way there.")]
    found = [Found("good", f"The cluster answers: Kubernetes {version.get('gitVersion', '?')}")]
    try:
        found += [await _rights(api), *await _security(api, ground), *await _quota(api)]
        if all(one.state != "bad" for one in found):
            found += await _probe(api, ground, probe_s)
    except TryLater as no:
        found.append(
            Found("bad", no.text, "Look at QUARTERDECK_DOORS_FOR_PODS; where names are its cluster's own, ask there.")
        )
    except (Away, Said) as no:
        found.append(Found("bad", f"The cluster refused to be examined: {no}", "Look at the reconciler's Role."))
    return found


async def _rights(api: Api) -> Found:
    missing = [f"{verb} {what}" for what, verbs in RIGHTS.items() for verb in verbs if not await _may(api, verb, what)]
    if missing:
        remedy = f"Give them in {api.namespace}; infra/chart holds the Role."
        return Found("bad", f"These rights are missing: {', '.join(missing)}", remedy)
    return Found("good", f"All rights that agents' pods need are given in {api.namespace}")


async def _may(api: Api, verb: str, what: str) -> bool:
    resource, _, part = what.partition("/")
    asked = {"namespace": api.namespace, "verb": verb, "resource": resource, "subresource": part}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": asked},
    }
    said = await api.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body=body)
    return bool(said.get("status", {}).get("allowed"))


async def _security(api: Api, ground: Ground) -> list[Found]:
    """Two pods that are never made: ours must be taken, one that shares the machine's network must not."""
    ours = _made(ground)
    loose = {**ours, "spec": {**ours["spec"], "hostNetwork": True}}
    taken, refused = await _dry(api, ours), await _dry(api, loose)
    if taken is not None:
        return [Found("bad", f"The namespace would refuse an agent's pod: {taken.message}", _remedy(taken))]
    first = Found(
        "good", "An agent's pod would be taken" + (f", in {ground.runtime_class}" if ground.runtime_class else "")
    )
    if refused is None:
        remedy = f"Label it: kubectl label namespace {api.namespace} pod-security.kubernetes.io/enforce=restricted"
        return [first, Found("warn", "The namespace takes pods that are not restricted", remedy)]
    return [first, Found("good", "Pod Security refuses what is not restricted")]


def _remedy(no: Said) -> str:
    if "RuntimeClass" in no.message:
        return "Name a runtime class that is there, in QUARTERDECK_POD_OPTIONS or the project."
    if quota.never(no.message):
        return END_REMEDIES["too_large"]
    if "exceeded quota" in no.message:
        return "The quota is used up: raise it, or wait until agents end."
    return "Make the namespace with infra/chart, or put right what it says."


async def _dry(api: Api, body: Json) -> Said | None:
    try:
        await api.ask("POST", "/pods", query={"dryRun": "All"}, body=body)
    except Said as no:
        return no
    return None


async def _quota(api: Api) -> list[Found]:
    quotas = (await api.ask("GET", "/resourcequotas")).get("items", [])
    told = []
    for one in quotas:
        status = one.get("status", {})
        lines = [
            f"{status.get('used', {}).get(name, '0')} of {hard} {name}" for name, hard in status.get("hard", {}).items()
        ]
        told.append(Found("good", f"Quota {one['metadata']['name']}: {', '.join(sorted(lines))}"))
    remedy = "Without one a mistake fills the cluster; places in Quarterdeck still limit agents."
    return told or [Found("warn", "The namespace has no quota", remedy)]


async def _probe(api: Api, ground: Ground, patience_s: float) -> list[Found]:
    body = _made(await named(ground))
    name = body["metadata"]["name"]
    await api.ask("POST", "/pods", body=body)
    try:
        return await _wait(api, ground, name, time.monotonic() + patience_s)
    finally:
        with contextlib.suppress(Away, Said):
            await api.ask("DELETE", f"/pods/{name}", query={"gracePeriodSeconds": 0})


async def _wait(api: Api, ground: Ground, name: str, until: float) -> list[Found]:
    seen = "nothing was heard of it"
    state: Json
    while time.monotonic() < until:
        status = (await api.ask("GET", f"/pods/{name}")).get("status", {})
        state = next((one.get("state", {}) for one in status.get("containerStatuses", [])), {})
        if "terminated" in state:
            image = Found("good", f"The agents' image is there: {ground.image}")
            return [image, _walls(state["terminated"].get("exitCode", -1))]
        waiting = state.get("waiting", {}).get("reason", "")
        if waiting in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"):
            said = state["waiting"].get("message", waiting)
            return [
                Found(
                    "bad",
                    f"The agents' image cannot be had: {said}",
                    "Look at QUARTERDECK_AGENT_IMAGE and its pull secret.",
                )
            ]
        seen = waiting or status.get("phase", seen)
        await asyncio.sleep(0.5)
    return [Found("bad", f"A pod of the agents' image did not start in time: {seen}", "Is there room on a node?")]


def _walls(code: int) -> Found:
    if code == SHUT:
        return Found(
            "good", "Network policies are enforced: a pod reached the agents' doors, and not the cluster's API"
        )
    if code == OPEN:
        remedy = "Use a network plugin that enforces NetworkPolicy (Calico, Cilium). Until then agents refuse to start."
        return Found("bad", "Network policies are NOT enforced: a pod reached the cluster's API", remedy)
    if code == AWAY:
        return Found(
            "bad",
            "A pod does not reach the agents' doors",
            "Look at QUARTERDECK_DOORS_FOR_PODS and the network policy.",
        )
    return Found("bad", f"The probe's pod ended with {code}", "Is this the agents' image (infra/images/agent)?")


def _doors(ground: Ground) -> tuple[str, str]:
    url = urlsplit(ground.doors)
    return url.hostname or "", str(url.port or (443 if url.scheme == "https" else 80))


def _made(ground: Ground) -> Json:
    """Like an agent's pod, under a site of its own: no reconciler takes it for an orphan."""
    spec = PlaceSpec(name=f"doctor-{uuid.uuid4().hex[:10]}", kind="check", run="", epoch=0, secret="", deadline_s=120)
    made = pod(ground, spec)
    made["metadata"]["labels"]["quarterdeck/site"] = "doctor"
    made["metadata"]["labels"]["quarterdeck/kind"] = "probe"
    agent = made["spec"]["containers"][0]
    agent["command"] = [f"{OURS}/bin/python", "-I", "-S", "-c", LOOK, *CLUSTERS_API, *_doors(ground)]
    agent["volumeMounts"] = [one for one in agent["volumeMounts"] if one["name"] != "secret"]
    made["spec"]["volumes"] = [one for one in made["spec"]["volumes"] if one["name"] != "secret"]
    made["metadata"]["labels"] = {key: value for key, value in made["metadata"]["labels"].items() if value != ""}
    return made
