"""Every way a pod can hang or end, as a real API server shows it, and what a person is told."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deckwire.words import Blame
from quarterdeck.outside.cluster.pods import reasons
from quarterdeck.outside.cluster.port import END_REASONS, END_REMEDIES, PlaceState
from testkit import pod_ends

BORN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
IMAGE = "reg.example/agent:1"


def pod(**status: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "run-7-3", "uid": "u-1", "creationTimestamp": "2026-11-23T09:00:00Z",
            "labels": {"quarterdeck/kind": "attempt", "quarterdeck/run": "7", "quarterdeck/epoch": "3"},
        },
        "spec": {"nodeName": "node-1", "containers": [{"name": "agent", "resources": {"limits": {"memory": "1024Mi"}}}]},
        "status": {"phase": "Pending", **status},
    }  # fmt: skip


def state(kind: str, name: str = "agent", **more: Any) -> list[dict[str, Any]]:
    return [{"name": name, "image": IMAGE, "state": {kind: more}}]


def ended(code: int, reason: str = "Error", message: str = "", **status: Any) -> dict[str, Any]:
    done = state("terminated", exitCode=code, reason=reason, message=message)
    return pod(**{"phase": "Failed" if code else "Succeeded", "containerStatuses": done, **status})


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return pod(containerStatuses=state("waiting", reason=reason, message=message))


def unschedulable(message: str, reason: str = "Unschedulable") -> dict[str, Any]:
    return pod(conditions=[{"type": "PodScheduled", "status": "False", "reason": reason, "message": message}])


def disrupted(reason: str, **more: Any) -> dict[str, Any]:
    return {
        "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "said so"}],
        **more,
    }


NOT_FOUND = f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": {IMAGE}: not found'
NO_ACCESS = f'failed to authorize: failed to fetch anonymous token: unexpected status from "{IMAGE}": 401 Unauthorized'
DENIED = (
    "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope"
)
NO_REGISTRY = f'failed to resolve reference "{IMAGE}": dial tcp 10.0.0.9:443: connect: connection refused'
SCARCE = "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: 3 No preemption victims found."
WRONG = "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. preemption: not helpful."

# A node that is away for a moment: its taint is named by older schedulers only.
NOT_READY = (
    "0/1 nodes are available: 1 node(s) had untolerated taint(s). no new claims to deallocate, preemption: not helpful."
)
ITS_NODE_IS_NOT_READY = (
    "0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, "
    "2 node(s) didn't match Pod's node affinity/selector. preemption: not helpful."
)
ITS_NODE_IS_CORDONED = (
    "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector."
)
TAINTED = (
    "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, "
    "2 node(s) didn't match Pod's node affinity/selector. preemption: not helpful."
)

ENDS = [
    ("done", ended(0, "Completed")),
    ("done", ended(4)),
    ("done", ended(0, "OOMKilled")),
    ("fenced", ended(3)),
    ("canary_failed", ended(5, message="Exposed: 10.0.0.1:443 answers")),
    ("start_failed", ended(6, message="Misconfigured: QUARTERDECK_URL is not set")),
    ("crashed", ended(1, message="Traceback\nValueError: x")),
    ("crashed", ended(139)),
    ("oom", ended(137, "OOMKilled")),
    ("oom", ended(1, "OOMKilled")),
    ("killed", ended(137)),
    ("killed", ended(143)),
    ("preempted", ended(137, **disrupted("PreemptionByScheduler"))),
    ("node_lost", ended(143, **disrupted("DeletionByTaintManager"))),
    ("evicted", ended(143, **disrupted("EvictionByEvictionAPI"))),
    ("start_error", ended(128, "StartError", 'exec: "/opt/deckhand/bin/start": stat: no such file or directory')),
    ("deadline", pod(phase="Failed", reason="DeadlineExceeded", message="Pod was active on the node longer than …")),
    ("evicted", pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory.")),
    ("disk", pod(phase="Failed", reason="Evicted", message="Pod ephemeral local storage usage exceeds the total limit of 1Gi.")),
    ("disk", pod(phase="Failed", reason="Evicted", message='Usage of EmptyDir volume "work" exceeds the limit "64Mi".')),
    ("preempted", pod(phase="Failed", reason="Preempting", message="Preempted in order to admit critical pod")),
    ("node_refused", pod(phase="Failed", reason="OutOfcpu", message="Node didn't have enough resource: cpu")),
    ("node_refused", pod(phase="Failed", reason="UnexpectedAdmissionError", message="Allocate failed")),
    ("evicted", pod(phase="Failed", reason="Terminated", message="Pod was terminated in response to imminent node shutdown.")),
    ("node_lost", pod(phase="Failed", reason="NodeLost", message="Node node-1 was lost")),
    ("gone", pod(phase="Failed")),
    ("gone", ended(137, "ContainerStatusUnknown")),
    ("gone", ended(255, "Unknown")),
    ("oom", pod(initContainerStatuses=state("terminated", "bring", exitCode=137, reason="OOMKilled"))),
    ("start_failed", pod(initContainerStatuses=state("terminated", "bring", exitCode=1, message="no room"))),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "one"), ENDS)
def test_an_end_has_its_reason_and_its_sentence(reason: str, one: dict[str, Any]) -> None:
    seen = reasons.seen(one, BORN)
    blame, sentence = END_REASONS[reason]
    assert (seen.state, seen.reason, seen.blame) == (PlaceState.ENDED, reason, blame)
    assert seen.text.startswith(sentence)


HANGS = [
    (waiting("ErrImagePull", NOT_FOUND), "the image", 6, "image_missing"),
    (waiting("ImagePullBackOff", f'Back-off pulling image "{IMAGE}": ErrImagePull: {NOT_FOUND}'), "the image", 6, "image_missing"),
    (waiting("ErrImagePull", NO_ACCESS), "the image", 6, "image_auth"),
    (waiting("ErrImagePull", DENIED), "the image", 6, "image_auth"),
    (waiting("ErrImagePull", NO_REGISTRY), "the image", 300, "image_pull"),
    (waiting("CreateContainerConfigError", 'secret "x" not found'), "the cluster cannot make", 6, "config_error"),
    (waiting("CreateContainerError", "bad mount"), "the image's program", 6, "start_error"),
    (unschedulable(SCARCE), "a node with enough memory", 300, "unschedulable"),
    (unschedulable(WRONG), "a node of the kind it asks for", 6, "no_such_node"),
    (unschedulable(NOT_READY), "a node (0/1 nodes", 300, "unschedulable"),
    (unschedulable(ITS_NODE_IS_NOT_READY), "a node (0/3 nodes", 300, "unschedulable"),
    (unschedulable(ITS_NODE_IS_CORDONED), "a node (0/3 nodes", 300, "unschedulable"),
    (unschedulable(TAINTED), "a node of the kind it asks for", 6, "no_such_node"),
    (unschedulable("something new"), "a node (something new)", 300, "unschedulable"),
    (waiting("ContainerCreating"), "its container to start", 600, "start_slow"),
    (pod(), "a node to take it", 600, "start_slow"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "words", "patience", "reason"), HANGS)
def test_a_start_that_hangs_is_told_at_once_and_ended_in_time(
    one: dict[str, Any], words: str, patience: int, reason: str
) -> None:
    early = reasons.seen(one, BORN + timedelta(seconds=patience - 1))
    assert early.state == PlaceState.PENDING
    assert early.waiting_for.startswith(words)
    late = reasons.seen(one, BORN + timedelta(seconds=patience))
    assert (late.state, late.reason) == (PlaceState.ENDED, reason)
    assert "preemption" not in early.waiting_for + late.text, "whom the scheduler looked at helps nobody"


@pytest.mark.parametrize("word", ["InvalidImageName", "ErrImageNeverPull"])
def test_what_no_second_look_can_mend_is_an_end_at_once(word: str) -> None:
    assert reasons.seen(waiting(word, "couldn't parse image name"), BORN).state == PlaceState.ENDED


def test_what_the_clusters_own_queue_holds_back_waits_for_ever() -> None:
    seen = reasons.seen(unschedulable("gated", "SchedulingGated"), BORN + timedelta(days=3))
    assert (seen.state, seen.waiting_for) == (PlaceState.PENDING, "the cluster's own queue to let it in")


SCHEDULED = {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-11-23T10:00:00Z"}


def test_a_start_is_measured_from_when_a_node_took_the_pod() -> None:
    """It may have been held back by the cluster's own queue for an hour, or its node been made for it."""
    taken = BORN + timedelta(hours=1)
    slow = pod(conditions=[SCHEDULED], containerStatuses=state("waiting", reason="ContainerCreating"))
    missing = pod(conditions=[SCHEDULED], containerStatuses=state("waiting", reason="ErrImagePull", message=NOT_FOUND))
    for one, patience, reason in ((slow, 600, "start_slow"), (missing, 6, "image_missing")):
        assert reasons.seen(one, taken + timedelta(seconds=patience - 1)).state == PlaceState.PENDING
        assert reasons.seen(one, taken + timedelta(seconds=patience)).reason == reason


