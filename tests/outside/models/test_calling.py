"""The adapters against a provider that is a real HTTP server: bytes go through, errors become our three words."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.models import calling
from quarterdeck.outside.models.anthropic import Anthropic
from quarterdeck.outside.models.openai import OpenAI
from quarterdeck.outside.models.port import Call, Endpoint, Usage
from testkit.provider import Provider, lines, providing, whole

KEY = "sk-canary-0123456789"


def ask(provider: Provider, *, base: str = "/v1", silence: float = 20.0, stream: bool = False) -> bytes:
    async def all_of_it() -> bytes:
        async with calling.client(silence=silence) as web:
            endpoint = Endpoint("e", "openai", provider.url + base, KEY)
            call = Call("c", "r", "work", "v1/chat/completions", {"model": "m", "messages": [], "stream": stream})
            return b"".join([chunk async for chunk in OpenAI(web).stream(endpoint, call)])

    return run(all_of_it())


def run(act: Coroutine[Any, Any, bytes]) -> bytes:
    return asyncio.run(act)


def test_a_whole_answer_and_a_stream_come_as_they_were_sent() -> None:
    with providing() as provider:
        assert ask(provider) == whole()
        assert ask(provider, stream=True) == b"".join(lines())
        assert provider.headers[0]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("status", ["408", "429", "500", "502", "529"])
def test_a_push_back_and_a_failure_are_for_later_and_cost_nothing(status: str) -> None:
    with providing(status) as provider, pytest.raises(TryLater) as no:
        ask(provider)
    assert no.value.reason == "provider"
    assert no.value.after == (7.0 if status == "429" else calling.AFTER_SECONDS)


@pytest.mark.parametrize(
    ("status", "reason"), [("400", "provider_refused"), ("401", "provider_key"), ("403", "provider_key"),
                           ("404", "no_such_model"), ("302", "provider_refused")]
)  # fmt: skip
def test_a_refusal_is_final_and_does_not_show_the_key(status: str, reason: str) -> None:
    with providing(status) as provider, pytest.raises(Refused) as no:
        ask(provider)
    assert (no.value.reason, no.value.status) == (reason, 424)
    assert no.value.remedy
    assert KEY not in f"{no.value.text} {no.value.remedy}"


def test_a_broken_stream_may_have_cost_everything() -> None:
    with providing("truncate") as provider, pytest.raises(TryLater) as no:
        ask(provider, stream=True)
    assert no.value.reason == "cut"


def test_a_silent_provider_may_have_cost_everything() -> None:
    with providing("hang") as provider:
        with pytest.raises(TryLater) as no:
            ask(provider, silence=0.2)
        provider.gate.set()
    assert no.value.reason == "cut"


def test_where_nobody_listens_nothing_was_spent() -> None:
    with pytest.raises(TryLater) as no:
        ask(Provider(url="http://127.0.0.1:9"))
    assert no.value.reason == "provider"


def test_a_stream_that_ends_without_its_end_mark_is_not_whole() -> None:
    async def cut() -> bytes:
        def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(
                200, content=b'event: message_start\ndata: {"type":"message_start"}\n\nevent: error\n\n'
            )

        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as web:
            call = Call("c", "r", "work", "v1/messages", {"model": "m", "messages": [], "stream": True})
            pieces = Anthropic(web).stream(Endpoint("e", "anthropic", "http://provider", KEY), call)
            return b"".join([piece async for piece in pieces])

    with pytest.raises(TryLater, match="cut"):
        run(cut())


@pytest.mark.parametrize(
    ("raw", "seconds"), [("7", 7.0), ("0", 0.0), ("-3", 0.0), ("9999", calling.AFTER_MOST), ("soon", calling.AFTER_SECONDS),
                         ("nan", calling.AFTER_SECONDS), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("", calling.AFTER_SECONDS)]
)  # fmt: skip
def test_retry_after_is_read_by_number_and_by_date(raw: str, seconds: float) -> None:
    assert calling.after(httpx.Headers({"retry-after": raw})) == seconds


class TestUsage:
    def test_of_openai_stands_in_the_answer_or_in_the_last_line(self) -> None:
        adapter = OpenAI(httpx.AsyncClient())
        assert adapter.usage(whole(), False) == adapter.usage(b"".join(lines()), True) == Usage(1000, 200)
        assert adapter.usage(whole(usage=False), False) is None
        assert adapter.usage(b"".join(lines(usage=False)), True) is None
        assert adapter.usage(b'{"usage": {"prompt_tokens": -5, "completion_tokens": "many"}}', False) is None

    def test_of_anthropic_is_counted_up_and_counts_what_came_from_a_cache(self) -> None:
        adapter = Anthropic(httpx.AsyncClient())
        first = b'{"input_tokens":10,"cache_read_input_tokens":90,"output_tokens":1}'
        start = b'data: {"type":"message_start","message":{"usage":' + first + b"}}"
        stream = (
            start
            + b'\n\ndata: {"type":"message_delta","usage":{"output_tokens":25}}\n\ndata: {"type":"message_stop"}\n\n'
        )
        assert adapter.usage(stream, True) == Usage(100, 25, cached_in=90)
        assert adapter.usage(b'{"usage":{"input_tokens":3,"output_tokens":4}}', False) == Usage(3, 4)
        assert adapter.usage(b"not json", False) is None
