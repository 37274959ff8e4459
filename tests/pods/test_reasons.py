"""The table of reasons against what a real cluster says, and the recording of it for the tests that have no cluster.

With QUARTERDECK_RECORD=1 what was seen is written to tests/outside/cluster/recorded.json.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quarterdeck.outside.cluster.pods import reasons
from quarterdeck.outside.cluster.port import PlaceState
from testkit import pod_ends
from testkit.pods import IMAGE, TOP, Cluster
from testkit.registry import registry
from testkit.waiting import until

pytestmark = pytest.mark.pods
RECORDED = TOP / "tests" / "outside" / "cluster" / "recorded.json"
WAITED = timedelta(minutes=9)
"""Longer than any hang is borne, shorter than a start may take."""
ALL = sorted({*pod_ends.RUNS, *pod_ends.HANGS, "deadline", "disk", "evicted"})


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> Iterator[str]:
    with cluster.namespace() as name, registry(f"qd{cluster.slot}") as address:
        cluster.apply(*pod_ends.pods(name, IMAGE, address, f"{cluster.host}:9"))
        yield name
        cluster.kubectl("-n", name, "patch", "pod", "evicted", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')


@pytest.fixture(scope="module")
def recorded() -> Iterator[dict[str, Any]]:
    found: dict[str, Any] = {}
    yield found
    if os.environ.get("QUARTERDECK_RECORD"):
        RECORDED.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


@pytest.mark.parametrize("case", ALL)
def test_what_the_cluster_says_is_understood(
    cluster: Cluster, namespace: str, recorded: dict[str, Any], case: str
) -> None:
    name, reason = case.replace("_", "-"), pod_ends.MEANS.get(case, case)

    def look(*states: PlaceState) -> dict[str, Any] | None:
        pod = cluster.get(namespace, "pod", name)
        seen = reasons.seen(pod, datetime.now(UTC) + WAITED)
        return pod if seen.state in states and seen.reason in ("", reason) else None

    if case == "evicted":
        until(lambda: look(PlaceState.RUNNING), 120, every=0.5, what="its start")
        cluster.evict(namespace, name)
    pod = until(lambda: look(PlaceState.ENDED), 120, every=0.5, what=f"{name} to be understood")
    assert pod is not None
    recorded[case] = pod_ends.kept(pod)
