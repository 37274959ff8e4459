"""How soon an agent works in a pod: `make bench-pods`. Beside it a bare pod of the same shape that only prints a line.

From the attempt's row (agents) or the request to the API server (bare pods), in seconds, for 1 (five times), 10 and 30 at
once. Prints a table and writes one JSON file; asserts only that all of them came.
"""

import asyncio
import json
import re
import statistics
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.outside.cluster.pods import manifest
from quarterdeck.outside.cluster.pods.api import Api
from quarterdeck.outside.cluster.pods.manifest import Ground
from quarterdeck.outside.cluster.port import PlaceSpec
from testkit.desk import Desk
from testkit.fleet import copies
from testkit.pods import IMAGE, SMALL, Cluster, PodHouse, living_in_pods
from testkit.waiting import until

pytestmark = [pytest.mark.pods, pytest.mark.bench]
OUT = Path(__file__).resolve().parents[1] / "bench" / "out" / "pods.json"
MOST = 30
STEPS = {
    "first sign": "a.started_at",
    "working": "(select min(c.created_at) from record_checkpoint c where c.run_id = a.run_id)",
    "first words": "(select min(e.at) from record_event e where e.stream = 'run:' || a.run_id and e.n is not null)",
}
"""Its hello; the first step of its graph is stored: the checkout is there and the work has begun; what a model told it to say."""


@pytest.fixture(scope="module")
def house(cluster: Cluster) -> Iterator[PodHouse]:
    # Four and a half seconds an answer, as a quick real model takes: one that answers in no time lets the first agents do
    # their whole work while the last ones still start.
    with living_in_pods(cluster, QUARTERDECK_PACE="3") as one:
        one.change("update record_project set places = %s", MOST)
        one.change("insert into record_sitesetting (name, value) values ('places', %s::jsonb)", str(MOST))
        yield one


@pytest.fixture(scope="module")
def fleet(house: PodHouse) -> tuple[Desk, list[str]]:
    return Desk(house), copies(house, MOST)


@pytest.mark.parametrize(("count", "times"), [(1, 5), (10, 1), (MOST, 1)])
def test_how_soon_agents_work(
    fleet: tuple[Desk, list[str]], house: PodHouse, cluster: Cluster, count: int, times: int
) -> None:
    found: dict[str, list[float]] = {name: [] for name in ("bare", *STEPS)}
    # A tenth of it is asked for: whole processors where they are there, and thirty still find room on two.
    small = SMALL | {"memory_mb": 384, "cpu": 1.0 if count < MOST else 0.6}
    house.change("update record_project set limits = limits || %s::jsonb", json.dumps(small))
    for time in range(times):
        found["bare"] += bare(cluster, count, small["cpu"])
        for name, seconds in agents(*fleet, house, count, time).items():
            found[name] += seconds
    figures = {name: spread(seconds) for name, seconds in found.items()}
    OUT.parent.mkdir(exist_ok=True)
    known = json.loads(OUT.read_text()) if OUT.exists() else {}
    OUT.write_text(json.dumps(known | {str(count): figures}, indent=2))
    print(f"\n  {count} at once        p50      most   (seconds)")
    for name, one in figures.items():
        print(f"  {name:<14}{one['p50']:>8.2f}{one['most']:>10.2f}")
    half, last = (figures["working"][name] / figures["bare"][name] for name in ("p50", "most"))
    print(f"  working is {half:.1f} times the bare pod for half of them, {last:.1f} times for the last")
    assert {one["count"] for one in figures.values()} == {count * times}


def agents(alice: Desk, tickets: list[str], house: PodHouse, count: int, time: int) -> dict[str, list[float]]:
    lines = alice.post("/runs", {"key": f"bench-{count}-{time}", "tickets": tickets[:count]})["lines"]
    runs = [line["run"] for line in lines]
    took = ", ".join(f'extract(epoch from {at} - a.created_at) as "{name}"' for name, at in STEPS.items())
    sql = f"select {took} from record_attempt a where epoch = 1 and run_id = any(%s)"
    rows = until(lambda: whole(house.rows(sql, runs), count), 300, every=0.5, what="all agents to work")
    alice.post("/decisions", {"key": f"over-{count}-{time}", "verb": "stop", "runs": runs})
    until(lambda: not house.pods(), 120, every=0.5, what="pods to go")
    return {name: [float(row[name]) for row in rows] for name in STEPS}


def whole(rows: Sequence[dict[str, Any]], count: int) -> Sequence[dict[str, Any]]:
    return rows if len(rows) == count and all(None not in row.values() for row in rows) else ()


def bare(cluster: Cluster, count: int, cpu: float) -> list[float]:
    """Seconds from the request to the line in the node's log, which the container's runtime stamps."""
    with cluster.namespace() as namespace:
        began = asyncio.run(make(cluster, namespace, count, cpu))
        lines = until(lambda: first_lines(cluster, namespace, count), 120, every=0.2, what="all lines")
        # Their end is work for the node too: the agents that are measured next shall not pay for it.
        cluster.kubectl("-n", namespace, "delete", "pods", "--all", "--grace-period=0", seconds=120)
    return [at - began[name] for name, at in lines.items()]


async def make(cluster: Cluster, namespace: str, count: int, cpu: float) -> dict[str, float]:
    api, began = Api(cluster.kubeconfig, namespace), dict[str, float]()
    await api.ask("GET", "/pods")

    async def one(number: int) -> None:
        name = f"bare-{number}"
        began[name] = datetime.now(UTC).timestamp()
        await api.ask("POST", "/pods", body=printing(name, cpu))

    await asyncio.gather(*(one(number) for number in range(count)))
    await api.close()
    return began


def printing(name: str, cpu: float) -> dict[str, Any]:
    """An attempt's pod in all but the secret and what it runs."""
    ground = Ground(site="bench", image=IMAGE, doors="http://10.0.0.1:1", git="http://10.0.0.1:1")
    spec = PlaceSpec(name=name, kind="attempt", run="", epoch=0, secret="", memory_mb=384, disk_mb=512, cpu=cpu)
    pod = manifest.pod(ground, spec)
    agent = pod["spec"]["containers"][0]
    agent["command"] = ["/opt/deckhand/bin/python", "-I", "-S", "-c", "print('here', flush=True)"]
    agent["volumeMounts"] = [mount for mount in agent["volumeMounts"] if mount["name"] != "secret"]
    pod["spec"]["volumes"] = [volume for volume in pod["spec"]["volumes"] if volume["name"] != "secret"]
    return pod


def first_lines(cluster: Cluster, namespace: str, count: int) -> dict[str, float]:
    found = {}
    for log in (cluster.state / "private" / "var" / "log" / "pods").glob(f"{namespace}_*/agent/0.log"):
        if words := log.read_text().split():
            found[log.parent.parent.name.split("_")[1]] = stamped(words[0])
    return found if len(found) == count else {}


def stamped(moment: str) -> float:
    """Seconds since the epoch. The runtime gives up to nine digits and leaves zeros out at their end."""
    whole, _, rest = moment.replace("Z", "+00:00").partition(".")
    digits, sign, zone = re.split(r"([+-])", rest) if rest else ("0", whole[-6], whole[-5:])
    return datetime.fromisoformat(f"{whole[:19]}{sign}{zone}").timestamp() + float(f"0.{digits}")


def spread(found: list[float]) -> dict[str, float]:
    return {"p50": round(statistics.median(found), 3), "most": round(max(found), 3), "count": len(found)}