def test_who_was_killed_while_its_pod_was_deleted_was_deleted() -> None:
    leaving = ended(137)
    leaving["metadata"]["deletionTimestamp"] = "2026-11-23T09:00:30Z"
    assert reasons.seen(leaving, BORN).reason == "deleted"


def test_a_running_pod_runs_and_a_leaving_one_says_so() -> None:
    running = pod(phase="Running", containerStatuses=state("running"))
    assert reasons.seen(running, BORN).state == PlaceState.RUNNING
    running["metadata"]["deletionTimestamp"] = "2026-11-23T09:00:30Z"
    assert reasons.seen(running, BORN).waiting_for == "its end"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({}, "deleted"),
        (disrupted("PreemptionByScheduler"), "preempted"),
        (disrupted("DeletionByTaintManager"), "node_lost"),
    ],
)
def test_what_somebody_else_deleted_is_nobodys_failure_here(status: dict[str, Any], reason: str) -> None:
    seen = reasons.seen(ended(1, **status), BORN, removed=True)
    assert (seen.reason, seen.blame) == (reason, Blame.INFRASTRUCTURE)


def test_an_oom_names_the_limit_and_whether_it_was_a_child() -> None:
    assert "1024Mi" in reasons.seen(ended(137, "OOMKilled"), BORN).text
    assert "One of its processes" in reasons.seen(ended(1, "OOMKilled"), BORN).text


