"""A transport that holds each request against Atlassian's own description of Jira Cloud before it is sent."""

import functools
import json
import re
import threading
from typing import Any
from urllib.parse import parse_qsl

import httpx
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest

from testkit import recorded

# Its own examples have the offset without a colon, which RFC 3339 does not know and Jira alone takes.
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}")
HOST = "https://your-domain.atlassian.net"


@functools.cache
def described() -> tuple[OpenAPI, dict[str, Any]]:
    """Read once: the description has two megabytes."""
    raw = json.loads((recorded.jira() / "openapi/jira-cloud-v3.json").read_text())
    times = {"date-time": lambda value: not isinstance(value, str) or bool(TIME.fullmatch(value))}
    return OpenAPI.from_dict(raw, config=Config(spec_validator_cls=None, extra_format_validators=times)), raw


def wrong(method: str, path: str, query: str = "", body: bytes = b"") -> str:
    """What the description says against the request; empty: nothing."""
    api, raw = described()
    request = MockRequest(
        HOST, method.lower(), path, args=dict(parse_qsl(query)), data=body or None, content_type="application/json",
        headers={"Authorization": "Basic YTpi"},
    )  # fmt: skip
    try:
        api.validate_request(request)
    except OpenAPIError as no:
        return f"{method} {path}?{query} {body[:500]!r}: {no} {no.__cause__ or ''}"
    extra = {name for name, _ in parse_qsl(query)} - _parameters(raw, method, path)
    return f"{method} {path}: no such query {sorted(extra)}" if extra else ""


def _parameters(raw: dict[str, Any], method: str, path: str) -> set[str]:
    """The description forbids no unknown name in a query; Jira ignores it, and a misspelt one would be lost."""
    for known, operations in raw["paths"].items():
        if method.lower() in operations and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path):
            return {one["name"] for one in operations[method.lower()].get("parameters", []) if one["in"] == "query"}
    return set()


class Recorder(httpx.BaseTransport):
    """Sends on over real HTTP. `bodies` are the JSON bodies; `wrong` what was said against requests."""

    def __init__(self) -> None:
        self._inner, self._lock = httpx.HTTPTransport(), threading.Lock()
        self.calls: list[str] = []
        self.bodies: list[Any] = []
        self.wrong: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = re.sub(r"^/ex/jira/[^/]+", "", request.url.path)
        body = request.read()
        if path.startswith("/rest/"):
            no = wrong(request.method, path, request.url.query.decode(), body)
            with self._lock:
                self.calls.append(f"{request.method} {path}")
                self.bodies += [json.loads(body)] if body else []
                self.wrong += [no] if no else []
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()
