"""The little HTTP that the git service needs: one request, its body into a file under limits, one answer."""

import asyncio
import json
import tempfile
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.repos import wire

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_RATIO = 100
"""Unpacked bytes per byte sent, beyond the first megabyte: git's own requests are far below, bombs far above."""
_FREE = 1 << 20
_PIECE = 64 << 10
_BY_STATUS = {401: [(b"www-authenticate", b"Bearer")]}


class Gone(Exception):
    """The caller hung up."""


class Request:
    """What a caller asked for. The body is read once, by `pieces` or `spool`."""

    def __init__(self, scope: Any, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.peer: str = (scope.get("client") or ("",))[0]
        self.query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        self.receive = receive
        self._headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}

    def header(self, name: str) -> str:
        return self._headers.get(name, "")

    def token(self) -> str:
        """The bearer token, empty if there is none."""
        scheme, _, value = self.header("authorization").partition(" ")
        return value.strip() if scheme.lower() == "bearer" else ""

    async def spool(self, folder: Path, *, most: int, seconds: float) -> IO[bytes]:
        """The whole body, unpacked, in a file that stands at its beginning and is gone when closed.

        Raises Refused(too_big), 413, beyond `most` bytes; Refused(slow), 408; Gone.
        """
        if (size := self.header("content-length")).isdigit() and int(size) > most:
            raise _too_big(most)
        file = tempfile.SpooledTemporaryFile(max_size=_FREE, dir=str(folder))  # noqa: SIM115 (the caller closes it)
        try:
            async with asyncio.timeout(seconds):
                await self._fill(file, most)
        except TimeoutError as late:
            file.close()
            raise Refused(f"The body took longer than {seconds:g} s.", reason="slow", status=408) from late
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    async def _fill(self, file: Any, most: int) -> None:
        written = 0
        async for piece in self.pieces():
            written += len(piece)
            if written > most:
                raise _too_big(most)
            file.write(piece)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, unpacked where the caller packed it."""
        encoding = self.header("content-encoding")
        if encoding not in {"", "identity", "gzip", "x-gzip"}:
            raise Refused("Only gzip is unpacked here.", reason="encoding", status=415)
        inflate = Inflate() if encoding.endswith("gzip") else None
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Gone
            more = message.get("more_body", False)
            body = message.get("body", b"")
            for piece in inflate.feed(body) if inflate else [body]:
                yield piece


class Inflate:
    """gzip in small pieces, with a cap on how much bigger it may become."""

    def __init__(self) -> None:
        self._machine = zlib.decompressobj(wbits=31)
        self._taken = self._given = 0

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """Raises Refused(bomb), 413, and Refused(malformed)."""
        self._taken += len(packed)
        while packed:
            try:
                piece = self._machine.decompress(packed, _PIECE)
            except zlib.error as bad:
                raise Refused("The body is no gzip.", reason="malformed", status=422) from bad
            self._given += len(piece)
            if self._given > _FREE + _RATIO * self._taken:
                raise Refused("The body unpacks to too much.", reason="bomb", status=413)
            yield piece
            packed = self._machine.unconsumed_tail


async def respond(
    send: Send, status: int, body: bytes, kind: str, extra: list[tuple[bytes, bytes]] | None = None
) -> None:
    headers = [*head(kind), (b"content-length", str(len(body)).encode()), *(extra or [])]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, error: Refused | TryLater) -> None:
    """A deckwire Refusal. Too many at once is 429 for agents, who know how to wait."""
    status, body = wire.refusal(error)
    extra = list(_BY_STATUS.get(status, []))
    if isinstance(error, TryLater):
        status = 429 if error.reason == "busy" else 503
        extra.append((b"retry-after", str(max(1, round(error.after))).encode()))
    await respond(send, status, json.dumps(body).encode(), "application/json", extra)


def head(kind: str) -> list[tuple[bytes, bytes]]:
    """A proxy that kept a list of refs would show an agent the past."""
    return [(b"content-type", kind.encode()), (b"cache-control", b"no-cache, max-age=0, must-revalidate")]


async def lifespan(receive: Receive, send: Send) -> None:
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})


def _too_big(most: int) -> Refused:
    return Refused(f"At most {most >> 20} MB are taken at once.", reason="too_big", status=413)
