"""The platform's own questions to the git service: one POST per method of port.Repos, JSON both ways."""

import asyncio
import inspect
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from quarterdeck.doors import git_http as http
from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.repos import wire
from quarterdeck.outside.repos.port import Repos

log = logging.getLogger(__name__)
_PREFIX = "/internal/"


@dataclass(frozen=True)
class Internal:
    repos: Repos
    jobs: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, 12, "git-job"))

    async def __call__(self, scope: Any, receive: http.Receive, send: http.Send) -> None:
        if scope["type"] == "lifespan":
            return await http.lifespan(receive, send)
        request = http.Request(scope, receive)
        try:
            status, body = 200, await self._answer(request)
        except (Refused, TryLater) as no:
            status, body = wire.refusal(no)
        except http.Gone:
            return
        except Exception:
            log.exception("A question to the git service failed", extra={"path": request.path})
            status, body = wire.refusal(TryLater("The git service failed.", after=5.0, reason="internal"))
        await http.respond(send, status, json.dumps(body).encode(), "application/json")

    async def _answer(self, request: http.Request) -> dict[str, Any]:
        if request.path == "/healthz":
            return {"value": "ok"}
        name = request.path.removeprefix(_PREFIX)
        if request.method != "POST" or not request.path.startswith(_PREFIX) or name not in wire.METHODS:
            raise Refused("There is nothing here.", reason="not_found", status=404)
        method = getattr(self.repos, name)
        arguments = _fitting(method, await _json(request))
        value = await asyncio.get_running_loop().run_in_executor(self.jobs, partial(method, **arguments))
        return {"value": wire.pack(value)}


async def _json(request: http.Request) -> Any:
    body = bytearray()
    async for piece in request.pieces():
        body += piece
        if len(body) > wire.MOST:
            raise Refused("At most 1 MB is taken here.", reason="too_big", status=413)
    try:
        return json.loads(bytes(body))
    except ValueError as bad:
        raise Refused("That is no JSON.", reason="malformed", status=422) from bad


def _fitting(method: Any, arguments: Any) -> dict[str, Any]:
    try:
        inspect.signature(method).bind(**arguments)
    except TypeError as bad:
        raise Refused(f"These arguments do not fit: {bad}", reason="malformed", status=422) from bad
    return arguments
