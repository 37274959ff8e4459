"""The outlet: what a package manager fetches through it, and that nothing goes out by it."""

import hashlib
import io
import os
import shutil
import socket
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deckhand.install import way_out
from quarterdeck.doors.outlet import EACH, Outlet
from testkit.waiting import until

TOP = Path(__file__).parents[2]
UV = shutil.which("uv") or str(TOP / ".boot" / "bin" / "uv")
WHEEL = "larkspur-1.0-py3-none-any.whl"


def wheel() -> bytes:
    made = io.BytesIO()
    told = {
        "larkspur.py": "WORTH = 7\n",
        "larkspur-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: larkspur\nVersion: 1.0\n",
        "larkspur-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in told.items():
            archive.writestr(name, text)
        archive.writestr("larkspur-1.0.dist-info/RECORD", "".join(f"{name},,\n" for name in told))
    return made.getvalue()


@dataclass
class Registry:
    """A server on this machine's loopback. `pages`: kind and body by path; `sends_on`: where a path leads to."""

    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    sends_on: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    base: str = ""
    status: int = 200
    short: int = 0
    """So many bytes of each answer never come."""


@pytest.fixture
def registry() -> Iterator[Registry]:
    known = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
            kind, body = known.pages.get(self.path.partition("?")[0], ("text/plain", b"nothing"))
            self.send_response(
                302 if self.path in known.sends_on else known.status if self.path in known.pages else 404
            )
            if self.path in known.sends_on:
                self.send_header("Location", known.sends_on[self.path])
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body) + known.short))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_POST = do_PUT = do_GET

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.base = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield known
    server.shutdown()
    server.server_close()


@pytest.fixture
def outlet(registry: Registry) -> Iterator[tuple[str, int]]:
    with Outlet(("127.0.0.1", 0), {"pypi": registry.base, "pypi-files": f"{registry.base}/files"}) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield "127.0.0.1", server.server_address[1]
        server.shutdown()


