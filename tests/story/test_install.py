"""A project whose tests need a package: installed once with a way out, read offline by every attempt and check. All is real."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from testkit.desk import Desk
from testkit.house import House, living
from testkit.waiting import until

pytestmark = pytest.mark.story
PACKAGE = b"WORTH = 7\n"


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    """Where the package comes from: a server on this machine's loopback. Its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(PACKAGE)))
            self.end_headers()
            self.wfile.write(PACKAGE)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def house(registry: str) -> Iterator[House]:
    with living(QUARTERDECK_INSTALL_REACHES=registry) as one:
        one.change("""update record_project set dials = dials || '{"linger": 2}'""")
        yield one


@pytest.fixture(scope="module")
def alice(house: House) -> Desk:
    return Desk(house)


def set_up(alice: Desk, **commands: str) -> None:
    """As the project's form does: the repository as it is, with these commands."""
    project = alice.house.rows("select id from record_project")[0]["id"]
    told = alice.house.rows("select url, branch, install, setup, test, report from record_repository")[0]
    changed = alice.api.patch(f"/projects/{project}", json={"repository": {**told, **commands}})
    assert changed.is_success, changed.text


def installs(house: House) -> list[str]:
    return [row["state"] for row in house.rows("select state from record_check where name = 'install' order by id")]


def fetched(registry: str) -> str:
    return (
        f"python3 -c \"import urllib.request as u; print(u.urlopen('http://{registry}/', timeout=5).read().decode())\""
    )


def test_an_install_that_fails_ends_the_run_with_what_it_said(alice: Desk, house: House) -> None:
    set_up(alice, install="echo 'no such package: larkspur' >&2; exit 3")
    alice.assign("LARK-1")
    assert alice.becomes("LARK-1", "failed") == "failed"
    row = alice.row("LARK-1")
    assert (row["reason"], row["epoch"]) == ("install_failed", 0)
    request = house.rows("select * from record_request where run_id = %s", row["id"])[0]
    assert request["body"]["quotes"][0]["lines"] == "no such package: larkspur"
    until(lambda: not list((house.data / "environments").glob("*")), what="the half-filled folder to go")


def test_two_runs_share_one_install_and_their_agents_and_checks_use_it_offline(
    alice: Desk, house: House, registry: str
) -> None:
    folder, tool = "mkdir -p /environment/lib /environment/bin", "/environment/bin/greet"
    command = f"printf '#!/bin/sh\\necho hello\\n' > {tool} && chmod +x {tool}"
    set_up(
        alice,
        install=f"{folder} && {fetched(registry)} > /environment/lib/worth.py && {command}",
        setup=f"! {fetched(registry)} && ! touch /environment/x && test -z \"$http_proxy\"",
        test="PYTHONPATH=/environment/lib python3 -B -c 'import worth' && greet && python3 tools/run_tests.py --report report.xml",
    )  # fmt: skip
    alice.assign("LARK-1", "LARK-2")
    for key in ("LARK-1", "LARK-2"):
        alice.answer("approve", alice.asked(key, "plan"))
    for key in ("LARK-1", "LARK-2"):
        assert alice.becomes(key, "review") == "review"
        ran = [event["body"] for event in alice.events(key, "ran")]
        assert (ran[0]["command"].startswith("! python3"), ran[0]["exit_code"]) == (True, 0), ran[0]["output"]
        evidence = house.value("select evidence from record_proposal where run_id = %s", alice.run(key))
        assert evidence["verdict"] == "passed", evidence
    assert installs(house) == ["failed", "passed"]
    (kept,) = (house.data / "environments").iterdir()
    assert (kept / "lib" / "worth.py").read_text().strip() == PACKAGE.decode().strip()
