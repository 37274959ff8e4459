"""What happens to pods, nodes and control planes: nothing is lost, nothing runs twice, nothing stays behind, and the run
says the true reason within a quarter of a minute."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.outside.cluster.pods import reasons
from testkit import history
from testkit.desk import ENDS
from testkit.pods import SMALL, TOP, PodHouse, living_in_pods
from testkit.registry import registry
from testkit.storm import Sea
from testkit.waiting import until

pytestmark = pytest.mark.pods
SHOWN_S = 15
HOG = "python3 -c 'x = b\"x\" * 700_000_000'"


@pytest.fixture(scope="module")
def house(cluster: Any) -> Iterator[PodHouse]:
    with living_in_pods(cluster, QUARTERDECK_LEASE="20") as one:
        yield one


@pytest.fixture(scope="module")
def sea(house: PodHouse) -> Sea:
    return Sea(house, "LARK-1", "LARK-2")


@pytest.fixture
def limits(house: PodHouse) -> Iterator[Callable[..., None]]:
    """Changes what the project wants of its places, for one test."""

    def change(**wanted: Any) -> None:
        house.change("update record_project set limits = limits || %s::jsonb", json.dumps(wanted))

    yield change
    house.change(
        "update record_project set limits = (limits - 'image' - 'node_selector') || %s::jsonb", json.dumps(SMALL)
    )


@pytest.fixture(autouse=True)
def nothing_stays(house: PodHouse, sea: Sea) -> Iterator[None]:
    """After each storm: no pod that nobody asked for, and no hole in the record."""
    yield
    going = "select key from record_run r join record_ticket t on t.id = r.ticket_id where phase <> all(%s)"
    for row in house.rows(going, list(ENDS)):
        sea.alice.decide("stop", row["key"])
    until(lambda: not house.pods(), 90, what="pods to go")
    assert history.check(history.read(house)) == []


def attempts(house: PodHouse, run: str) -> list[dict[str, Any]]:
    sql = "select epoch, state, reason, text, blame, place from record_attempt where run_id = %s order by epoch"
    return house.rows(sql, run)


def shown(sea: Sea, ticket: str, words: str) -> str:
    """What the dashboard's card or the run's failure says, once it says this: soon after the attempt was made, or after the
    node's own first word of it where that came later (a project's image is looked at when deckhand was brought)."""
    age = "extract(epoch from now() - created_at)::float"
    sql = f"select doing, place, created_at, {age} as age from record_attempt where run_id = %s order by epoch"

    def look() -> tuple[str, dict[str, Any]] | None:
        row = sea.alice.row(ticket)
        for attempt in sea.house.rows(sql, row["id"]):
            told = f"{row['reason_text']} {attempt['doing']}"
            if words in told:
                return told, attempt
        return None

    found = until(look, 120, what=f"{ticket} to say {words!r}")
    assert found is not None
    told, attempt = found
    late = attempt["age"] - max(0, (failing(sea.house, attempt) - attempt["created_at"]).total_seconds())
    assert late <= SHOWN_S, f"it said so after {attempt['age']:.1f} s, {late:.1f} s after the node did"
    return told


def failing(house: PodHouse, attempt: dict[str, Any]) -> datetime:
    """When the node first said that the attempt's pod fails; its making, when it did not."""
    about = f"involvedObject.name={attempt['place']},reason=Failed"
    events = house.cluster.get(house.namespace, "events", f"--field-selector={about}")["items"]
    return min((reasons.stamp(one["firstTimestamp"]) for one in events), default=attempt["created_at"])