def test_a_pod_knows_whose_it_is() -> None:
    seen = reasons.seen(pod(), BORN)
    assert (seen.name, seen.uid, seen.kind, seen.run, seen.epoch, seen.node) == (
        "run-7-3",
        "u-1",
        "attempt",
        "7",
        3,
        "node-1",
    )


@pytest.mark.parametrize("epoch", ["", "three", "-1", None])
def test_a_label_that_somebody_changed_is_no_reason_to_fall_over(epoch: str | None) -> None:
    one = pod()
    one["metadata"]["labels"]["quarterdeck/epoch"] = epoch
    if epoch is None:
        del one["metadata"]["labels"]["quarterdeck/epoch"]
    assert reasons.seen(one, BORN).epoch == 0


def test_what_a_pod_or_a_registry_says_is_shown_without_what_no_eye_sees() -> None:
    seen = reasons.seen(ended(1, message="so\u202efar\x1b[2J\0"), BORN)
    assert seen.text.endswith("so far [2J ")
    hangs = reasons.seen(waiting("ErrImagePull", f"{IMAGE}: \0 teapot"), BORN)
    assert hangs.waiting_for.isprintable()


def test_every_end_that_asks_a_person_says_what_to_do() -> None:
    """`start_failed` is told by the agent itself, in its own words."""
    asks = {reason for reason, (blame, _) in END_REASONS.items() if blame == Blame.CONFIGURATION} - {"start_failed"}
    assert asks <= END_REMEDIES.keys()


RECORDED: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "recorded.json").read_text())


@pytest.mark.parametrize("case", sorted(RECORDED))
def test_what_a_real_cluster_said_is_understood(case: str) -> None:
    """Written down by tests/pods/test_reasons.py."""
    one, reason = RECORDED[case], pod_ends.MEANS.get(case, case)
    born = reasons.stamp(one["metadata"]["creationTimestamp"])
    seen = reasons.seen(one, born + timedelta(minutes=9))
    assert (seen.state, seen.reason, seen.run, seen.epoch) == (PlaceState.ENDED, reason, "7", 3)
    assert seen.text.startswith(END_REASONS[reason][1])
    if case in pod_ends.HANGS:
        early = reasons.seen(one, born + timedelta(seconds=1))
        at_once = case in ("image_name", "start_error")
        assert (early.state, bool(early.waiting_for)) == (
            (PlaceState.ENDED, False) if at_once else (PlaceState.PENDING, True)
        )


def test_every_image_that_was_recorded_is_named() -> None:
    for case in ("image_missing", "image_auth", "image_pull"):
        image = RECORDED[case]["status"]["containerStatuses"][0]["image"]
        born = reasons.stamp(RECORDED[case]["metadata"]["creationTimestamp"])
        assert image in reasons.seen(RECORDED[case], born + timedelta(minutes=9)).text
