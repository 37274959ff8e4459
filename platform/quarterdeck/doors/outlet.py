"""The way out of pods that install packages: the listed registries, to be read and never written.

`http://outlet/<name>/…` is what the registry of that name has at `…`; addresses of listed registries in its answers (an index
names its files by whole addresses) become ours. GET and HEAD only, no tunnels, no credentials of the caller, no body: what
runs in an install can fetch, and can neither publish nor reach anything else. Needs no database and holds no key.
"""

import logging
import re
import shutil
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

log = logging.getLogger(__name__)
SECONDS = 60
HOPS = 5
PIECE = 64 * 1024
EACH = 64
"""Connections of one address at once: an install that opens more must not take the others' way out."""
BUSY = b"HTTP/1.1 429 Quarterdeck: too many connections at once\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
ASKED = ("Accept", "User-Agent", "Range", "If-None-Match", "If-Modified-Since")
TOLD = (
    "Content-Type",
    "ETag",
    "Last-Modified",
    "Cache-Control",
    "Content-Range",
    "Accept-Ranges",
    "X-PyPI-Last-Serial",
)
STEP = re.compile(r"[/\\]")
"""Some servers take a backslash for a slash, and `..;` for `..`."""
INDEX = re.compile(r"^(text/html|application/([\w.-]+\+)?json|application/vnd\.pypi\.simple\.v1\+html)", re.IGNORECASE)


class NoWay(Exception):
    """(HTTP status, words) for whoever asked."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


@dataclass(frozen=True)
class Registries:
    """Base addresses by name, without a slash at the end."""

    bases: Mapping[str, str]

    def find(self, target: str) -> str:
        """The address that `/<name>/…` stands for. Raises NoWay."""
        name, _, rest = target.lstrip("/").partition("/")
        base = self.bases.get(name)
        if base is None:
            raise NoWay(403, f"{name[:60] or 'that'} is no registry here; listed are {', '.join(sorted(self.bases)) or 'none'} "
                             "(QUARTERDECK_REGISTRIES)")  # fmt: skip
        if not rest.isascii():
            raise NoWay(400, "an address is written in ASCII")
        steps = STEP.split(unquote(unquote(rest.partition("?")[0])))
        if any(one.partition(";")[0] == ".." for one in steps):
            raise NoWay(403, "a path that climbs leads out of the registry")
        return f"{base}/{rest}"

    def holds(self, address: str) -> bool:
        return any(address.startswith(f"{base}/") for base in self.bases.values())

    def ours(self, pieces: Iterable[bytes], here: str) -> Iterator[bytes]:
        """With the registries' own addresses turned into ours. What may be the beginning of one waits for the next piece."""
        names = {f"{base}/".encode(): f"{here}/{name}/".encode() for name, base in self.bases.items()}
        any_of = re.compile(b"|".join(map(re.escape, sorted(names, key=len, reverse=True))) or b"(?!)")
        longest, text = max(map(len, names), default=1), b""
        for piece in pieces:
            text += piece
            cut = max(0, len(text) - longest + 1)
            whole = [one.end() for one in any_of.finditer(text) if one.start() < cut]
            cut = max([cut, *whole[-1:]])
            yield any_of.sub(lambda one: names[one[0]], text[:cut])
            text = text[cut:]
        yield any_of.sub(lambda one: names[one[0]], text)


def fetch(registries: Registries, method: str, address: str, headers: Mapping[str, str]) -> HTTPResponse:
    """The answer, redirects followed as long as they stay in listed registries. Raises NoWay."""
    for _ in range(HOPS):
        answer = _ask(method, address, headers)
        where = answer.getheader("Location")
        if answer.status not in (301, 302, 303, 307, 308) or not where:
            return answer
        answer.close()
        try:
            address = urljoin(address, where)
        except ValueError as bad:
            raise NoWay(502, "the registry sends on to no address") from bad
        if not registries.holds(address):
            raise NoWay(
                403,
                f"the registry sends on to {urlsplit(address).hostname}, which is not listed (QUARTERDECK_REGISTRIES)",
            )
    raise NoWay(502, "the registry sends on and on")


def _ask(method: str, address: str, headers: Mapping[str, str]) -> HTTPResponse:
    url = urlsplit(address)
    kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
    line = kind(url.hostname or "", url.port, timeout=SECONDS)
    try:
        line.request(method, f"{url.path or '/'}{f'?{url.query}' if url.query else ''}", headers=dict(headers))
        return line.getresponse()
    except (OSError, HTTPException) as bad:
        line.close()
        raise NoWay(502, f"{url.hostname} cannot be reached: {bad}") from bad


