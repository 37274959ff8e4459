"""What a pod's status means: pending (and for what), running, or ended (why, whose doing). Pure, from the raw object.

A kubelet that cannot start a pod goes on trying for ever, and the pod stays "Pending"; here that is an end as soon as it is
clear that trying on will not help, so that nobody looks at a start that never comes.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from quarterdeck.outside.cluster.pods.manifest import AGENT, EPOCH, KIND, RUN
from quarterdeck.outside.cluster.port import END_REASONS, PlaceSeen, PlaceState

Json = dict[str, Any]
# Seconds since the pod was made: a mistake may be a node that has just joined, a registry may come back.
MISTAKE_S, WEATHER_S, START_S = 6, 300, 600
# deckhand's exit codes; every other one is a crash, or a kill when a signal says so.
EXIT_CODES = {0: "done", 3: "fenced", 4: "done", 5: "canary_failed", 6: "start_failed", 7: "done"}
KILLED = {137, 143}
UNSEEN = {"ContainerStatusUnknown", "Unknown"}
"""Of the kubelet, and of containerd after its node was started again (with exit code 255, which is nobody's)."""
STATUS = {
    "Evicted": "evicted", "DeadlineExceeded": "deadline", "Preempting": "preempted", "Preempted": "preempted",
    "NodeLost": "node_lost", "NodeShutdown": "evicted", "Shutdown": "evicted", "Terminated": "evicted",
    "NodeAffinity": "node_refused", "UnexpectedAdmissionError": "node_refused",
}  # fmt: skip
DISRUPTED = {
    "PreemptionByScheduler": "preempted", "DeletionByTaintManager": "node_lost", "EvictionByEvictionAPI": "evicted",
    "DeletionByPodGC": "node_lost", "TerminationByKubelet": "evicted",
}  # fmt: skip
WAITING = {
    "InvalidImageName": "image_name", "ErrImageNeverPull": "image_missing", "CreateContainerConfigError": "config_error",
    "CreateContainerError": "start_error", "RunContainerError": "start_error", "StartError": "start_error",
}  # fmt: skip
PULLING = {"ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed"}
NO_ACCESS = re.compile(
    r"unauthori[sz]ed|authentication required|access denied|denied:|403|no basic auth|authorization", re.I
)
NOT_THERE = re.compile(r"not found|manifest unknown|no such image|name unknown|does not exist", re.I)
SCARCE = re.compile(r"Insufficient ([\w./-]+)")
AFTER_CAUSES = re.compile(r"\.? (no new claims|preemption:).*", re.DOTALL)
"""Whom the scheduler could have put away instead: nobody's affair here."""
CAUSES = re.compile(r"\d+ (node\(s\) .*?|[A-Z].*?)(?=, \d|\. |\.?$)")
# A taint that a node has for as long as it is not ready, or is emptied, says nothing of its kind; nor does one without a name.
WRONG_NODE = re.compile(r"node affinity/selector|node selector|untolerated taint \{(?!node\.kubernetes\.io/)")
OWN_DISK = re.compile(r"exceeds the (total )?limit|exceeded its local ephemeral storage limit|Usage of EmptyDir", re.I)


@dataclass(frozen=True)
class Wait:
    """`words` for a person; `reason` is the end it comes to when it lasts longer than `patience_s`."""

    words: str
    reason: str = "start_slow"
    patience_s: float = START_S
    text: str = ""


def seen(pod: Json, now: datetime, *, removed: bool = False) -> PlaceSeen:
    """`removed`: this is the last that was seen of a pod that somebody else deleted."""
    if removed:
        return _end(pod, *_disruption(pod, "deleted"))
    ended = _ended(pod)
    if ended is not None:
        return _end(pod, *ended)
    if pod["metadata"].get("deletionTimestamp"):
        return _living(pod, now, PlaceState.RUNNING if _running(pod) else PlaceState.PENDING, "its end")
    if _running(pod):
        return _living(pod, now, PlaceState.RUNNING, "")
    wait = _wait(pod)
    if (now - _begun(pod)).total_seconds() >= wait.patience_s:
        return _end(pod, wait.reason, wait.text or _sentence(wait.words))
    return _living(pod, now, PlaceState.PENDING, wait.words)


def age(pod: Json, now: datetime) -> float:
    """Seconds since it was made; `now` is by the cluster's clock."""
    return (now - stamp(pod["metadata"]["creationTimestamp"])).total_seconds()


def _begun(pod: Json) -> datetime:
    """Since when it could start: a node took it, or it was made. What held it back before that is no slow start."""
    for condition in pod.get("status", {}).get("conditions", []):
        if (
            condition["type"] == "PodScheduled"
            and condition["status"] == "True"
            and condition.get("lastTransitionTime")
        ):
            return stamp(condition["lastTransitionTime"])
    return stamp(pod["metadata"]["creationTimestamp"])


def stamp(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _ended(pod: Json) -> tuple[str, str] | None:
    """Reason and what to add to its sentence; None while it lives."""
    status = pod.get("status", {})
    done = _state(pod, "terminated")
    if status.get("phase") not in ("Failed", "Succeeded") and not done:
        return _failed_before(pod)
    if named := _by_status(status):
        return named
    if done and not _lost(done):
        return _by_exit(pod, done)
    return _failed_before(pod) or _disruption(pod, "gone")


def _by_status(status: Json) -> tuple[str, str] | None:
    """The whole pod was ended, by the kubelet or the cluster."""
    word, text = status.get("reason", ""), status.get("message", "")
    if word == "Evicted" and OWN_DISK.search(text):
        return "disk", text
    if word.startswith("OutOf"):
        return "node_refused", text
    return (STATUS[word], "" if word == "DeadlineExceeded" else text) if word in STATUS else None


def _by_exit(pod: Json, done: Json) -> tuple[str, str]:
    word, code, text = done.get("reason", ""), done.get("exitCode"), _last_line(done.get("message", ""))
    if word == "OOMKilled" and code not in EXIT_CODES:
        inside = "" if code in KILLED else " One of its processes was ended for it."
        return "oom", f"The limit is {_limit(pod)}.{inside}"
    if word in ("StartError", "ContainerCannotRun"):
        return "start_error", done.get("message", "")[-400:]
    if code in KILLED:
        return _disruption(pod, "deleted" if pod["metadata"].get("deletionTimestamp") else "killed")
    if code in EXIT_CODES:
        return EXIT_CODES[code], text
    return "crashed", f"It ended with code {code}. {text}".strip()


def _failed_before(pod: Json) -> tuple[str, str] | None:
    """What has to happen in the pod before the agent is started did not."""
    for one in pod.get("status", {}).get("initContainerStatuses", []):
        done = one.get("state", {}).get("terminated")
        if done and done.get("exitCode"):
            if done.get("reason") == "OOMKilled":
                return "oom", f"It happened in {one['name']}, before the agent."
            said = _last_line(done.get("message", ""))
            return "start_failed", f"{one['name']} ended with code {done['exitCode']}. {said}".strip()
    return None


def _disruption(pod: Json, otherwise: str) -> tuple[str, str]:
    for condition in pod.get("status", {}).get("conditions", []):
        if condition["type"] == "DisruptionTarget" and condition["status"] == "True":
            return DISRUPTED.get(condition.get("reason", ""), otherwise), condition.get("message", "")
    return otherwise, ""


def _lost(done: Json) -> bool:
    """The kubelet did not see the end itself and made one up."""
    return done.get("reason") in UNSEEN


def _wait(pod: Json) -> Wait:
    status = pod.get("status", {})
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return _no_node(condition)
    for one in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        waiting = one.get("state", {}).get("waiting", {})
        if found := _hangs(one.get("image", ""), waiting.get("reason", ""), waiting.get("message", "")):
            return found
    return Wait("its container to start" if status.get("containerStatuses") else "a node to take it")


def _no_node(condition: Json) -> Wait:
    text = AFTER_CAUSES.sub(".", condition.get("message", ""))
    if condition.get("reason") == "SchedulingGated":
        return Wait("the cluster's own queue to let it in", patience_s=float("inf"))
    if condition.get("reason") != "Unschedulable":
        return Wait("a node")
    scarce = sorted(set(SCARCE.findall(text)))
    if scarce:
        what = " and ".join(scarce)
        return Wait(f"a node with enough {what}", "unschedulable", WEATHER_S, f"There was not enough {what}: {text}")
    causes = CAUSES.findall(text)
    if causes and all(WRONG_NODE.search(one) for one in causes):
        return Wait("a node of the kind it asks for", "no_such_node", MISTAKE_S, text)
    return Wait(f"a node ({text[:200]})", "unschedulable", WEATHER_S, text)


def _hangs(image: str, word: str, text: str) -> Wait | None:
    """What keeps one container from starting; None when nothing does, as far as the kubelet says."""
    if word in PULLING:
        return _pull(image, text)
    if word not in WAITING:
        return None
    reason, at_once = WAITING[word], word in ("InvalidImageName", "ErrImageNeverPull")
    sentence = END_REASONS[reason][1].removesuffix(".")
    words = f"{sentence[0].lower()}{sentence[1:]}: {text or image}"
    return Wait(words[:300], reason, 0 if at_once else MISTAKE_S, text or image)


def _pull(image: str, text: str) -> Wait:
    told = f"{image}: {text}" if image not in text else text
    if NOT_THERE.search(text) and "authorization" not in text:
        return Wait(f"the image, which is not there: {image}", "image_missing", MISTAKE_S, told)
    if NO_ACCESS.search(text):
        return Wait(f"the image, which the registry does not give: {image}", "image_auth", MISTAKE_S, told)
    why = text.rpartition(": ")[2].strip('"')[:80]
    words = (
        f"the image, which cannot be pulled ({why}): {image}; where that is not its name, stop the run and correct it"
    )
    return Wait(words, "image_pull", WEATHER_S, told)


def _state(pod: Json, state: str) -> Json | None:
    for one in pod.get("status", {}).get("containerStatuses", []):
        if one["name"] == AGENT:
            return one.get("state", {}).get(state)
    return None


def _running(pod: Json) -> bool:
    return _state(pod, "running") is not None


def _limit(pod: Json) -> str:
    agent = next(one for one in pod["spec"]["containers"] if one["name"] == AGENT)
    return agent.get("resources", {}).get("limits", {}).get("memory", "the node's memory")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:500] if lines else ""


def _plain(text: str) -> str:
    """Whatever a process of the pod, or a registry, wrote: without what no record takes (NUL) and no eye sees (bidi, escapes)."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _sentence(words: str) -> str:
    return f"It waited for {words}."


def _living(pod: Json, now: datetime, state: PlaceState, waiting_for: str) -> PlaceSeen:
    return PlaceSeen(**_who(pod), state=state, waiting_for=_plain(waiting_for), age_s=age(pod, now))


def _end(pod: Json, reason: str, text: str) -> PlaceSeen:
    blame, sentence = END_REASONS[reason]
    done = _state(pod, "terminated") or {}
    return PlaceSeen(
        **_who(pod), state=PlaceState.ENDED, reason=reason, text=_plain(f"{sentence} {text}".strip()[:1000]), blame=blame,
        exit_code=done.get("exitCode"),
    )  # fmt: skip


def _who(pod: Json) -> Json:
    labels = pod["metadata"].get("labels", {})
    epoch = labels.get(EPOCH, "")
    return {
        "name": pod["metadata"]["name"],
        "uid": pod["metadata"]["uid"],
        "kind": labels.get(KIND, ""),
        "run": labels.get(RUN, ""),
        "epoch": int(epoch) if epoch.isdecimal() else 0,
        "node": pod.get("spec", {}).get("nodeName", ""),
    }
