"""Model calls of agents: priced, journalled, made once, and told to everybody who asks for the same.

The order of a call: its route and price, a place in the endpoint's lane, the reserve, the provider, the settling. What the
agent does meanwhile (hang up, die, come back as another attempt) changes nothing of that.
"""

import asyncio
import hashlib
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from uuid import UUID

from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import pictures, routes, spend
from quarterdeck.flow.lanes import LANES, Lane, Lanes
from quarterdeck.flow.live_call import Fault, LiveCall
from quarterdeck.flow.routes import Route
from quarterdeck.outside.models import images
from quarterdeck.outside.models.plug import DIALECTS
from quarterdeck.outside.models.port import Call, Provider, Usage
from quarterdeck.outside.models.reading import at_most, counted
from quarterdeck.record.models import CallState, Run
from quarterdeck.record.tokens import Bearer

log = logging.getLogger(__name__)
T = TypeVar("T")
RENEW_SECONDS = 20.0
AGAIN_SECONDS = 0.5
SETTLE_TRIES = 30
OPEN_MOST = 4
"""Calls of one attempt at the same time."""


class Runner(Protocol):
    """Runs synchronous work in a thread with a database connection."""

    def __call__(self, act: Callable[..., T], *args: Any) -> Awaitable[T]: ...


@dataclass(frozen=True)
class Asked:
    """A call as it came to the door: `dialect` is the protocol it was asked in, `body` its bytes."""

    id: str
    purpose: str
    kind: str
    dialect: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    """Of the caller's own headers, those that may go on to the provider."""


@dataclass(frozen=True)
class Plan:
    route: Route
    wish: spend.Wish
    call: Call
    streamed: bool
    stored: spend.Answered | None


@dataclass(frozen=True)
class Answer:
    content_type: str
    pieces: AsyncIterator[bytes]


def plan(bearer: Bearer, asked: Asked) -> Plan:
    """What this call would be and could cost; nothing is written. Raises Refused: malformed, field, model, no_price …"""
    dialect = DIALECTS[asked.dialect]
    body = dialect.clean(_parsed(asked.body))
    run = Run.objects.select_related("project").get(id=bearer.run)
    route = routes.find(run, asked.kind, asked.dialect, body["model"])
    digest = hashlib.sha256(f"{dialect.path}\n{json.dumps(body, sort_keys=True)}".encode()).hexdigest()
    body, held = pictures.called(run, route, body)
    shown = [held[one] for one in images.named(body)]
    most = route.price.cost(Usage(at_most(body) + images.most_tokens(shown), route.most_out))
    wish = spend.Wish(asked.id, digest, asked.purpose, route.model, route.connection, route.price, most)
    capped = dialect.capped(body, route.most_out)
    call = Call(asked.id, str(run.id), asked.purpose, dialect.path, capped, asked.headers, held)
    return Plan(route, wish, call, bool(body.get("stream")), spend.stored(bearer, asked.id, digest))


def _parsed(body: bytes) -> Any:
    try:
        text = body.decode()  # strict: what a provider would choke on does not leave
        return json.loads(text)
    except (ValueError, RecursionError) as bad:
        raise Refused("The request is not JSON.", reason="malformed", status=422) from bad


