"""Is a service ready? One GET /healthz, over TCP or a Unix socket, without an HTTP library: it runs every 50 ms."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

Probe = Callable[[], Awaitable[bool]]
ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def over_tcp(host: str, port: int) -> Probe:
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return lambda: _answers(lambda: asyncio.open_connection(reached, port))


def over_unix(path: Path) -> Probe:
    return lambda: _answers(lambda: asyncio.open_unix_connection(str(path)))


async def _answers(
    connect: Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]],
) -> bool:
    try:
        async with asyncio.timeout(3):
            reader, writer = await connect()
            try:
                writer.write(ASK)
                status = await reader.readline()
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return False
    return status.split()[1:2] == [b"200"]


async def at_once() -> bool:
    """For services that nobody waits for: started is ready."""
    return True
