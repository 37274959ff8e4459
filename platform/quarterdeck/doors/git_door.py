"""Git for agents: smart HTTP on three routes, as a plain ASGI application.

The token is checked before a body is read; project and run come from it, the URL must only agree. A run reads its own
repository and moves one ref of it, from the exact old value, under its epoch.
"""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol
from uuid import UUID

from deckwire.words import Audience
from quarterdeck.doors import git_http as http
from quarterdeck.doors.agent_rates import UNKNOWN_A_SECOND, Rates
from quarterdeck.doors.git_readers import Readers
from quarterdeck.doors.git_serve import Answer, Patience, serve
from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.repos import push
from quarterdeck.outside.repos.store import Store

log = logging.getLogger(__name__)
_ROUTE = re.compile(
    r"/run/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.git/(info/refs|git-upload-pack|git-receive-pack)\Z"
)
_READS = {"git-upload-pack"}
_AT_ONCE = {"git-upload-pack": 4, "git-receive-pack": 1}
"""Requests of one run that are worked on together; the next ones are told to wait."""
_RECHECK = 1.0
"""Seconds between two looks at the token while an answer streams: a revoked one reads no longer than that."""
_ASKED_MOST = 16 << 20
"""Bytes of a fetch's question: wants and haves."""


class Bearer(Protocol):
    """What the door needs to know of a token's owner (record.tokens.Bearer)."""

    @property
    def run(self) -> UUID: ...
    @property
    def epoch(self) -> int: ...
    @property
    def kind(self) -> str: ...


Find = Callable[[str, Audience], Bearer | None]
Holding = Callable[[UUID, int], AbstractContextManager[None]]


