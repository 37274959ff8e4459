"""Asks models through the gateway, which speaks the providers' own protocols: LangChain's packages work unchanged."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, message_chunk_to_message

from deckhand.ahead import uncollected
from deckhand.exits import BudgetSpent, Fenced, GaveUp, ModelDown, Stopped
from deckhand.models.faults import Fault, Truncated, raised_by, read
from deckhand.models.port import Call
from deckhand.uplink import PREFIX, backoff
from deckwire.envelope import ModelRoute

SILENCE_SECONDS = 180.0
BASE = {"openai": "/model/openai/v1", "anthropic": "/model/anthropic"}
CLASSES = {
    "openai": ("langchain_openai.chat_models.base", "ChatOpenAI"),
    "anthropic": ("langchain_anthropic.chat_models", "ChatAnthropic"),
}


class Chat:
    """`token` is asked at each try, for the session rotates; `heard` gets the text while it is typed, `troubled` a line
    for the card while the endpoint fails."""

    def __init__(
        self,
        url: str,
        routes: Mapping[str, ModelRoute],
        token: Callable[[], str],
        heard: Callable[[str], None] = lambda _: None,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
        troubled: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._url, self._routes, self._token, self._heard, self._wait = url, routes, token, heard, wait
        self._troubled = troubled
        self._made: dict[str, Any] = {}

    async def answer(self, call: Call, messages: list[BaseMessage], tools: list[dict[str, Any]]) -> AIMessage:
        """One call with one id, tried again until it is answered whole. See the port for what it raises."""
        route = self._routes.get(call.kind) or next(iter(self._routes.values()))
        worn, tries = 0.0, 0
        while True:
            try:
                return await self._once(route, call, messages, tools)
            except raised_by(route.protocol) as bad:
                fault = read(bad)
            tries += 1
            worn += fault.wear
            if worn > 0.999:
                raise ModelDown(f"The model's endpoint failed {tries} times in a row: {fault.text}")
            pause = _pause(fault, tries)
            self._troubled(f"waiting for the model, next try in {pause:.0f} s: {fault.text}")
            await self._wait(pause)

    async def _once(
        self, route: ModelRoute, call: Call, messages: list[BaseMessage], tools: list[dict[str, Any]]
    ) -> AIMessage:
        model = (await asyncio.to_thread(self._model, route)).bind_tools(tools)
        whole: AIMessageChunk | None = None
        stream = model.astream(messages, extra_headers=self.headers(call)).__aiter__()
        while True:
            try:
                chunk = await asyncio.wait_for(anext(stream), SILENCE_SECONDS)
            except StopAsyncIteration:
                break
            whole = chunk if whole is None else whole + chunk
            if chunk.text:
                self._heard(str(chunk.text))
        if whole is None or not _has_end(whole):
            raise Truncated
        message = message_chunk_to_message(whole)
        assert isinstance(message, AIMessage)
        return message

    def headers(self, call: Call) -> dict[str, str]:
        """Who asks, for what, and under which id: the same for every provider."""
        return {
            "Authorization": f"Bearer {self._token()}",
            "X-Quarterdeck-Call": call.id,
            "X-Quarterdeck-Purpose": call.purpose,
            "X-Quarterdeck-Kind": call.kind,
        }

    def _model(self, route: ModelRoute) -> Any:
        """The first call imports the provider's package (0.2 s of processor time): call it in a thread."""
        key = f"{route.protocol}/{route.model}"
        if key not in self._made:
            with uncollected():
                self._made[key] = self._make(route)
        return self._made[key]

    def _make(self, route: ModelRoute) -> Any:
        own = {"use_responses_api": False} if route.protocol == "openai" else {}
        module, name = CLASSES[route.protocol]
        return getattr(import_module(module), name)(
            model=route.model,
            base_url=self._url + PREFIX + BASE[route.protocol],
            api_key="the-gateway-puts-it-in",
            max_retries=0,
            timeout=SILENCE_SECONDS,
            **own,
        )


REMEDY = "Look at the model's endpoint in the settings, then retry the run: it goes on from its last step."


def _pause(fault: Fault, tries: int) -> float:
    """Seconds to the next try, or the exception that ends it."""
    if fault.kind == "budget":
        raise BudgetSpent(fault.text)
    if fault.kind == "fenced":
        raise Fenced(fault.text)
    if fault.kind == "stopped":
        raise Stopped(fault.text)
    if fault.kind == "final":
        raise GaveUp("model_refused", f"The model's endpoint refused the call: {fault.text}", REMEDY)
    return max(fault.after, backoff(tries, random.random()))


def _has_end(whole: AIMessageChunk) -> bool:
    meta = whole.response_metadata
    return bool(meta.get("finish_reason") or meta.get("stop_reason"))
