"""The way out of a place that installs packages: what it reaches, what it must not, and that nobody else has one."""

import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from quarterdeck.outside.cluster import outlet
from quarterdeck.outside.cluster.port import PlaceState
from testkit.places import LocalWorld, living_with, until

FILLING = {"kind": "install", "environment": "install-1", "environment_writable": True, "network": True}
GET = "python3 -c \"import urllib.request as u; print(u.urlopen('{url}', timeout=5).read())\" 2>&1"
TUNNEL = (
    "python3 -c \"import http.client as h; c = h.HTTPConnection('127.0.0.1', 8702); "
    "c.set_tunnel('localhost', {port}); c.request('GET', '/'); print(c.getresponse().read())\" 2>&1"
)


@pytest.fixture
def registry() -> Iterator[int]:
    """A server on this machine's loopback; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "8")
            self.end_headers()
            self.wfile.write(b"packages")

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
async def world(registry: int) -> AsyncIterator[LocalWorld]:
    """Its operator named the registry."""
    local = LocalWorld(reaches=(f"localhost:{registry}",))
    yield local
    await local.close()


@pytest.mark.parametrize("words", [f"http_proxy=$QUARTERDECK_OUTLET {GET}", TUNNEL])
async def test_an_install_reaches_what_the_operator_named(world: LocalWorld, registry: int, words: str) -> None:
    words = words.format(url=f"http://localhost:{registry}/", port=registry)
    assert (await world.do(words, "install-1", **FILLING)).reason == "done"
    assert "b'packages'" in world.log("install-1")


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "0.0.0.0"])
async def test_another_name_of_this_machine_is_refused_in_words(world: LocalWorld, registry: int, host: str) -> None:
    words = f"http_proxy=$QUARTERDECK_OUTLET {GET}".format(url=f"http://{host}:{registry}/")
    assert (await world.do(words, "install-1", **FILLING)).reason == "crashed"
    assert "403" in world.log("install-1")
    assert "QUARTERDECK_INSTALL_REACHES" in world.log("install-1")


async def test_an_install_has_no_network_but_its_outlet(world: LocalWorld, registry: int) -> None:
    words = GET.format(url=f"http://127.0.0.1:{registry}/") + "; grep -c : /proc/net/dev"
    await world.do(words, "install-1", **FILLING)
    assert "Connection refused" in world.log("install-1")
    assert world.log("install-1").splitlines()[-1] == "1"


@pytest.mark.parametrize("kind", ["attempt", "check"])
async def test_nobody_else_has_an_outlet(world: LocalWorld, kind: str) -> None:
    words = 'echo "outlet: $QUARTERDECK_OUTLET"; ls /run/quarterdeck; exit 0'
    await world.do(words, kind=kind)
    said = world.log()
    assert "outlet: \n" in said
    assert said.split("outlet: \n")[1].split()[:2] == ["doors", "secret"]


async def test_an_outlet_ends_with_its_place(world: LocalWorld) -> None:
    made = await world.cluster.create(world.spec("install-1", **FILLING))
    mark = str(world.folder / "places" / "install-1" / "outlet")
    await until(lambda: living_with(mark))
    await world.say("install-1", "exit 0")
    assert (await world.ended("install-1")).state == PlaceState.ENDED
    assert not living_with(f"outlet.py\0{mark}")
    await world.cluster.delete("install-1", made.uid)


async def test_what_is_filled_is_seen_read_only_by_others(world: LocalWorld) -> None:
    filling = "mkdir /environment/bin && printf '#!/bin/sh\\necho mine\\n' >/environment/bin/git && chmod +x /environment/bin/git"
    made = await world.cluster.create(world.spec("install-1", **FILLING))
    await world.say("install-1", filling)
    await world.ended("install-1")
    await world.cluster.delete("install-1", made.uid)
    await world.cluster.keep_environment("install-1", "lark-1")
    words = "touch /environment/x 2>&1; command -v git; PATH=$QUARTERDECK_TOOLS_PATH git"
    await world.do(words, environment="lark-1")
    assert "Read-only file system" in world.log()
    assert world.log().splitlines()[-2:] == ["/usr/bin/git", "mine"]


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "0.0.0.0", "10.1.2.3", "192.168.0.1", "169.254.169.254", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1",
     "::ffff:10.0.0.1", "224.0.0.1", "100.64.0.1"],
)  # fmt: skip
def test_addresses_that_are_not_public_are_closed(address: str) -> None:
    assert not outlet.is_open(address)


def test_this_machines_own_address_is_closed() -> None:
    assert outlet.is_own("127.0.0.1")
    assert not outlet.is_own("192.0.2.1")


def test_a_plain_request_goes_on_in_the_origins_form_and_alone() -> None:
    head = (
        b"GET http://pypi.example:8080/a?b HTTP/1.1\r\nHost: pypi.example:8080\r\nConnection: keep-alive\r\nProxy-A: b"
    )
    asked = outlet.parse(head, b"body")
    assert (asked.host, asked.port, asked.tunnel) == ("pypi.example", 8080, False)
    assert asked.first == b"GET /a?b HTTP/1.1\r\nHost: pypi.example:8080\r\nConnection: close\r\n\r\nbody"


def test_a_tunnel_goes_to_its_port() -> None:
    asked = outlet.parse(b"CONNECT [2001:db8::1]:8443 HTTP/1.1\r\nHost: x", b"")
    assert asked == outlet.Asked("2001:db8::1", 8443, True, b"")


@pytest.mark.parametrize(
    "head", [b"GET / HTTP/1.1", b"nonsense", b"GET file:///etc/passwd HTTP/1.1", b"CONNECT x:99999 HTTP/1.1", b"\xff"]
)
def test_what_is_no_request_is_refused(head: bytes) -> None:
    with pytest.raises(outlet.NoWay) as no:
        outlet.parse(head, b"")
    assert no.value.status == 400


@pytest.mark.parametrize(
    "address",
    [
        "64:ff9b::169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1", "2002:a00:1::", "::10.0.0.1",
        "::ffff:169.254.169.254", "fec0::1", "fd00::1", "fe80::1%lo", "100.64.0.1", "224.0.0.1",
    ],
)  # fmt: skip
def test_no_way_of_writing_a_private_address_makes_it_public(address: str) -> None:
    """A network that translates IPv6 to IPv4 does so for its own addresses too."""
    assert not outlet.is_open(address)


@pytest.mark.parametrize("address", ["151.101.0.223", "64:ff9b::151.101.0.223", "2a04:4e42::223"])
def test_public_addresses_are_reached(address: str) -> None:
    assert outlet.is_open(address)
