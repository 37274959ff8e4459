"""The git service's internal door by TCP: who does not name the key is told nothing."""

from typing import Any

import pytest

from quarterdeck.doors.serve import with_key

KEY = "k" * 32


async def asked(path: str, *, kind: str = "http", authorization: bytes = b"") -> Any:
    sent: list[dict[str, Any]] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "reached"})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"authorization", authorization)] if authorization else []
    await with_key(inner, KEY)({"type": kind, "path": path, "headers": headers}, None, send)
    return sent[0].get("status", sent[0]["type"])


async def test_the_platform_with_the_key_is_heard() -> None:
    assert await asked("/internal/head", authorization=b"Bearer " + KEY.encode()) == "reached"


@pytest.mark.parametrize("authorization", [b"", b"Bearer ", b"Bearer " + b"x" * 32, KEY.encode()])
async def test_mallory_is_not(authorization: bytes) -> None:
    assert await asked("/internal/head", authorization=authorization) == 401


async def test_health_needs_no_key() -> None:
    assert await asked("/healthz") == "reached"


async def test_there_is_no_websocket_here() -> None:
    assert await asked("/internal/head", kind="websocket", authorization=b"Bearer " + KEY.encode()) == "websocket.close"