def ask(outlet: tuple[str, int], path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    with closing(HTTPConnection(*outlet, timeout=10)) as line:
        line.request(method, path, headers=headers)
        answer = line.getresponse()
        return answer, answer.read()


def test_a_package_manager_installs_through_it(registry: Registry, outlet: tuple[str, int], tmp_path: Path) -> None:
    """Its index names the file by a whole address on another host than the index: the outlet's reader gets the outlet's."""
    made = wheel()
    link = f'<a href="{registry.base}/files/{WHEEL}#sha256={hashlib.sha256(made).hexdigest()}">{WHEEL}</a>'
    registry.pages["/simple/larkspur/"] = ("text/html", f"<!DOCTYPE html><html><body>{link}</body></html>".encode())
    registry.pages[f"/files/{WHEEL}"] = ("application/octet-stream", made)
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    told = way_out("http://{}:{}".format(*outlet), ("pypi", "pypi-files"))
    words = [UV, "pip", "install", "-q", "--no-config", "--no-cache", "--target", str(tmp_path), "larkspur"]
    done = subprocess.run(words, env={**clean, **told}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "larkspur.py").read_text() == "WORTH = 7\n"
    assert {method for method, _, _ in registry.asked} <= {"GET", "HEAD"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_nothing_is_sent_out(registry: Registry, outlet: tuple[str, int], method: str) -> None:
    answer, said = ask(outlet, "/pypi/legacy/", method)
    assert (answer.status, registry.asked) == (405, [])
    assert b"not sent" in said


def test_a_tunnel_is_refused_in_words_that_a_package_manager_repeats(
    registry: Registry, outlet: tuple[str, int]
) -> None:
    line = HTTPConnection(*outlet, timeout=10)
    line.set_tunnel("pypi.org", 443)
    with pytest.raises(
        OSError, match=r"Tunnel connection failed: 405 Quarterdeck: pypi.org:443 .* no tunnels. .*/pypi/"
    ):
        line.request("GET", "/simple/")
    assert registry.asked == []


@pytest.mark.parametrize(
    "path", ["/maven/x", "/", "/pypi-file/x", "http://169.254.169.254/latest/meta-data", "http://evil.example/simple/"]
)
def test_only_listed_registries_are_read(registry: Registry, outlet: tuple[str, int], path: str) -> None:
    answer, said = ask(outlet, path)
    assert (answer.status, registry.asked) == (403, [])
    assert b"QUARTERDECK_REGISTRIES" in said


@pytest.mark.parametrize("path", ["/pypi-files/../simple/x", "/pypi-files/%2e%2e/simple/x", "/pypi-files/%252e%252e/x"])
def test_no_path_climbs_out_of_a_registry(registry: Registry, outlet: tuple[str, int], path: str) -> None:
    answer, _ = ask(outlet, path)
    assert (answer.status, registry.asked) == (403, [])


def test_a_registry_may_send_on_to_a_listed_one_and_nowhere_else(registry: Registry, outlet: tuple[str, int]) -> None:
    registry.pages["/files/x"] = ("application/octet-stream", b"whole")
    registry.sends_on = {"/good": f"{registry.base}/files/x", "/bad": "http://169.254.169.254/latest"}
    assert ask(outlet, "/pypi/good")[1] == b"whole"
    answer, said = ask(outlet, "/pypi/bad")
    assert answer.status == 403
    assert b"169.254.169.254, which is not listed" in said


def test_whoever_takes_it_for_his_proxy_reads_a_listed_registry_all_the_same(
    registry: Registry, outlet: tuple[str, int]
) -> None:
    registry.pages["/simple/"] = ("text/html", b"all")
    assert ask(outlet, f"{registry.base}/simple/")[1] == b"all"


def test_what_the_caller_holds_stays_with_him(registry: Registry, outlet: tuple[str, int]) -> None:
    ask(
        outlet,
        "/pypi/simple/",
        Authorization="Bearer of-an-agent",
        Cookie="a=b",
        **{"X-Secret": "c", "Accept": "text/html"},
    )
    ((_, _, headers),) = registry.asked
    assert headers.keys() == {"host", "accept", "accept-encoding", "connection"}


def test_a_file_is_passed_on_as_it_is(registry: Registry, outlet: tuple[str, int]) -> None:
    """Addresses are turned into ours in an index alone."""
    body = f"{registry.base}/files/".encode() * 100_000
    registry.pages["/files/big"] = ("application/octet-stream", body)
    assert ask(outlet, "/pypi-files/big")[1] == body
    assert ask(outlet, "/pypi-files/big", "HEAD")[0].getheader("Content-Length") == str(len(body))


def test_a_registry_that_is_away_is_told_in_words(outlet: tuple[str, int]) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with Outlet(("127.0.0.1", 0), {"npm": f"http://127.0.0.1:{nobody.getsockname()[1]}"}) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            answer, said = ask(("127.0.0.1", server.server_address[1]), "/npm/left-pad")
            server.shutdown()
    assert answer.status == 502
    assert b"cannot be reached" in said


def test_a_proxy_without_registries_is_only_a_proxy() -> None:
    assert way_out("http://127.0.0.1:8702") == dict.fromkeys(
        ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:8702"
    )


@pytest.mark.parametrize(
    "path", ["/pypi-files/..;/secret", "/pypi-files/..\\secret", "/pypi-files/%2e%2e%3bx=1/secret"]
)
def test_no_way_of_writing_a_climb_leads_out_of_a_registry(
    registry: Registry, outlet: tuple[str, int], path: str
) -> None:
    """Servers of Java take `..;` for `..`, others a backslash for a slash."""
    assert (ask(outlet, path)[0].status, registry.asked) == (403, [])


@pytest.mark.parametrize("line", [b"GET http://[ HTTP/1.1", b"GET /pypi/\xc3\xa9 HTTP/1.1"])
def test_an_address_that_is_none_is_refused_in_words(registry: Registry, outlet: tuple[str, int], line: bytes) -> None:
    with socket.create_connection(outlet, timeout=10) as wire:
        wire.sendall(line + b"\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert wire.makefile("rb").readline().startswith(b"HTTP/1.1 400 Quarterdeck:")
    assert registry.asked == []


def test_a_registry_that_sends_on_to_no_address_is_told_so(registry: Registry, outlet: tuple[str, int]) -> None:
    registry.sends_on["/a"] = "http://["
    assert ask(outlet, "/pypi/a")[0].status == 502


def test_an_index_of_any_size_is_passed_on_in_pieces(registry: Registry, outlet: tuple[str, int]) -> None:
    """An install that asks for many large ones at once must not fill our memory. No address is missed where two pieces meet."""
    link, ours = f"{registry.base}/files/a".encode(), "http://{}:{}/pypi-files/a".format(*outlet).encode()
    registry.pages["/simple/"] = ("text/html", b" ".join(b"." * (n % 97) + link for n in range(9000)))
    answer, body = ask(outlet, "/pypi/simple/")
    assert answer.getheader("Transfer-Encoding") == "chunked"
    assert body == b" ".join(b"." * (n % 97) + ours for n in range(9000))


def test_an_index_that_is_not_new_has_no_body(registry: Registry, outlet: tuple[str, int]) -> None:
    registry.pages["/simple/"] = ("text/html", b"")
    registry.status = 304
    with socket.create_connection(outlet, timeout=10) as wire:
        wire.sendall(b"GET /pypi/simple/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        head, _, body = wire.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 304 ")
    assert body == b""


def test_an_index_that_breaks_off_is_not_told_as_whole(registry: Registry, outlet: tuple[str, int]) -> None:
    registry.pages["/simple/"] = ("text/html", b"all")
    registry.short = 5
    with pytest.raises(IncompleteRead):
        ask(outlet, "/pypi/simple/")


def test_one_caller_cannot_take_all_of_it(registry: Registry, outlet: tuple[str, int]) -> None:
    idle = [socket.create_connection(outlet, timeout=10) for _ in range(EACH)]
    with socket.create_connection(outlet, timeout=10) as one_more:
        assert one_more.recv(100).startswith(b"HTTP/1.1 429 ")
    for line in idle:
        line.close()
    until(lambda: served(outlet))


def served(outlet: tuple[str, int]) -> bool:
    try:
        return ask(outlet, "/healthz")[0].status == 200
    except OSError:
        return False
