"""The model door: takes a provider's own request, gives the provider's own answer, piece by piece as it comes."""

import asyncio
import re
from dataclasses import dataclass

from quarterdeck.doors import agent_http as http
from quarterdeck.doors.agent_held import Held
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow.gateway import Asked, Gateway
from quarterdeck.record.tokens import Bearer

PURPOSES = frozenset({"understand", "locate", "plan", "work", "review"})
VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def asked(request: http.Request, dialect: str, body: bytes) -> Asked:
    """Raises Refused(malformed), 422, when a header is missing or no word of ours."""
    call, purpose = request.header("x-quarterdeck-call"), request.header("x-quarterdeck-purpose")
    if not call or len(call) > 200 or not call.isprintable():
        raise Refused("X-Quarterdeck-Call is missing or too long.", reason="malformed", status=422)
    if purpose not in PURPOSES:
        raise Refused(
            f"X-Quarterdeck-Purpose is none of {', '.join(sorted(PURPOSES))}.", reason="malformed", status=422
        )
    kind = request.header("x-quarterdeck-kind") or "edit"
    return Asked(call, purpose, kind, dialect, body, _passed_on(request))


def _passed_on(request: http.Request) -> dict[str, str]:
    """The only header of the caller's that a provider sees: which version of its protocol the caller's package speaks."""
    version = request.header("anthropic-version")
    return {"anthropic-version": version} if VERSION.fullmatch(version) else {}


@dataclass
class Saying:
    """What has gone out to the agent so far."""

    send: http.Send
    begun: bool = False

    async def all(self, gateway: Gateway, bearer: Bearer, call: Asked) -> None:
        """A fault after the first byte ends the response without its end: the agent sees a broken stream, not a short one."""
        try:
            async with gateway.answer(bearer, call) as answer:
                self.begun = True
                await http.begin(self.send, 200, answer.content_type, [])
                async for piece in answer.pieces:
                    await self.send({"type": "http.response.body", "body": piece, "more_body": True})
                await self.send({"type": "http.response.body", "body": b""})
        except (Refused, TryLater, GaveUp):
            if not self.begun:
                raise


async def answer(
    gateway: Gateway, held: Held, bearer: Bearer, call: Asked, request: http.Request, send: http.Send
) -> None:
    """Until the answer is out, the agent hangs up, or its attempt is fenced: then the stream is closed, not the call.

    Raises what the gateway raises before the first byte, and Refused(fenced).
    """
    saying = Saying(send)
    with held.waiting(bearer.run, bearer.epoch, None) as waiter:
        said = asyncio.create_task(saying.all(gateway, bearer, call))
        fenced, gone = asyncio.create_task(waiter.news.wait()), asyncio.create_task(request.gone())
        try:
            await asyncio.wait({said, fenced, gone}, return_when=asyncio.FIRST_COMPLETED)
            if said.done():
                return said.result()
            if fenced.done() and not saying.begun:
                raise Refused("This attempt was replaced.", reason="fenced", remedy="Leave: a newer attempt goes on.")
        finally:
            for task in (said, fenced, gone):
                task.cancel()
            await asyncio.gather(said, fenced, gone, return_exceptions=True)