class TestPods:
    @pytest.mark.parametrize("grace", ["0", "20"])
    def test_a_deleted_pod_is_replaced_and_the_run_says_so(self, sea: Sea, house: PodHouse, grace: str) -> None:
        with sea.sail("LARK-1"):
            sea.works("LARK-1", 6)
            name = house.pod(sea.alice.run("LARK-1"))["metadata"]["name"]
            words = ["--force"] if grace == "0" else []
            house.cluster.kubectl(
                "-n", house.namespace, "delete", "pod", name, f"--grace-period={grace}", "--wait=false", *words
            )
            until(lambda: len(attempts(house, sea.alice.run("LARK-1"))) > 1, SHOWN_S + 30, what="another attempt")
        first = attempts(house, sea.alice.run("LARK-1"))[0]
        assert (first["state"], first["reason"]) in {
            ("parked", "terminated"),
            ("failed", "deleted"),
            ("failed", "killed"),
        }

    def test_an_evicted_pod_is_replaced_and_it_is_nobodys_failure(self, sea: Sea, house: PodHouse) -> None:
        with sea.sail("LARK-1"):
            sea.works("LARK-1", 6)
            name = house.pod(sea.alice.run("LARK-1"))["metadata"]["name"]
            house.cluster.evict(house.namespace, name)
            until(lambda: len(attempts(house, sea.alice.run("LARK-1"))) > 1, 60, what="another attempt")
        assert "agent" not in {row["blame"] for row in attempts(house, sea.alice.run("LARK-1"))}

    def test_an_agent_that_needs_more_than_its_memory_fails_with_that_reason(
        self, sea: Sea, house: PodHouse, limits: Callable[..., None]
    ) -> None:
        limits(memory_mb=48)
        sea.alice.assign("LARK-2", planDial="auto")
        shown(sea, "LARK-2", "more memory than its limit")
        sea.alice.becomes("LARK-2", "failed")
        row = sea.alice.row("LARK-2")
        assert (row["reason"], "48Mi" in row["reason_text"], "more memory" in row["remedy"]) == ("oom", True, True)

    def test_a_tool_that_needs_more_than_its_memory_is_told_and_the_agent_lives(
        self, sea: Sea, house: PodHouse
    ) -> None:
        house.change("update record_repository set setup = %s", HOG)
        with sea.sail("LARK-2"):
            house.change("update record_repository set setup = ''")
            until(lambda: sea.alice.events("LARK-2", "ran"), what="the setup command's end")
        ran = sea.alice.events("LARK-2", "ran")[0]["body"]
        assert ran["exit_code"] in (-9, 137)
        assert [row["state"] for row in attempts(house, sea.alice.run("LARK-2"))] == ["sealed"]


class TestStarts:
    def test_an_image_that_has_no_proper_name_asks_a_person(self, sea: Sea, limits: Callable[..., None]) -> None:
        limits(image="Not An Image")
        sea.alice.assign("LARK-2")
        assert "Not An Image" in shown(sea, "LARK-2", "image")
        sea.alice.becomes("LARK-2", "failed", seconds=SHOWN_S)
        row = sea.alice.row("LARK-2")
        assert (row["reason"], "name" in row["remedy"]) == ("image_name", True)

    @pytest.mark.parametrize(
        ("path", "reason", "remedy"),
        [("missing", "image_missing", "Push the image"), ("closed", "image_auth", "pull secret")],
    )
    def test_an_image_that_the_registry_does_not_give_is_named_and_asks_a_person(
        self, sea: Sea, house: PodHouse, limits: Callable[..., None], path: str, reason: str, remedy: str
    ) -> None:
        with registry(f"qd{house.cluster.slot}") as address:
            image = f"{address}/{path}/agent:1"
            limits(image=image)
            sea.alice.assign("LARK-2")
            shown(sea, "LARK-2", image)
            sea.alice.becomes("LARK-2", "failed", seconds=30)
        row = sea.alice.row("LARK-2")
        assert (row["reason"], remedy in row["remedy"]) == (reason, True)

    def test_a_registry_that_does_not_answer_is_named_and_waited_for(
        self, sea: Sea, house: PodHouse, limits: Callable[..., None]
    ) -> None:
        limits(image=f"{house.cluster.host}:9/agent:1")
        sea.alice.assign("LARK-2")
        assert f"{house.cluster.host}:9/agent:1" in shown(sea, "LARK-2", "cannot be pulled")
        assert sea.alice.phase("LARK-2") == "starting"
        sea.alice.decide("stop", "LARK-2")

    def test_what_no_node_has_room_for_says_what_is_short(self, sea: Sea, limits: Callable[..., None]) -> None:
        limits(memory_mb=4_000_000)
        sea.alice.assign("LARK-2")
        shown(sea, "LARK-2", "a node with enough memory")
        sea.alice.decide("stop", "LARK-2")

    def test_a_kind_of_node_that_there_is_none_of_asks_a_person(self, sea: Sea, limits: Callable[..., None]) -> None:
        limits(node_selector={"kind": "unheard-of"})
        sea.alice.assign("LARK-2")
        shown(sea, "LARK-2", "of the kind")
        sea.alice.becomes("LARK-2", "failed", seconds=30)
        assert sea.alice.row("LARK-2")["reason"] == "no_such_node"


