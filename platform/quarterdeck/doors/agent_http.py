"""The little HTTP that the agents' doors need: a request whose body is capped, one answer, one refusal."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from deckwire.envelope import Refusal
from quarterdeck.errors import GaveUp, Refused, TryLater

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
BODY_SECONDS = 60.0
TOO_FAST = frozenset({"rate", "quota", "reserved", "provider"})
"""Reasons of a TryLater that are answered with 429; every other means that we are not ready: 503."""
LINGER_BYTES = 1 << 20
LINGER_SECONDS = 1.0


class Gone(Exception):
    """The caller hung up."""


class Request:
    """What an agent asked for. The body is read once, by `body`, and only when the door has let it in."""

    def __init__(self, scope: Any, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.peer: str = (scope.get("client") or ("",))[0]
        """The caller's address; all that come by a Unix socket have none."""
        self.receive = receive
        self.unread = True
        self._query: bytes = scope.get("query_string", b"")
        self._headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}

    def header(self, name: str) -> str:
        return self._headers.get(name, "")

    @property
    def query(self) -> dict[str, str]:
        pairs = parse_qs(self._query.decode("latin-1"), keep_blank_values=True)
        return {name: values[-1] for name, values in pairs.items()}

    @property
    def token(self) -> str:
        scheme, _, value = self.header("authorization").partition(" ")
        return value.strip() if scheme.lower() == "bearer" else ""

    @property
    def owes_body(self) -> bool:
        """Part of this request may still be on its way to us."""
        return self.unread and (
            self.header("content-length") not in {"", "0"} or bool(self.header("transfer-encoding"))
        )

    def measure(self, most: int) -> None:
        """Refuses by the headers alone. Raises Refused: encoding (415), too_big (413), malformed (422)."""
        if self.header("content-encoding") not in {"", "identity"}:
            raise Refused("A packed body is not taken here.", reason="encoding", status=415, remedy="Send it as it is.")
        length = self.header("content-length")
        if length and not length.isdigit():
            raise Refused("Content-Length is not a number.", reason="malformed", status=422)
        if length and int(length) > most:
            raise too_big(most)

    async def body(self, most: int) -> bytes:
        """The whole body. Raises Refused: too_big (413) as soon as it is, slow (408); Gone."""
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await self._read(most)
        except TimeoutError as late:
            raise Refused(f"The body took longer than {BODY_SECONDS:g} s.", reason="slow", status=408) from late

    async def _read(self, most: int) -> bytes:
        pieces: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Gone
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            more = message.get("more_body", False)
            if size > most:
                raise too_big(most)
        self.unread = False
        return b"".join(pieces)

    async def gone(self) -> None:
        """Returns when the caller has hung up."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def linger(self) -> None:
        """Takes a little more of a refused body: closing at once would reset the connection under our own answer."""
        left = LINGER_BYTES
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while left > 0:
                    message = await self.receive()
                    left -= len(message.get("body", b""))
                    if not message.get("more_body", False):
                        return
        except TimeoutError:
            return


def too_big(most: int) -> Refused:
    size = f"{most >> 20} MB" if most >= 1 << 20 else f"{most >> 10} KB"
    return Refused(f"At most {size} are taken here at once.", reason="too_big", status=413, remedy="Send less at once.")


def render(error: Refused | TryLater | GaveUp) -> tuple[int, Refusal]:
    """The status and body of every refusal. A GaveUp is 424: to ask again helps nobody until a person has looked."""
    if isinstance(error, TryLater):
        status = 429 if error.reason in TOO_FAST else 503
        return status, Refusal(reason=error.reason, text=error.text, retry_after=round(max(error.after, 0.0), 3))
    status = error.status if isinstance(error, Refused) else 424
    return status, Refusal(reason=error.reason, text=error.text, remedy=error.remedy)


async def refuse(request: Request, send: Send, error: Refused | TryLater | GaveUp) -> None:
    """Says no. Where the body was not read the connection ends with the answer."""
    status, refusal = render(error)
    headers = [(b"connection", b"close")] if request.owes_body else []
    if refusal.retry_after is not None:
        headers.append((b"retry-after", str(max(1, round(refusal.retry_after))).encode()))
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    body = json.dumps(refusal.model_dump(exclude_none=True)).encode()
    await begin(send, status, "application/json", [*headers, (b"content-length", str(len(body)).encode())])
    await send({"type": "http.response.body", "body": body, "more_body": True})
    if request.owes_body:
        await request.linger()
    await send({"type": "http.response.body", "body": b""})


async def respond(send: Send, body: bytes) -> None:
    await begin(send, 200, "application/json", [(b"content-length", str(len(body)).encode())])
    await send({"type": "http.response.body", "body": body})


async def begin(send: Send, status: int, kind: str, headers: list[tuple[bytes, bytes]]) -> None:
    common = [(b"content-type", kind.encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": [*common, *headers]})
