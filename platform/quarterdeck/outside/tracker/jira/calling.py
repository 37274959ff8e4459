"""One HTTP call to Jira. Its errors become our three words, in Jira's own words where it has some; its pauses are kept."""

import base64
import json
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.outside.tracker.jira import oauth
from quarterdeck.outside.tracker.jira.config import Config, Tokens, TokenStore
from quarterdeck.outside.tracker.jira.pauses import Pauses
from quarterdeck.outside.tracker.jira.refusals import refusal, retry_after

CONNECT_SECONDS = 5.0
MOST_BYTES = 40_000_000
PACKED = ("gzip", "x-gzip", "deflate")
PACKINGS = {"": 0, "identity": 0, "gzip": 47, "x-gzip": 47, "deflate": 15}
"""How an answer may be packed, and zlib's word for it."""
EARLY = 60.0
"""Seconds before its end that a token is renewed."""


@dataclass(frozen=True)
class Call:
    """`lane` is read or write; a write to one issue also names the issue. `what` is looked for: its 404 has its own word."""

    method: str
    path: str
    lane: str = "read"
    issue: str = ""
    what: str = "ticket"
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None

    def lanes(self) -> list[str]:
        return [self.lane, f"issue:{self.issue}"] if self.issue and self.lane == "write" else [self.lane]


class Client:
    """Safe for threads. Follows no redirect, takes nothing from the environment. `skew` is Jira's clock less ours, in seconds."""

    def __init__(
        self, config: Config, tokens: TokenStore | None = None, *, transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self.config, self._tokens, self._clock = config.checked(), tokens, clock
        self.pauses = Pauses()
        self.skew = 0.0
        self._web = httpx.Client(
            timeout=httpx.Timeout(config.seconds, connect=CONNECT_SECONDS), trust_env=False, follow_redirects=False,
            transport=transport, headers={"user-agent": "quarterdeck", "accept": "application/json", "accept-encoding": "gzip"},
        )  # fmt: skip

    def close(self) -> None:
        self._web.close()

    def call(self, call: Call) -> Any:
        """The parsed answer; None for an empty one. Raises Refused, TryLater (after, in seconds) or GaveUp."""
        raw = self._sent(call, MOST_BYTES)
        if not raw.strip():
            return None
        try:
            return json.loads(raw)
        except (ValueError, RecursionError) as no:
            raise TryLater("Jira answered with something that is no JSON.", after=30, reason="tracker") from no

    def content(self, call: Call, most: int) -> bytes:
        """Raises Refused(too_big) as soon as more than `most` bytes came."""
        return self._sent(call, most)

    def _sent(self, call: Call, most: int) -> bytes:
        self.pauses.check(*call.lanes())
        status, headers, raw = self._send(call, most, self._authority())
        if status == 401 and self.config.oauth() and self._tokens:
            status, headers, raw = self._send(call, most, self._authority(force=True))
        if status == 429:
            self._rest(call, headers)
        if 200 <= status < 300:
            return raw
        raise refusal(status, headers, raw, call.what, self._secrets())

    def _send(self, call: Call, most: int, authority: str) -> tuple[int, httpx.Headers, bytes]:
        headers = {"authorization": authority}
        if call.method != "GET":
            headers["x-atlassian-token"] = "no-check"
        url = self.config.root() + call.path
        extra = {"json": call.body} if call.body is not None else {}
        try:
            with self._web.stream(call.method, url, params=dict(call.query), headers=headers, **extra) as answer:
                self._look_at_the_clock(answer.headers)
                return answer.status_code, answer.headers, _read(answer, most)
        except httpx.InvalidURL as no:
            raise Refused("Jira's address is none.", reason="malformed", status=422) from no
        except httpx.UnsupportedProtocol as no:
            raise Refused("Jira's address begins with https://.", reason="malformed", status=422) from no
        except httpx.TimeoutException as late:
            raise TryLater("Jira did not answer in time.", after=10, reason="tracker") from late
        except httpx.TransportError as away:
            raise TryLater(f"Jira cannot be reached ({type(away).__name__}).", after=15, reason="tracker") from away

    def _rest(self, call: Call, headers: httpx.Headers) -> None:
        """A limit on one issue stops that issue alone; every other stops its lane."""
        why = headers.get("ratelimit-reason", "")
        lane = f"issue:{call.issue}" if "per-issue" in why and call.issue else call.lane
        self.pauses.wait(lane, retry_after(headers), f"rate:{why or 'unnamed'}")

    def _look_at_the_clock(self, headers: httpx.Headers) -> None:
        try:
            self.skew = parsedate_to_datetime(headers.get("date", "")).timestamp() - self._clock()
        except (ValueError, TypeError):
            return

    def _authority(self, *, force: bool = False) -> str:
        config = self.config
        if config.oauth():
            return f"Bearer {self._access(force).access}"
        if config.flavour == "datacenter" and not config.email:
            return f"Bearer {config.token}"
        return "Basic " + base64.b64encode(f"{config.email}:{config.token}".encode()).decode()

    def _access(self, force: bool) -> Tokens:
        if self._tokens is None:
            raise GaveUp("This Jira was never signed in to.", reason="bad_key", remedy="Connect it in the settings.")
        held = self._tokens.load()
        if not force and held.until - EARLY > self._clock():
            return held
        return self._tokens.renew(held, lambda old: oauth.refresh(self.config, old, self._web, self._clock))

    def _secrets(self) -> list[str]:
        return [one for one in (self.config.token, self.config.client_secret) if one]


def _read(answer: httpx.Response, most: int) -> bytes:
    """Unpacked by ourselves, and never further than `most`: a few packed bytes can stand for very many."""
    packing = answer.headers.get("content-encoding", "").strip().lower()
    if packing not in PACKINGS:
        raise TryLater(
            f"Jira packed its answer in a way that was not asked for ({packing[:20]}).", after=30, reason="tracker"
        )
    unpack = zlib.decompressobj(wbits=PACKINGS[packing]) if packing in PACKED else None
    told = bytearray()
    assert isinstance(answer.stream, httpx.SyncByteStream)
    for chunk in answer.stream:  # as it came: `iter_bytes` would unpack a whole chunk at once
        try:
            told += chunk if unpack is None else unpack.decompress(chunk, most + 1 - len(told))
        except zlib.error as bad:
            raise TryLater("Jira's answer cannot be unpacked.", after=30, reason="tracker") from bad
        if len(told) > most:
            raise Refused(f"It is longer than {most:,} bytes.", reason="too_big", status=413)
    return bytes(told)
