"""The agents' doors: a plain ASGI application in front of Django. Token, size and speed are checked before a body is read.

Every refusal leaves through one place as a deckwire Refusal that names its reason and its remedy. Import this after
Django is ready: `application = wrap(get_asgi_application())`.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.conf import settings

from deckwire.commands import Mail
from quarterdeck.doors import agent_http as http
from quarterdeck.doors import agent_model, wakeups
from quarterdeck.doors.agent_acts import Ask, dumped, number
from quarterdeck.doors.agent_held import Held, Waiter
from quarterdeck.doors.agent_model import asked
from quarterdeck.doors.agent_rates import UNKNOWN_A_SECOND, Rates
from quarterdeck.doors.agent_table import BY_PATH, Door
from quarterdeck.doors.agent_work import Work, heavy
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import mail, standing
from quarterdeck.flow.gateway import Gateway
from quarterdeck.outside.models import calling, plug
from quarterdeck.record import leases, tokens
from quarterdeck.record.tokens import Bearer

log = logging.getLogger(__name__)
Application = Callable[[Any, Any, Any], Awaitable[None]]
HOLD_MOST = 25
READY_SECONDS = 1.0
SMALL_MOST = 4 << 20
AT_ONCE_SMALL, AT_ONCE_LARGE = 8, 2
"""Requests of one token at one door whose bodies we hold, by the door's cap."""


def wrap(application: Application) -> Application:
    """`application` behind the agents' doors. Runs the process's background work from ASGI's start-up to its end."""
    return AgentDoors(application)


@dataclass
class AgentDoors:
    application: Application
    work: Work = field(default_factory=Work)
    heavy: Work = field(default_factory=heavy)
    rates: Rates = field(default_factory=Rates)
    at_work: Counter[tuple[str, str]] = field(default_factory=Counter)
    held: Held = field(init=False)
    given: Gateway | None = None
    """A gateway of a test's own, with twins for providers."""
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.held = Held(look=lambda runs: self.work.run(standing.of, runs), wakes=wakeups.messages)

    @cached_property
    def gateway(self) -> Gateway:
        return self.given or Gateway(plug.providers(calling.client(), pace=settings.PACE), self.work.run)

    async def __call__(self, scope: Any, receive: http.Receive, send: http.Send) -> None:
        if scope["type"] == "lifespan":
            return await self._live(receive, send)
        if scope["type"] == "http" and scope["path"].startswith("/agent/"):
            return await self._answer(http.Request(scope, receive), send)
        if _is_unix(scope):
            return await _nothing_here(scope, receive, send)
        await self.application(scope, receive, send)

    async def _live(self, receive: http.Receive, send: http.Send) -> None:
        while (message := await receive())["type"] != "lifespan.shutdown":
            acts = (self.held.listen, self.held.watch, self._say_ready)
            self._tasks = [asyncio.create_task(_for_ever(act)) for act in acts]
            await send({"type": f"{message['type']}.complete"})
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.gateway.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _say_ready(self) -> None:
        """While these doors are open nobody is lost for having said nothing; see `leases.open_for`."""
        while True:
            with suppress(TryLater):  # the record is away: then we are not ready, and the row says so by its age
                await self.work.run(leases.doors_are_open)
            await asyncio.sleep(READY_SECONDS)

    async def _answer(self, request: http.Request, send: http.Send) -> None:
        try:
            door = _door(request)
            request.measure(door.most)
            bearer = await self._bearer(door, request)
            with self._one_more(door, request):
                await self._enter(door, bearer, request, send)
        except (Refused, TryLater, GaveUp) as no:
            await http.refuse(request, send, no)
        except http.Gone:
            pass  # nobody is left to answer
        except Exception:
            log.exception("an agents' door failed: %s %s", request.method, request.path)
            await http.refuse(request, send, TryLater("The platform failed at this.", after=2.0, reason="internal"))

    async def _bearer(self, door: Door, request: http.Request) -> Bearer | None:
        """Raises Refused: token (401), fenced (409); TryLater(rate)."""
        if door.audience is None:
            return None
        caller = f"{door.path}:{request.token}"
        if known := self.rates.knows(caller):
            self.rates.take(caller, door.rate)
        else:
            self.rates.take(f"unknown:{request.peer}", UNKNOWN_A_SECOND)
        bearer = await self.work.run(tokens.find, request.token, door.audience) if request.token else None
        if bearer is None:
            raise Refused("This token opens nothing here.", reason="token", status=401,
                          remedy="Leave: a new attempt gets a token of its own.")  # fmt: skip
        if not known:
            self.rates.take(caller, door.rate)
        return bearer

    @contextmanager
    def _one_more(self, door: Door, request: http.Request) -> Iterator[None]:
        """Raises TryLater(rate) when this token has enough at work here: a body is held until it is done with."""
        one = (door.path, request.token)
        if request.token and self.at_work[one] >= (AT_ONCE_SMALL if door.most <= SMALL_MOST else AT_ONCE_LARGE):
            raise TryLater("Enough requests of yours are at work here.", after=1.0, reason="rate")
        self.at_work[one] += 1
        try:
            yield
        finally:
            self.at_work[one] -= 1
            if not self.at_work[one]:
                del self.at_work[one]

    async def _enter(self, door: Door, bearer: Bearer | None, request: http.Request, send: http.Send) -> None:
        if door.held:
            assert bearer is not None
            return await http.respond(send, await self._commands(bearer, request))
        body = await request.body(door.most) if request.method == "POST" else b""
        if door.model:
            assert bearer is not None
            return await agent_model.answer(
                self.gateway, self.held, bearer, asked(request, door.model, body), request, send
            )
        assert door.act is not None
        work = self.heavy if door.heavy else self.work
        await http.respond(send, await work.run(door.act, Ask(bearer, request.query, body, self.rates)))

    async def _commands(self, bearer: Bearer, request: http.Request) -> bytes:
        """Held until there is mail or a fence, at most `hold` seconds. Raises Gone when the caller hangs up meanwhile."""
        query = request.query
        after, hold = number(query, "after", 0), min(number(query, "hold", 0), HOLD_MOST)
        end = asyncio.get_running_loop().time() + hold
        with self.held.waiting(bearer.run, bearer.epoch, after) as waiter:
            while True:
                found = await self.work.run(mail.waiting, bearer, after)
                left = end - asyncio.get_running_loop().time()
                if found != Mail() or waiter.displaced or left <= 0:
                    return dumped(found)
                await _news(waiter, request, left)


