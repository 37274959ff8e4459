"""`make run CLUSTER=up`: one command, a cluster of our own, an agent in a pod of it, and its packages by the outlet."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from testkit import infra
from testkit.desk import Desk
from testkit.house import House, living
from testkit.pods import Cluster

pytestmark = [pytest.mark.pods, pytest.mark.skipif(bool(infra.why_not(root=True)), reason=infra.why_not(root=True))]
FETCH = "import os, urllib.request as u; u.urlopen(os.environ['PIP_INDEX_URL'], timeout=5)"
INSTALL = f'python3 -c "{FETCH}" && echo 7 > /environment/worth'


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    """On this machine's loopback, where no pod could reach it by itself."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def house(registry: str, real_cluster: Cluster) -> Iterator[House]:
    """The cluster is up already: a first build is not a start."""
    registries = json.dumps({"pypi": registry})
    with living(CLUSTER="up", QD_CLUSTER_SLOT=real_cluster.slot, QUARTERDECK_REGISTRIES=registries) as one:
        yield one
    real_cluster.kubectl("delete", "namespace", "quarterdeck-agents", "--wait=false")
    real_cluster.kubectl("delete", "persistentvolume", "packages-of-quarterdeck-agents", "--wait=false")


def test_its_packages_come_by_the_outlet_and_its_agent_works(house: House) -> None:
    alice = Desk(house)
    project = house.rows("select id from record_project")[0]["id"]
    told = house.rows("select url, branch, install, setup, test, report from record_repository")[0]
    changed = alice.api.patch(
        f"/projects/{project}",
        json={"repository": {**told, "install": INSTALL, "setup": "test $(cat /environment/worth) = 7"}},
    )
    assert changed.is_success, changed.text
    alice.assign("LARK-1")
    alice.asked("LARK-1", "plan", seconds=240)
    places = house.rows("select place from record_attempt")
    assert [one["place"][:4] for one in places] == ["run-"]
    assert house.value("select state from record_check where name = 'install'") == "passed"