@dataclass(frozen=True)
class GitDoor:
    """`find` says whom a token speaks for; `holding` keeps that epoch while the ref moves."""

    store: Store
    find: Find
    holding: Holding
    lookups: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, 4, "git-token"))
    jobs: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, 8, "git-push"))
    readers: Readers = field(default_factory=Readers)
    patience: Patience = field(default_factory=Patience)
    at_work: Counter[tuple[str, str]] = field(default_factory=Counter)
    rates: Rates = field(default_factory=Rates)

    async def __call__(self, scope: Any, receive: http.Receive, send: http.Send) -> None:
        if scope["type"] == "lifespan":
            return await http.lifespan(receive, send)
        request = http.Request(scope, receive)
        try:
            await self._answer(request, send)
        except (Refused, TryLater) as no:
            await http.refuse(send, no)
        except http.Gone:
            pass  # nobody is left to answer
        except Exception:
            log.exception("The git door failed", extra={"path": request.path})
            await http.refuse(send, TryLater("The git service failed.", after=5.0, reason="internal"))

    async def _answer(self, request: http.Request, send: http.Send) -> None:
        if request.path == "/healthz":
            return await http.respond(send, 200, b"ok\n", "text/plain")
        route = _ROUTE.match(request.path)
        if route is None:
            raise Refused("There is nothing here.", reason="not_found", status=404)
        run, action = route[1], route[2]
        service = request.query.get("service", "") if action == "info/refs" else action
        bearer = await self._bearer(request, run, service)
        if request.method != ("GET" if action == "info/refs" else "POST"):
            raise Refused("This route takes another method.", reason="method", status=405)
        with self._one_more(run, service):
            if action == "info/refs":
                await self._advertise(request, send, run, service)
            else:
                await (self._read if service in _READS else self._write)(request, send, bearer)

    @contextmanager
    def _one_more(self, run: str, service: str) -> Iterator[None]:
        """Raises TryLater when the run has enough at work: bodies lie on our disk, and one run is not to fill it."""
        if self.at_work[run, service] >= _AT_ONCE[service]:
            raise TryLater("Another request of this run is at work.", after=1.0)
        self.at_work[run, service] += 1
        try:
            yield
        finally:
            self.at_work[run, service] -= 1
            if not self.at_work[run, service]:
                del self.at_work[run, service]

    async def _bearer(self, request: http.Request, run: str, service: str) -> Bearer:
        """Raises Refused: 401 without a good token, 403 for another's run, or for a check that would write."""
        if service not in {"git-upload-pack", "git-receive-pack"}:
            raise Refused("Only git's smart protocol is spoken here.", reason="protocol", status=403)
        bearer = await self._found(request)
        if bearer is None:
            raise Refused("This token opens nothing here.", reason="token", remedy="Say hello again.", status=401)
        if str(bearer.run) != run:
            raise Refused("This token is for another run.", reason="not_yours", status=403)
        if service not in _READS and bearer.kind != "attempt":
            raise Refused("A check reads and never writes.", reason="read_only", status=403)
        return bearer

    async def _found(self, request: http.Request) -> Bearer | None:
        token = request.token()
        if not token:
            return None
        if not self.rates.knows(token):
            try:
                self.rates.take(f"unknown:{request.peer}", UNKNOWN_A_SECOND)
            except TryLater as fast:
                raise TryLater(fast.text, after=fast.after, reason="busy") from fast
        bearer = await asyncio.get_running_loop().run_in_executor(self.lookups, self.find, token, Audience.GIT)
        if bearer is not None:
            self.rates.remember(token)
        return bearer

    async def _revoked(self, request: http.Request) -> None:
        """Ends when the token opens nothing any more."""
        while True:
            await asyncio.sleep(_RECHECK)
            try:
                if await self._found(request) is None:
                    return
            except Refused:
                return

    async def _advertise(self, request: http.Request, send: http.Send, run: str, service: str) -> None:
        if service in _READS:
            return await self._serve(request, send, run, None)
        refs = await asyncio.get_running_loop().run_in_executor(self.jobs, self.store.may_move, run)
        await http.respond(send, 200, push.advertisement(refs), f"application/x-{service}-advertisement")

    async def _read(self, request: http.Request, send: http.Send, bearer: Bearer) -> None:
        with await request.spool(self._scratch(), most=_ASKED_MOST, seconds=60) as asked:
            await self._serve(request, send, str(bearer.run), asked)

    async def _serve(self, request: http.Request, send: http.Send, run: str, asked: IO[bytes] | None) -> None:
        """Without a question it is the list of refs."""
        version = "version=2" if request.header("git-protocol") == "version=2" else ""
        if asked is None:
            argv, env = self.store.reading(run, "--strict", "--http-backend-info-refs", version=version)
            prefix = b"" if version else push.line(b"# service=git-upload-pack\n") + push.FLUSH
        else:
            argv, env = self.store.reading(run, "--strict", "--stateless-rpc", "--timeout=60", version=version)
            prefix = b""
        kind = "advertisement" if asked is None else "result"
        async with self.readers.one(run):
            answer = Answer(prefix, f"application/x-git-upload-pack-{kind}", send, self.patience)
            await serve(argv, env, asked, answer, request, partial(self._revoked, request))

    async def _write(self, request: http.Request, send: http.Send, bearer: Bearer) -> None:
        with await request.spool(self._scratch(), most=self.store.quota.sent, seconds=180) as body:
            answer = await asyncio.get_running_loop().run_in_executor(self.jobs, self._take, bearer, body)
        await http.respond(send, 200, answer, "application/x-git-receive-pack-result")

    def _take(self, bearer: Bearer, body: IO[bytes]) -> bytes:
        """The push, and git's own report of it: from here on a refusal is a line that git prints."""
        moves = push.read_moves(body)
        if not moves:
            return b""  # git asks with an empty request first whether it may
        try:
            self.store.take(str(bearer.run), moves, body, partial(self.holding, bearer.run, bearer.epoch))
        except Refused as no:
            if not (told := push.report(moves, f"{no.reason}: {no.text} {no.remedy}")):
                raise
            return told
        return push.report(moves)

    def _scratch(self) -> Path:
        path = self.store.root / "scratch"
        path.mkdir(parents=True, exist_ok=True)
        return path


def build(store: Store, find: Find, holding: Holding) -> GitDoor:
    return GitDoor(store, find, holding)
