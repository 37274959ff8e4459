"""The chart, installed: every process of the platform in a pod, and a ticket worked on to its merge through the Service."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from testkit import history
from testkit.desk import Desk
from testkit.installed import PARTS, Installed, installed
from testkit.pods import Cluster
from testkit.waiting import until

pytestmark = pytest.mark.pods


@pytest.fixture(scope="module")
def house(cluster: Cluster) -> Iterator[Installed]:
    with installed(cluster) as one:
        yield one


@pytest.fixture(scope="module")
def alice(house: Installed) -> Desk:
    return Desk(house)


def test_every_process_runs_in_a_pod_of_its_own(house: Installed) -> None:
    found = house.cluster.pods(house.namespace)
    running = [one["metadata"]["labels"]["app.kubernetes.io/component"] for one in found]
    assert {part: running.count(part) for part in PARTS} == PARTS
    assert {one["status"]["phase"] for one in found} == {"Running"}


def test_none_of_them_is_root_or_can_write_its_own_programs(house: Installed) -> None:
    look = "import json, os; print(json.dumps([os.getuid(), os.access('/opt/quarterdeck', os.W_OK), os.access('/usr', os.W_OK)]))"
    said = {part: json.loads(house.run(part, "python3", "-c", look)) for part in PARTS}
    assert said == {part: [10001, False, False] for part in PARTS}


def test_the_dashboard_and_what_it_loads_come_through_the_service(house: Installed, alice: Desk) -> None:
    with house.browser() as browser:
        assert browser.get("/inbox").status_code == 302
        assert "Sign in" in browser.get("/accounts/login/").text
        assert browser.get("/static/theme.js").status_code == 200


def test_a_ticket_is_worked_on_and_merged(alice: Desk, house: Installed) -> None:
    alice.assign("LARK-1")
    alice.answer("approve", alice.asked("LARK-1", "plan"))
    alice.asked("LARK-1", "review")
    alice.merge("LARK-1")
    alice.becomes("LARK-1", "merged")
    origin = ["git", "-c", "safe.directory=*", "--git-dir", str(house.data / "origins" / "larkfield.git")]
    log = subprocess.run([*origin, "log", "-1", "--format=%B", "main"], check=True, capture_output=True, text=True)
    assert "Merge LARK-1" in log.stdout


def test_its_agents_are_gone_with_their_secrets(house: Installed) -> None:
    until(lambda: not house.cluster.pods(house.agents), 60, what="pods to go")
    assert house.cluster.get(house.agents, "secrets")["items"] == []
    assert history.check(history.read(house)) == []


def test_nothing_of_the_platform_fell_over_on_the_way(house: Installed) -> None:
    """A restart would mean that somebody was killed, or gave up."""
    restarts = {
        one["metadata"]["labels"]["app.kubernetes.io/component"]: status["restartCount"]
        for one in house.cluster.pods(house.namespace)
        for status in one["status"]["containerStatuses"]
    }
    assert restarts == dict.fromkeys(PARTS, 0)