class Outlet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, where: tuple[str, int], bases: Mapping[str, str]) -> None:
        self.registries = Registries(bases)
        self._lines: Counter[str] = Counter()
        self._lock = threading.Lock()
        super().__init__(where, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._lines[client_address[0]] += 1
            many = self._lines[client_address[0]] > EACH
        if many:
            with suppress(OSError):
                request.sendall(BUSY)
            self._gone(client_address)
            return self.shutdown_request(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._gone(client_address)

    def _gone(self, client_address: Any) -> None:
        with self._lock:
            self._lines -= Counter([client_address[0]])


class Handler(BaseHTTPRequestHandler):
    server: Outlet
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "quarterdeck", ""
    timeout = SECONDS

    def do_GET(self) -> None:
        if self.path == "/healthz":
            return self._say(200, b"ok\n", {"Content-Type": "text/plain"})
        try:
            address = self.server.registries.find(self._target())
            with fetch(self.server.registries, self.command, address, self._headers()) as answer:
                self._pass_on(answer)
        except NoWay as no:
            self._refuse(no)
        except (OSError, HTTPException) as broken:
            log.warning("an answer broke off: %s", broken)
            self.close_connection = True

    do_HEAD = do_GET

    def __getattr__(self, name: str) -> Any:
        """Any other method, known or not, has one answer."""
        if name.startswith("do_"):
            return self._no_such_method
        raise AttributeError(name)

    def _no_such_method(self) -> None:
        self.close_connection = True  # a body may follow that nobody wants
        here = self._here()
        names = ", ".join(f"{here}/{name}/" for name in sorted(self.server.registries.bases))
        words = "packages are fetched here, by GET, and not sent"
        if self.command == "CONNECT":
            words = f"{self.path[:80]} is not reached through here: no tunnels. Registries are read at {names or 'no address'}"
        self._refuse(NoWay(405, words))

    def _target(self) -> str:
        """The path; a client that takes us for its proxy names us, or a listed registry, in whole."""
        if self.path.startswith("/"):
            return self.path
        try:
            whole = urlsplit(self.path)._replace(fragment="").geturl()
        except ValueError as bad:
            raise NoWay(400, "this is no address") from bad
        for name, base in {**self.server.registries.bases, "": self._here()}.items():
            if whole.startswith(f"{base}/"):
                return f"{f'/{name}' if name else ''}{whole[len(base) :]}"
        raise NoWay(403, f"{urlsplit(whole).hostname} is no listed registry (QUARTERDECK_REGISTRIES)")

    def _headers(self) -> dict[str, str]:
        found = {name: self.headers[name] for name in ASKED if name in self.headers}
        return {**found, "Accept-Encoding": "identity", "Connection": "close"}

    def _here(self) -> str:
        host = self.headers.get("Host") or "{}:{}".format(*self.server.server_address[:2])
        return f"http://{host}"

    def _pass_on(self, answer: HTTPResponse) -> None:
        kept = {name: value for name in TOLD if (value := answer.getheader(name))}
        if self.command == "HEAD" or not INDEX.match(kept.get("Content-Type", "")):
            return self._stream(answer, kept)
        if answer.length == 0:  # nothing new (304) has no body, not even an empty one in chunks
            return self._say(answer.status, b"", kept)
        self._chunks(answer, kept)

    def _chunks(self, answer: HTTPResponse, headers: Mapping[str, str]) -> None:
        """Its length is not known before its end, and one that breaks off must not look whole."""
        self.close_connection = True
        self.send_response(answer.status)
        for name, value in {**headers, "Transfer-Encoding": "chunked", "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        for piece in self.server.registries.ours(iter(lambda: answer.read(PIECE), b""), self._here()):
            if piece:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if answer.length:
            raise HTTPException("the registry's index broke off")
        self.wfile.write(b"0\r\n\r\n")

    def _stream(self, answer: HTTPResponse, headers: Mapping[str, str]) -> None:
        size = answer.getheader("Content-Length")
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if size is None:
            self.close_connection = True
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", size)
        self.end_headers()
        if self.command != "HEAD":
            shutil.copyfileobj(answer, self.wfile)

    def _say(self, status: int, body: bytes, headers: Mapping[str, str], words: str | None = None) -> None:
        self.send_response(status, words)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refuse(self, no: NoWay) -> None:
        """In the status line too: some tools show nothing else."""
        log.info("%s %s: %s", self.command, self.path[:200], no.words)
        words = "".join(letter if letter.isprintable() else " " for letter in f"Quarterdeck: {no.words}")
        plain = words.encode("ascii", "replace").decode()
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            **({"Connection": "close"} if self.close_connection else {}),
        }
        self._say(no.status, f"{words}\n".encode(), headers, plain)

    def log_message(self, format: str, *words: Any) -> None:
        log.debug(format, *words)


def serve(where: tuple[str, int], bases: Mapping[str, str]) -> None:
    """Until the process ends: nothing here needs a way down."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with Outlet(where, bases) as server:
        log.info("outlet: %s", ", ".join(sorted(bases)) or "no registry")
        server.serve_forever()