@dataclass
class Gateway:
    """One per process and event loop."""

    providers: Mapping[str, Provider]
    run: Runner
    lanes: Lanes = field(default_factory=lambda: LANES)
    live: dict[UUID, LiveCall] = field(default_factory=dict)
    _open: Counter[UUID] = field(default_factory=Counter)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    @asynccontextmanager
    async def answer(self, bearer: Bearer, asked: Asked) -> AsyncIterator[Answer]:
        """The provider's own answer, from its first byte on; its pieces raise when the answer breaks in the middle.

        Raises Refused: fenced, budget, model, field, no_price, provider_…; TryLater: provider, reserved, quota.
        """
        with self._one_more(bearer):
            # Shielded: a caller who hangs up between the reserve and the call must not leave money set aside for nothing.
            met = await asyncio.shield(self._spawn(self._met(bearer, asked)))
            if isinstance(met, spend.Answered):
                yield Answer(met.content_type, _at_once(met.body))
                return
            async with met.listening() as pieces:
                await met.begun()
                yield Answer(met.content_type, pieces)

    @contextmanager
    def _one_more(self, bearer: Bearer) -> Iterator[None]:
        if self._open[bearer.id] >= OPEN_MOST:
            raise TryLater(f"At most {OPEN_MOST} model calls at once.", after=1.0, reason="quota")
        self._open[bearer.id] += 1
        try:
            yield
        finally:
            self._open[bearer.id] -= 1
            if not self._open[bearer.id]:
                del self._open[bearer.id]

    async def _met(self, bearer: Bearer, asked: Asked) -> LiveCall | spend.Answered:
        """The stored answer, the same call that is on its way here, or a new call."""
        planned = await self.run(plan, bearer, asked)
        while planned.stored is None:
            with self.lanes.taken(planned.route.endpoint.id, planned.route.name) as lane:
                met = await self.run(spend.reserve, bearer, planned.wish)
                if isinstance(met, spend.Opened):
                    return self._begin(met.row, planned, lane)
            if isinstance(met, spend.Answered):
                return met
            if met.row in self.live:
                return self.live[met.row]
            await asyncio.sleep(AGAIN_SECONDS)  # another process has it, or a dead one: its lease will tell
        return planned.stored

    def _begin(self, row: UUID, planned: Plan, lane: Lane) -> LiveCall:
        lane.busy += 1  # the caller's place goes with the caller; this one goes with the call
        live = LiveCall("text/event-stream" if planned.streamed else "application/json")
        self.live[row] = live
        live.give_up = self._spawn(self._make(row, planned, lane, live)).cancel
        return live

    def _spawn(self, act: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that nobody's hanging up ends. Held here: the loop itself holds only weak references."""
        task = asyncio.create_task(act)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen: where nobody waited for it any more, nobody needs to be told

    async def _make(self, row: UUID, planned: Plan, lane: Lane, live: LiveCall) -> None:
        keeping = asyncio.create_task(self._keep(row, live))
        try:
            fault = await self._read(planned, lane, live)
            await self._settle(row, planned, live, fault)
        finally:
            keeping.cancel()
            lane.busy -= 1
            self.live.pop(row, None)

    async def _read(self, planned: Plan, lane: Lane, live: LiveCall) -> Fault | None:
        """All that the provider says. The fault is returned, for the settling comes first."""
        provider = self.providers[planned.route.endpoint.protocol]
        try:
            async for chunk in provider.stream(planned.route.endpoint, planned.call):
                live.feed(chunk)
            self.lanes.went_well(lane)
            return None
        except TryLater as no:
            told = no.reason == "provider"
            self.lanes.pushed_back(lane, no.after if told else 0.0, silent=not told)
            return no
        except (Refused, GaveUp) as no:
            return no
        except asyncio.CancelledError:
            return TryLater("The call was broken off.", after=1.0, reason="cut")
        except Exception:
            log.exception("the gateway failed at a call to %s", planned.route.name)
            return GaveUp("The gateway failed at this call.", reason="internal")

    async def _settle(self, row: UUID, planned: Plan, live: LiveCall, fault: Fault | None) -> None:
        """Settles first, then tells: whoever has the whole answer finds it in the journal too."""
        end = self._end(planned, live, fault)
        for tries in range(SETTLE_TRIES):
            try:
                await self.run(spend.settle, row, end, planned.route.price)
                break
            except TryLater:  # the record is away; the sweep is behind us if it stays away
                if tries == 0:
                    live.end(_told(fault))
                await asyncio.sleep(RENEW_SECONDS / 10)
        live.end(_told(fault))

    def _end(self, planned: Plan, live: LiveCall, fault: Fault | None) -> spend.End:
        if fault is None:
            body = live.body
            used = self.providers[planned.route.endpoint.protocol].usage(body, planned.streamed)
            shown = [planned.call.images[one] for one in images.named(planned.call.body)]
            used = used or counted(planned.call.body, body, planned.streamed, images.usual_tokens(shown))
            return spend.End(CallState.DONE, used, live.content_type, body)
        # Nothing came and the provider said no: that costs nothing. Everything else may have cost all of it.
        refused = not live.chunks and getattr(fault, "reason", "") != "cut"
        return spend.End(CallState.FAILED if refused else CallState.CUT)

    async def _keep(self, row: UUID, live: LiveCall) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await self.run(spend.renew, row, bool(live.chunks))
            except TryLater:
                log.warning("a model call's lease could not be renewed; the next time comes in %g s", RENEW_SECONDS)

    async def close(self) -> None:
        """Breaks off what is on its way and settles it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _told(fault: Fault | None) -> Fault | None:
    """To an agent a broken answer is the provider's weather: it asks again, by the same id."""
    if isinstance(fault, TryLater) and fault.reason == "cut":
        return TryLater(fault.text, after=fault.after, reason="provider")
    return fault


async def _at_once(body: bytes) -> AsyncIterator[bytes]:
    yield body
