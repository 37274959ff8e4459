"""How long a request of a page, the API or a webhook may be: Django writes all of it to disk before it asks who sent it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

Application = Callable[[Any, Any, Any], Awaitable[None]]


def bounded(application: Application, most: int) -> Application:
    """At most `most` bytes of a body are read, whatever its headers say; more is answered with 413, and the connection ends."""

    async def door(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await application(scope, receive, send)
        if _declared(scope) > most:
            return await _refuse(send)
        came = 0

        async def counted() -> Any:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            return message if came <= most else {"type": "http.disconnect"}

        await application(scope, counted, send)
        if came > most:
            await _refuse(send)

    return door


def _declared(scope: Any) -> int:
    given = dict(scope.get("headers") or ()).get(b"content-length", b"")
    return int(given) if given.isdigit() and len(given) < 20 else 0


async def _refuse(send: Any) -> None:
    body = json.dumps({"reason": "too_big", "text": "This request is too long."}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"connection", b"close"),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
