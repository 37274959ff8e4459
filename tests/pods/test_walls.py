"""What hostile code finds in an agent's pod: no key; and a cluster that walls nothing in gets no ticket to read."""

import os
from collections.abc import Iterator

import pytest

from testkit.desk import Desk
from testkit.pods import Cluster, PodHouse, living_in_pods
from testkit.waiting import until

pytestmark = pytest.mark.pods
# Planted where real keys lie: the platform's environment and a stored connection. The pattern does not find itself.
CANARY = "canary-5f0e7d"
HUNT = """
look() { grep -aoE 'canar[y]-5f0e7d[a-z-]*|qd_(sess|step|git|model|check)[a-z]*_[A-Za-z0-9._-]{8,}' "$@" 2>/dev/null; }
env | look; set | look
for p in /proc/[0-9]*; do look "$p/environ" "$p/cmdline"; done
look -r /run /home /tmp /work /etc /opt/deckhand/bin /var /root /environment
cat /var/run/secrets/kubernetes.io/serviceaccount/token 2>/dev/null
for p in /proc/[0-9]*; do head -c 1 "$p/mem" >/dev/null 2>&1 && [ "$p" = /proc/1 ] && echo "readable $p"; done
echo "hunt: over as $(id -u)"
"""


@pytest.fixture(scope="module")
def house(cluster: Cluster) -> Iterator[PodHouse]:
    with living_in_pods(
        cluster, OPENAI_API_KEY=f"{CANARY}-env", QUARTERDECK_SECRET_KEY=f"{CANARY}-django-key-of-this-house"
    ) as one:
        yield one


@pytest.fixture(scope="module")
def alice(house: PodHouse) -> Desk:
    desk = Desk(house)
    price = {"name": "m", "inMicroPerMTok": 1, "outMicroPerMTok": 1, "contextTokens": 1000}
    body = {
        "name": "Stored",
        "protocol": "openai",
        "baseUrl": "https://models.example/v1",
        "key": f"{CANARY}-stored",
        "models": [price],
    }
    desk.post("/connections", body)
    return desk


def test_no_key_is_in_reach_of_an_agents_shell(alice: Desk, house: PodHouse) -> None:
    """The hunt runs as the project's own setup command: through the very shell that a model's commands take."""
    house.change("update record_repository set setup = %s", HUNT)
    alice.assign("LARK-1", planDial="auto")
    until(lambda: alice.events("LARK-1", "ran"), 60, what="the hunt's end")
    said = alice.events("LARK-1", "ran")[0]["body"]["output"]
    assert said.strip().splitlines() == ["hunt: over as 10001"]
    house.change("update record_repository set setup = ''")
    alice.asked("LARK-1", "review")


def test_the_hunt_finds_what_is_there(alice: Desk, house: PodHouse) -> None:
    """Or it would prove nothing."""
    house.change("update record_repository set setup = %s", f"echo {CANARY}-file > /tmp/left; {HUNT}")
    alice.assign("LARK-2", planDial="auto")
    until(lambda: alice.events("LARK-2", "ran"), 60, what="the hunt's end")
    assert f"{CANARY}-file" in alice.events("LARK-2", "ran")[0]["body"]["output"]
    house.change("update record_repository set setup = ''")
    alice.decide("stop", "LARK-2")


def test_the_pod_itself_tells_no_key(alice: Desk, house: PodHouse) -> None:
    alice.assign("LARK-3")
    pod = until(lambda: house.pods(), what="a pod")
    assert CANARY not in repr(pod)
    alice.decide("stop", "LARK-3")


def test_an_image_without_our_python_runs_the_agent_that_is_brought(alice: Desk, house: PodHouse) -> None:
    """busybox and nothing else; the sample's tests need a Python that it has not, so only its plan is asked for."""
    house.cluster.script("../images/build.sh", "foreign")
    house.cluster.script("load.sh", "foreign")
    house.change("""update record_project set limits = limits || '{"image": "localhost/quarterdeck/foreign:dev"}'""")
    alice.assign("LARK-7")
    alice.asked("LARK-7", "plan")
    alice.decide("stop", "LARK-7")
    house.change("update record_project set limits = limits - 'image'")


def test_on_a_cluster_that_enforces_no_policy_no_ticket_is_read() -> None:
    """The API server answers from inside the pod; the agent says so and leaves before its hello."""
    open_ = Cluster(os.environ.get("QUARTERDECK_OPEN_SLOT", "8"), enforced=False)
    was_up = open_.is_up
    open_.up()
    try:
        with living_in_pods(open_, QUARTERDECK_POD_OPTIONS='{"canary_s": 1}') as house:
            alice = Desk(house)
            alice.assign("LARK-1")
            until(lambda: alice.phase("LARK-1") == "failed", 60, what="the run to be refused")
            row = alice.row("LARK-1")
            assert (row["reason"], "NetworkPolicy" in row["remedy"]) == ("canary_failed", True)
            assert house.value("select used from record_attempt where run_id = %s", alice.run("LARK-1")) is False
    finally:
        if not was_up:
            open_.down()