class TestControlPlanes:
    def test_a_restarted_api_server_costs_time_and_nothing_else(self, sea: Sea, house: PodHouse) -> None:
        with sea.sail("LARK-1", "LARK-2"):
            sea.works("LARK-1", 3)
            house.cluster.part("kube-apiserver", "kill")
            house.cluster.part("kube-apiserver", "start")
        for ticket in ("LARK-1", "LARK-2"):
            assert [row["state"] for row in attempts(house, sea.alice.run(ticket))] == ["sealed"]

    def test_a_killed_kubelet_that_comes_back_costs_time_and_nothing_else(self, sea: Sea, house: PodHouse) -> None:
        with sea.sail("LARK-1"):
            sea.works("LARK-1", 3)
            house.cluster.part("kubelet", "kill")
            sea.works("LARK-1", 12)
            house.cluster.part("kubelet", "start")
        assert [row["state"] for row in attempts(house, sea.alice.run("LARK-1"))] == ["sealed"]

    @pytest.mark.parametrize("steps", [0, 2, 9])
    def test_a_killed_reconciler_makes_no_second_pod(self, sea: Sea, house: PodHouse, steps: int) -> None:
        with sea.sail("LARK-1", "LARK-2"):
            if steps:
                sea.works("LARK-1", steps)
            house.kill_and_wait("reconciler")
        for ticket in ("LARK-1", "LARK-2"):
            assert [row["state"] for row in attempts(house, sea.alice.run(ticket))] == ["sealed"]

    def test_two_reconcilers_one_of_them_frozen_past_its_lease_make_no_second_pod(
        self, sea: Sea, house: PodHouse
    ) -> None:
        first = house.pid("reconciler")
        second = another_reconciler(house)
        try:
            with sea.sail("LARK-1", "LARK-2"):
                sea.works("LARK-1", 1)
                os.kill(first, signal.SIGSTOP)
                until(lambda: leader(house).endswith(f":{second.pid}"), 40, what="the other one to lead")
                os.kill(first, signal.SIGCONT)
            for ticket in ("LARK-1", "LARK-2"):
                assert [row["state"] for row in attempts(house, sea.alice.run(ticket))] == ["sealed"]
        finally:
            second.terminate()
            second.wait(20)

    def test_a_lost_nodes_agent_that_lives_on_writes_nothing(self, sea: Sea, house: PodHouse) -> None:
        """Its kubelet is dead and it is frozen until another epoch stands; then it wakes up and goes on as if nothing was."""
        with sea.sail("LARK-1"):
            sea.works("LARK-1", 6)
            run = sea.alice.run("LARK-1")
            zombie = house.agent(run)
            os.kill(zombie, signal.SIGSTOP)
            house.cluster.part("kubelet", "kill")
            until(lambda: sea.alice.row("LARK-1")["epoch"] > 1, 60, what="the epoch to rise")
            before = written(house, run)
            os.kill(zombie, signal.SIGCONT)
            until(
                lambda: not Path(f"/proc/{zombie}").exists() or "Z" in state(zombie),
                60,
                what="the zombie to leave by itself",
            )
            assert written(house, run) == before
            house.cluster.part("kubelet", "start")
        first = attempts(house, run)[0]
        assert (first["state"], first["reason"], first["blame"]) == ("lost", "silent", "infrastructure")


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def written(house: PodHouse, run: str) -> list[dict[str, Any]]:
    """What the first epoch has in the record."""
    return house.rows(
        "select max(seq) as last, count(*) as many from record_event where stream = %s and epoch = 1", f"run:{run}"
    )


def leader(house: PodHouse) -> str:
    return str(house.value("select holder from record_lease where name = 'reconciler'"))


def another_reconciler(house: PodHouse) -> "subprocess.Popen[bytes]":
    """With the environment of the first one."""
    told = dict(
        word.split("=", 1)
        for word in Path(f"/proc/{house.pid('reconciler')}/environ").read_text().split("\0")
        if "=" in word
    )
    with (house.data / "logs" / "reconciler-2.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, str(TOP / "manage.py"), "reconcile"],
            env=told,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
