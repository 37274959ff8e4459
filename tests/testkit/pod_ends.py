"""Ways for a pod to hang or end that a real cluster can be made to show, each with the reason the platform must find in it."""

from typing import Any

from quarterdeck.outside.cluster.pods import manifest
from quarterdeck.outside.cluster.pods.manifest import Ground
from quarterdeck.outside.cluster.port import PlaceSpec

Json = dict[str, Any]
HOG = "python3 -c 'x = b\"x\" * 300_000_000'"
RUNS: dict[str, str] = {
    "done": "exit 0", "fenced": "exit 3", "canary_failed": "exit 5", "start_failed": "echo no door >&2; exit 6",
    "crashed": "echo first; echo last words; exit 1", "killed": "exit 137", "oom": f"exec {HOG}",
    "oom_child": f"{HOG}; exit 1",
}  # fmt: skip
"""case → what the shell in the pod does. A case is called after its reason."""
MEANS = {"oom_child": "oom"}
HANGS = (
    "image_name",
    "image_missing",
    "image_auth",
    "image_pull",
    "start_error",
    "config_error",
    "unschedulable",
    "no_such_node",
)
KEPT = ("name", "uid", "labels", "creationTimestamp", "deletionTimestamp")


def pods(namespace: str, image: str, registry: str, deaf: str) -> list[Json]:
    """All of them at once. `deaf` is an address where no registry listens."""
    images = {"image_name": "Not An Image", "image_missing": f"{registry}/missing/agent:1",
              "image_auth": f"{registry}/closed/agent:1", "image_pull": f"{deaf}/agent:1"}  # fmt: skip
    made = [shell(namespace, image, name, words) for name, words in RUNS.items()]
    made += [shell(namespace, images.get(name, image), name, "exec sleep 600") for name in HANGS]
    by_name = {one["metadata"]["name"].replace("-", "_"): one["spec"] for one in made}
    by_name["start_error"]["containers"][0]["command"] = ["/no/such/program"]
    by_name["config_error"]["containers"][0]["env"] = [
        {"name": "A", "valueFrom": {"secretKeyRef": {"name": "nowhere", "key": "a"}}}
    ]
    by_name["unschedulable"]["containers"][0]["resources"]["requests"]["memory"] = "4000Gi"
    by_name["unschedulable"]["containers"][0]["resources"]["limits"]["memory"] = "4000Gi"
    by_name["no_such_node"]["nodeSelector"] = {"kind": "unheard-of"}
    late = shell(namespace, image, "deadline", "exec sleep 600")
    late["spec"]["activeDeadlineSeconds"] = 1
    full = shell(namespace, image, "disk", "head -c 40000000 /dev/zero > /tmp/full; exec sleep 600")
    out = shell(namespace, image, "evicted", "exec sleep 600")
    out["metadata"]["finalizers"] = ["quarterdeck/look"]  # or it would be gone before anybody looked
    return [*made, late, full, out]


def shell(namespace: str, image: str, reason: str, words: str) -> Json:
    """An attempt's pod in all but the secret and what it runs."""
    ground = Ground(site=namespace, image=image, doors="http://10.0.0.1:1", git="http://10.0.0.1:1", grace_s=1,
                    command=("/bin/sh", "-c", words))  # fmt: skip
    name = reason.replace("_", "-")
    pod = manifest.pod(ground, PlaceSpec(name, "attempt", "7", 3, "", cpu=0.2, memory_mb=64, disk_mb=64))
    agent = pod["spec"]["containers"][0]
    agent["volumeMounts"] = [mount for mount in agent["volumeMounts"] if mount["name"] != "secret"]
    pod["spec"]["volumes"] = [volume for volume in pod["spec"]["volumes"] if volume["name"] != "secret"]
    pod["metadata"]["namespace"] = namespace
    return pod


def kept(pod: Json) -> Json:
    """What of it the platform looks at."""
    containers = [{"name": one["name"], "resources": one["resources"]} for one in pod["spec"]["containers"]]
    metadata = {key: pod["metadata"][key] for key in KEPT if key in pod["metadata"]}
    spec = {"nodeName": pod["spec"].get("nodeName", ""), "containers": containers}
    return {"metadata": metadata, "spec": spec, "status": pod["status"]}
