"""The agent's side of the doors: one HTTP client, audience tokens, and a patience without end for a platform that is away."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from deckhand.exits import Fenced, Refusal, Stopped
from deckwire.commands import Mail
from deckwire.envelope import Batch, Bye, Heartbeat, Hello, Leave, Pulse, Recalled, Step, Stored, Welcome
from deckwire.tokens import derive
from deckwire.words import Audience

if TYPE_CHECKING:
    from deckwire.check import CheckOrder, CheckReport, InstallOrder

PREFIX = "/agent/v1"
Order = TypeVar("Order", "CheckOrder", "InstallOrder")
CAP_SECONDS = 10.0


def backoff(tries: int, chance: float) -> float:
    """Seconds to wait before try number `tries` (from 1): doubles from 0.1 s to 10 s, between half and all of it."""
    return min(CAP_SECONDS, 0.1 * 2 ** min(tries, 10)) * (0.5 + chance / 2)


class Uplink:
    """Raises Fenced, Stopped or Refusal. Everything else it meets is weather, and it tries again for ever."""

    def __init__(
        self,
        url: str,
        transport: httpx.AsyncBaseTransport | None = None,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.url = url
        self.session = ""
        self.requests = 0
        self._wait = wait
        limits = httpx.Limits(max_keepalive_connections=8, keepalive_expiry=4.0)
        # Nothing of the environment (proxies, netrc) may come between the agent and its one address. Authorities of
        # certificates are read where there are some to check: it takes as long as a tenth of all imports.
        self._client = httpx.AsyncClient(
            base_url=url, transport=transport, trust_env=False, limits=limits, verify=url.startswith("https:")
        )

    def token(self, audience: Audience) -> str:
        return derive(self.session, audience)

    async def close(self) -> None:
        await self._client.aclose()

    async def hello(self, hello: Hello) -> Welcome:
        body = await self._ask("POST", "/hello", None, hello.model_dump(mode="json"))
        welcome = Welcome.tolerant(body)
        self.session = welcome.session
        return welcome

    async def check_hello(self, hello: Hello, kind: type[Order]) -> Order:
        order = kind.tolerant(await self._ask("POST", "/check/hello", None, hello.model_dump(mode="json")))
        self.session = order.session
        return order

    async def report(self, report: "CheckReport") -> None:
        await self._ask("POST", "/check/report", Audience.CHECK, report.model_dump(mode="json"), seconds=60)

    async def heartbeat(self, beat: Heartbeat) -> Pulse:
        pulse = Pulse.tolerant(await self._ask("POST", "/heartbeat", Audience.SESSION, beat.model_dump(mode="json")))
        if pulse.session:
            self.session = pulse.session
        return pulse

    async def mail(self, after: int, hold: float) -> Mail:
        params = {"after": after, "hold": int(hold)}
        body = await self._ask("GET", "/commands", Audience.SESSION, params=params, seconds=hold + 15)
        mail = Mail.tolerant(body)
        if mail.fenced:
            raise Fenced("the mailbox says that another attempt has this run")
        if mail.stopped:
            raise Stopped("the mailbox says that the run was stopped")
        return mail

    async def bye(self, bye: Bye) -> Leave:
        return Leave.tolerant(await self._ask("POST", "/bye", Audience.SESSION, bye.model_dump(mode="json")))

    async def step(self, step: Step) -> Stored:
        return Stored.tolerant(
            await self._ask("POST", "/step", Audience.STEP, step.model_dump(mode="json"), seconds=60)
        )

    async def events(self, batch: Batch) -> Stored:
        return Stored.tolerant(await self._ask("POST", "/events", Audience.STEP, batch.model_dump(mode="json")))

    async def checkpoint(self, thread: str, ns: str, id_: str) -> Recalled | None:
        try:
            params = {"thread": thread, "ns": ns, "id": id_}
            return Recalled.tolerant(await self._ask("GET", "/checkpoint", Audience.STEP, params=params, seconds=60))
        except Refusal as no:
            if no.status == 404:
                return None
            raise

    async def checkpoints(self, params: dict[str, Any]) -> list[Recalled]:
        """All of them, in as many answers as the platform makes of it."""
        found: list[Recalled] = []
        while True:
            body = await self._ask("GET", "/checkpoints", Audience.STEP, params=params, seconds=60)
            found += [Recalled.tolerant(item) for item in body["items"]]
            if not body.get("more") or not body["items"]:
                return found
            params = {**params, "before": found[-1].envelope.id}
            if "limit" in params:
                params["limit"] -= len(body["items"])

    async def forget(self, thread: str) -> None:
        await self._ask("DELETE", "/thread", Audience.STEP, params={"thread": thread})

    async def _ask(
        self,
        method: str,
        door: str,
        audience: Audience | None,
        json: Any = None,
        params: dict[str, Any] | None = None,
        seconds: float = 30.0,
    ) -> dict[str, Any]:
        tries = 0
        while True:
            tries += 1
            # The token is made anew for each try: a heartbeat may have rotated the session while we waited.
            headers = {"Authorization": f"Bearer {self.token(audience)}"} if audience else {}
            self.requests += 1
            try:
                answer = await self._client.request(
                    method, PREFIX + door, json=json, params=params, headers=headers, timeout=seconds
                )
            except (httpx.TransportError, httpx.DecodingError):
                await self._wait(backoff(tries, random.random()))
                continue
            if answer.status_code >= 400:
                await self._wait(_refused(answer, tries))
                continue
            body = _body(answer)
            if body is not None:
                return body
            # Cut on its way, or another server answered for the platform: what it did is asked for again.
            await self._wait(backoff(tries, random.random()))


def _refused(answer: httpx.Response, tries: int) -> float:
    """Seconds until the next try, or one of the three exceptions."""
    status = answer.status_code
    body = _body(answer) or {}
    reason, text = str(body.get("reason", "")), str(body.get("text", ""))
    if status == 401 or (status == 409 and reason == "fenced"):
        raise Fenced(text or reason or "the token opens nothing any more")
    if status == 410:
        raise Stopped(text or "the run was stopped")
    if status in (408, 425, 429) or status >= 500:
        asked = answer.headers.get("Retry-After", "") or body.get("retry_after") or 0
        return max(_seconds(asked), backoff(tries, random.random()))
    raise Refusal(status, reason, text, body)


def _body(answer: httpx.Response) -> dict[str, Any] | None:
    if not answer.content:
        return {}
    try:
        body = answer.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _seconds(value: object) -> float:
    try:
        return min(60.0, max(0.0, float(str(value))))
    except ValueError:
        return 0.0
