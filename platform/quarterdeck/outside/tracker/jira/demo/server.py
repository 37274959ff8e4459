"""The demonstration behind a port: keys, limits and faults as Cloud has them, each for real over HTTP."""

import base64
import json
import secrets
import threading
from collections import deque
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from quarterdeck.outside.tracker.jira.demo import page, routes
from quarterdeck.outside.tracker.jira.demo.deliver import Deliverer
from quarterdeck.outside.tracker.jira.demo.site import AGENT, Row, Site

EMAIL, TOKEN, CLOUD_ID = "agent@larkfield.example", "demo-token", "demo-cloud"
CLIENT_ID, CLIENT_SECRET, SECRET = "demo-client", "demo-client-secret", "demo-webhook-secret"
MOST_BODY = 10_000_000


@dataclass(frozen=True)
class Fault:
    """What the next call that fits gets instead of its answer; status 0 closes the connection."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    method: str = ""
    path: str = ""
    after: bool = False  # the call is carried out, and its answer is lost

    def fits(self, method: str, path: str) -> bool:
        return (not self.method or self.method == method) and self.path in path


def limited(reason: str = "jira-burst-based", seconds: int = 7, **where: Any) -> Fault:
    """429 as Cloud says it."""
    return Fault(429, {"retry-after": str(seconds), "ratelimit-reason": reason, "x-ratelimit-remaining": "0"}, **where)


class Demo:
    """`with Demo() as demo:` starts it on a free port of loopback. `seen` are the calls as (method, path and query)."""

    def __init__(self, site: Site | None = None, *, port: int = 0, hook_url: str = "") -> None:
        self.site = site or Site()
        self.hooks: dict[str, Row] = {}
        self.faults: deque[Fault] = deque()
        self.seen: list[tuple[str, str]] = []
        self.refresh, self.accesses, self.lock = "demo-refresh-0", {"demo-access-0"}, threading.Lock()
        self.codes: dict[str, str] = {}
        self.sites = [{"id": CLOUD_ID, "name": "larkfield", "url": "", "scopes": []}]
        self.deliverer = Deliverer(self.site, self.hooks, url=hook_url, secret=SECRET, client_secret=CLIENT_SECRET)
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self.site.base = self.url
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True, name="jira-demo")

    def __enter__(self) -> "Demo":
        self.deliverer.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self.deliverer.stop()

    def fail(self, *faults: Fault) -> None:
        self.faults.extend(faults)

    def fault(self, method: str, path: str) -> Fault | None:
        with self.lock:
            found = next((one for one in self.faults if one.fits(method, path)), None)
            if found:
                self.faults.remove(found)
            return found

    def who(self, authority: str) -> tuple[str, bool]:
        """The account, and whether it came over OAuth. Raises No(401)."""
        scheme, _, word = authority.partition(" ")
        if scheme == "Basic" and word == base64.b64encode(f"{EMAIL}:{TOKEN}".encode()).decode():
            return AGENT, False
        if scheme == "Bearer" and word in self.accesses:
            return AGENT, True
        raise routes.No(401, "Client must be authenticated to access this resource.")

    def sign_in(self, body: Any) -> tuple[int, Any]:
        """The token endpoint: a refresh token serves once."""
        with self.lock:
            known = body.get("client_id") == CLIENT_ID and body.get("client_secret") == CLIENT_SECRET
            back = (
                self.codes.pop(str(body.get("code")), None) if body.get("grant_type") == "authorization_code" else None
            )
            fresh = back is not None and back == body.get("redirect_uri")
            again = body.get("grant_type") == "refresh_token" and body.get("refresh_token") == self.refresh
            if not known or not (fresh or again):
                return 403, {"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."}
            number = len(self.accesses)
            self.refresh = f"demo-refresh-{number}"
            self.accesses.add(f"demo-access-{number}")
            return 200, {"access_token": f"demo-access-{number}", "refresh_token": self.refresh, "expires_in": 3600,
                         "token_type": "Bearer", "scope": "read:jira-work"}  # fmt: skip

    def agree(self, query: dict[str, str]) -> tuple[int, Any]:
        """The page where a person agrees; `accept` is its button. A code serves once, and only where it was sent to."""
        back = urlsplit(query.get("redirect_uri", ""))
        if query.get("client_id") != CLIENT_ID or query.get("response_type") != "code" or not back.scheme:
            return 403, page.sorry()
        if "accept" not in query:
            return 200, page.agree(query)
        code = f"demo-code-{secrets.token_urlsafe(8)}"
        with self.lock:
            self.codes[code] = query["redirect_uri"]
        return 302, f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query.get('state', '')})}"

    def answer(self, method: str, target: str, authority: str, raw: bytes) -> tuple[int, Any]:
        parts = urlsplit(target)
        path = parts.path
        if path == "/healthz":
            return 200, {}
        if path == "/":
            if method == "POST":
                page.act(self.site, dict(parse_qsl(raw.decode("utf-8", "replace"))))
            return 200, page.html(self.site)
        if path == "/authorize":
            return self.agree(dict(parse_qsl(parts.query)))
        body = json.loads(raw) if raw.strip() else {}
        if path == "/oauth/token":
            return self.sign_in(body)
        who, app = self.who(authority)
        if path == "/oauth/token/accessible-resources":
            return 200, [{**one, "url": one["url"] or self.url} for one in self.sites]
        path = path.removeprefix(f"/ex/jira/{CLOUD_ID}")
        found, named = routes.find(method, path)
        return found(routes.Asked(self.site, who, named, dict(parse_qsl(parts.query)), body, self.hooks, app))


def _kind(path: str, body: Any) -> str:
    if path in ("/", "/authorize"):
        return "text/html; charset=utf-8"
    return "application/octet-stream" if isinstance(body, bytes) else "application/json"


def _handler(demo: Demo) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # one answer, one packet

        def log_message(self, format: str, *args: Any) -> None:
            """Silent: who wants to see the calls reads `seen`."""

        def _any(self) -> None:
            raw = self.rfile.read(min(int(self.headers.get("content-length") or 0), MOST_BODY))
            demo.seen.append((self.command, self.path))
            if self.headers.get("origin", demo.url) != demo.url:
                return self._reply(403, {"errorMessages": ["XSRF check failed"]}, {})
            fault = demo.fault(self.command, self.path)
            if fault and not fault.after:
                return self._broken(fault)
            try:
                status, body = demo.answer(self.command, self.path, self.headers.get("authorization", ""), raw)
            except routes.No as no:
                status, body = no.status, no.body
            except (ValueError, KeyError, TypeError, AttributeError) as bad:
                status, body = (
                    400,
                    {"errorMessages": [f"Invalid request payload ({type(bad).__name__})."], "errors": {}},
                )
            if fault:
                return self._broken(fault)
            if status == 302:
                return self._reply(302, b"", {"location": str(body)})
            return self._reply(status, body, {})

        def _broken(self, fault: Fault) -> None:
            if fault.status:
                return self._reply(fault.status, {"errorMessages": ["A fault of the demonstration."]}, fault.headers)
            self.close_connection = True
            return self.connection.close()

        def _reply(self, status: int, body: Any, headers: dict[str, str]) -> None:
            raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
            self.send_response_only(status)
            self.send_header("date", formatdate(usegmt=True))
            self.send_header("content-type", _kind(urlsplit(self.path).path, body))
            self.send_header("content-length", str(len(raw)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = do_DELETE = _any

    return Handler
