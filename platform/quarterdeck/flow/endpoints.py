"""Does a model endpoint work? One tiny real call with its own key tells, in lines a person can act on; another one, with a
small picture, whether a model that is said to take images does.
"""

import asyncio
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from deckwire.views import SettingFact
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import routes
from quarterdeck.flow.routes import Route
from quarterdeck.outside.models import calling, images, plug
from quarterdeck.outside.models.port import Call, Endpoint, Usage
from quarterdeck.record.models import Connection

TEST_SECONDS = 30.0
ANSWER_TOKENS = 256
"""Enough for a small reasoning model to reach its first word."""
WHITE = (
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAXklEQVR4nO3PMQ0AMAzAsPInvYLYYVWKESTzjhsd8KsBrQGtAa0BrQ"
    "GtAa0BrQGtAa0BrQGtAa0BrQGtAa0BrQGtAa0BrQGtAa0BrQGtAa0BrQGtAa0BrQGtAa0BbQHKU9LC7/CP1AAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True)
class Seen:
    body: bytes
    used: Usage | None


def test(connection: Connection) -> list[SettingFact]:
    """Key, answer and usage of the first model that is offered; stored on the row. At most 30 s; not from an event loop."""
    facts = _facts(connection)
    Connection.objects.filter(id=connection.id).update(
        tested_at=Now(), test_facts=[{"label": one.label, "ok": one.ok, "remedy": one.remedy} for one in facts]
    )
    return facts


test.__test__ = False  # type: ignore[attr-defined]  # no test of pytest's, for all its name


def _facts(connection: Connection) -> list[SettingFact]:
    if not connection.offers:
        return [_bad("No model is listed.", "Add at least one model with its price.")]
    facts = []
    for offer in connection.offers:
        try:
            route = routes.of(connection, offer)
        except (Refused, GaveUp) as no:
            facts.append(_bad(no.text, no.remedy))
            continue
        facts += asyncio.run(_ask(route))
    return facts


async def _ask(route: Route) -> list[SettingFact]:
    async with calling.client(silence=TEST_SECONDS) as web:
        try:
            async with asyncio.timeout(TEST_SECONDS):
                seen = await _call(route, plug.providers(web, pace=settings.PACE))
        except TimeoutError:
            return [_bad(f"{route.model} did not answer within {TEST_SECONDS:g} s.", "Is it still being loaded?")]
        except TryLater as no:
            return [
                _bad(f"{route.model}: {no.text}", "Check the address, and that the endpoint is up; then test again.")
            ]
        except (Refused, GaveUp) as no:
            return [_bad(f"{route.model}: {no.text}", no.remedy)]
    facts = [SettingFact(label=f"{route.model} answers.", ok=True)]
    if seen.used is None:
        remedy = "It tells no usage: costs are our own count, and marked as estimated."
        facts.append(SettingFact(label=f"{route.model} does not say what a call used.", ok=True, remedy=remedy))
    return [*facts, *(await _shown(route) if route.images else [])]


async def _shown(route: Route) -> list[SettingFact]:
    """A refusal is the model's own; silence says nothing about images."""
    async with calling.client(silence=TEST_SECONDS) as web:
        try:
            async with asyncio.timeout(TEST_SECONDS):
                await _call(route, plug.providers(web, pace=settings.PACE), picture=True)
        except (TimeoutError, TryLater):
            return [_bad(f"{route.model} did not answer about an image.", "Test again in a while.")]
        except (Refused, GaveUp) as no:
            return [_bad(f"{route.model} does not take images: {no.text}", "Take the mark off that it does.")]
    return [SettingFact(label=f"{route.model} takes images.", ok=True)]


async def _call(route: Route, providers: Any, *, picture: bool = False) -> Seen:
    provider = providers[route.endpoint.protocol]
    chunks = [chunk async for chunk in provider.stream(route.endpoint, _small(route.endpoint, route.model, picture))]
    body = b"".join(chunks)
    return Seen(body, provider.usage(body, False))


def _small(endpoint: Endpoint, model: str, picture: bool) -> Call:
    anthropic = endpoint.protocol == "anthropic"
    dialect = plug.DIALECTS["anthropic" if anthropic else "openai"]
    url = f"{images.PREFIX}{'0' * 64}"
    block = {"type": "image", "source": {"type": "url", "url": url}} if anthropic else {
        "type": "image_url", "image_url": {"url": url}
    }  # fmt: skip
    content = [{"type": "text", "text": "Say aye."}, block] if picture else "Say aye."
    body = dialect.capped({"model": model, "messages": [{"role": "user", "content": content}]}, ANSWER_TOKENS)
    return Call("test", "", "work", dialect.path, body, images={"0" * 64: _white()} if picture else {})


def _white() -> images.Image:
    """64 × 64 pixels: some providers refuse what is smaller than a few."""
    return images.Image("image/png", 64, 64, b64decode(WHITE))


def _bad(label: str, remedy: str) -> SettingFact:
    return SettingFact(label=label, ok=False, remedy=remedy)
