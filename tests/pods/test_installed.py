"""The chart, installed: every process of the platform in a pod, and a ticket worked on to its merge through the Service."""

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from testkit import history
from testkit.desk import Desk
from testkit.installed import PARTS, Installed, installed
from testkit.pods import Cluster
from testkit.waiting import until

pytestmark = pytest.mark.pods
PACKAGE = b"WORTH = 7\n"
STEAL = """
import json, os, urllib.error, urllib.request
told = {"secret": open("/run/quarterdeck/secret").read().strip(), "nonce": "f" * 64}
where, kind = os.environ["QUARTERDECK_URL"] + "/agent/v1/hello", {"Content-Type": "application/json"}
ask = urllib.request.Request(where, json.dumps(told).encode(), kind)
try:
    print(urllib.request.urlopen(ask, timeout=10).status)
except urllib.error.HTTPError as no:
    print(no.code, json.load(no)["reason"])
"""


@pytest.fixture(scope="module")
def registry(cluster: Cluster) -> Iterator[int]:
    """Where a package comes from: a server on this machine, as pods see it. Its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(PACKAGE)))
            self.end_headers()
            self.wfile.write(PACKAGE)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer((cluster.host, 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def house(cluster: Cluster, registry: int) -> Iterator[Installed]:
    outlet = {"registries": {"pypi": f"http://{cluster.host}:{registry}"}, "ports": [registry]}
    with installed(cluster, outlet=outlet) as one:
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


def test_prometheus_gets_its_answer_on_a_port_that_the_dashboard_does_not_have(house: Installed) -> None:
    for part, meter in (("web", "quarterdeck_database_up 1.0"), ("reconciler", "quarterdeck_watch_deaf_seconds")):
        ask = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8704/metrics', timeout=5).read())"
        assert meter in house.run(part, "python3", "-c", ask)
    with house.browser() as browser:
        assert browser.get("/metrics").status_code == 302


def test_a_ticket_is_worked_on_and_merged(alice: Desk, house: Installed) -> None:
    alice.assign("LARK-1")
    alice.answer("approve", alice.asked("LARK-1", "plan"))
    alice.asked("LARK-1", "review")
    alice.merge("LARK-1")
    alice.becomes("LARK-1", "merged")
    origin = ["git", "-c", "safe.directory=*", "--git-dir", str(house.data / "origins" / "larkfield.git")]
    log = subprocess.run([*origin, "log", "-1", "--format=%B", "main"], check=True, capture_output=True, text=True)
    assert "Merge LARK-1" in log.stdout


def test_a_spent_secret_opens_nothing_and_its_thief_loses_the_place(alice: Desk, house: Installed) -> None:
    """Tools in a pod have the agent's own uid, and can read the file. What it holds was good once; a run lives on without him."""
    house.change("""update record_project set dials = dials || '{"linger": 600}'""")
    alice.assign("LARK-4")
    plan = alice.asked("LARK-4", "plan")
    place = house.value("select place from record_attempt where run_id = %s and epoch = 1", alice.run("LARK-4"))
    said = house.cluster.kubectl("-n", house.agents, "exec", str(place), "--", "/opt/deckhand/bin/python", "-c", STEAL)
    assert said.strip() == "409 theft"
    assert house.value("select state from record_attempt where place = %s", place) == "fenced"
    house.change("""update record_project set dials = dials || '{"linger": 2}'""")
    alice.answer("approve", plan)
    alice.asked("LARK-4", "review")


def set_up(alice: Desk, **commands: str) -> None:
    """As the project's form does: the repository as it is, with these commands."""
    project = alice.house.rows("select id from record_project")[0]["id"]
    told = alice.house.rows("select url, branch, install, setup, test, report from record_repository")[0]
    changed = alice.api.patch(f"/projects/{project}", json={"repository": {**told, **commands}})
    assert changed.is_success, changed.text


def fetched(address: str) -> str:
    """`address` is an expression of Python."""
    ask = f"print(u.urlopen({address}, timeout=5).read().decode())"
    return f'python3 -c "import os, urllib.request as u; {ask}"'


def test_an_install_that_goes_elsewhere_is_told_in_words_why_it_cannot(alice: Desk, house: Installed) -> None:
    set_up(alice, install=fetched("'https://pypi.org/simple/'"))
    alice.assign("LARK-2")
    assert alice.becomes("LARK-2", "failed") == "failed"
    assert alice.row("LARK-2")["reason"] == "install_failed"
    request = house.rows("select * from record_request where run_id = %s", alice.run("LARK-2"))[0]
    assert "Quarterdeck: pypi.org:443 is not reached through here: no tunnels" in request["body"]["quotes"][0]["lines"]


def test_an_install_reads_the_listed_registry_and_its_agent_does_not(alice: Desk, house: Installed) -> None:
    here, outlet = "os.environ['PIP_INDEX_URL']", house.services()[f"qd-outlet.{house.namespace}.svc"]
    there = f"'http://{outlet}:8703/pypi/'"
    set_up(
        alice,
        install=f"mkdir -p /environment/lib && {fetched(here)} > /environment/lib/worth.py",
        setup=f"! {fetched(there)}",
        test="PYTHONPATH=/environment/lib python3 -B -c 'import worth' && python3 tools/run_tests.py --report report.xml",
    )
    alice.assign("LARK-3")
    alice.answer("approve", alice.asked("LARK-3", "plan"))
    assert alice.becomes("LARK-3", "review") == "review"
    ran = [event["body"] for event in alice.events("LARK-3", "ran")]
    assert (ran[0]["command"].startswith("! python3"), ran[0]["exit_code"]) == (True, 0), ran[0]["output"]
    (worth,) = (house.data.parent / "packages").rglob("worth.py")
    assert worth.read_bytes().strip() == PACKAGE.strip()


def test_its_agents_are_gone_with_their_secrets(house: Installed) -> None:
    until(lambda: not house.cluster.pods(house.agents), 60, what="pods to go")
    held = house.cluster.get(house.agents, "secrets")["items"]
    assert [one for one in held if not one["metadata"]["name"].startswith("environment-")] == []
    assert history.check(history.read(house)) == []


def test_nothing_of_the_platform_fell_over_on_the_way(house: Installed) -> None:
    """A restart would mean that somebody was killed, or gave up."""
    restarts = {
        one["metadata"]["labels"]["app.kubernetes.io/component"]: status["restartCount"]
        for one in house.cluster.pods(house.namespace)
        for status in one["status"]["containerStatuses"]
    }
    assert restarts == dict.fromkeys(PARTS, 0)