async def _for_ever(act: Callable[[], Awaitable[None]]) -> None:
    """A background act that fails is begun again: without it connections would only wait out their time."""
    while True:
        try:
            await act()
        except Exception:
            log.exception("the agents' doors: background work failed")
        await asyncio.sleep(READY_SECONDS)


async def _news(waiter: Waiter, request: http.Request, seconds: float) -> None:
    """Waits for news, for the end of the caller (raises Gone), or for the time to be over."""
    news, gone = asyncio.create_task(waiter.news.wait()), asyncio.create_task(request.gone())
    try:
        await asyncio.wait({news, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            raise http.Gone
        waiter.news.clear()
    finally:
        news.cancel()
        gone.cancel()


def _door(request: http.Request) -> Door:
    """Raises Refused: not_found (404), method (405)."""
    methods = BY_PATH.get(request.path)
    if methods is None:
        raise Refused("There is no such door.", reason="not_found", status=404)
    if request.method not in methods:
        raise Refused(f"This door takes {' and '.join(methods)}.", reason="method", status=405)
    return methods[request.method]


def _is_unix(scope: Any) -> bool:
    """The socket that is bound into sandboxes has no port: nothing but the agents' doors answers there."""
    server = scope.get("server")
    return server is not None and server[1] is None


async def _nothing_here(scope: Any, receive: http.Receive, send: http.Send) -> None:
    if scope["type"] == "websocket":
        return await send({"type": "websocket.close", "code": 1008})
    no = Refused("Only the agents' doors answer here.", reason="not_found", status=404)
    await http.refuse(http.Request(scope, receive), send, no)
