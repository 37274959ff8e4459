"""What every provider promises the gateway, the twin and the rehearsal model included."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from quarterdeck.errors import TryLater
from quarterdeck.outside.models import calling, plug
from quarterdeck.outside.models.memory import WHOLE, MemoryProvider
from quarterdeck.outside.models.port import Call, Endpoint, Provider, Usage
from testkit.provider import Provider as Server
from testkit.provider import providing

Make = Callable[[Any], tuple[Provider, Endpoint]]
MESSAGES = [{"role": "system", "content": "Stage: understand"}, {"role": "user", "content": "Ticket: X-1 Nothing"}]


@pytest.fixture
def server() -> Iterator[Server]:
    with providing() as server:
        yield server


@pytest.fixture(params=["openai", "rehearsal", "memory"])
def make(request: pytest.FixtureRequest, server: Server) -> Make:
    name: str = request.param

    def made(web: Any) -> tuple[Provider, Endpoint]:
        endpoint = Endpoint("e", name, f"{server.url}/v1")
        if name == "memory":
            return MemoryProvider(chunks=(WHOLE[:5], WHOLE[5:]), used=Usage(3, 4)), endpoint
        return plug.providers(web, pace=0)[name], endpoint

    return made


def ask(make: Make, *, stream: bool, times: int = 1) -> tuple[list[bytes], Usage | None]:
    async def all_of_it() -> tuple[list[bytes], Usage | None]:
        async with calling.client() as web:
            provider, endpoint = make(web)
            body = {"model": "m", "messages": MESSAGES, "stream": stream}
            call = Call("c", "r", "understand", "v1/chat/completions", body)
            answers = []
            for _ in range(times):
                answers.append(b"".join([chunk async for chunk in provider.stream(endpoint, call)]))
            return answers, provider.usage(answers[0], stream)

    return asyncio.run(all_of_it())


@pytest.mark.parametrize("stream", [False, True])
class TestProvider:
    def test_answers_in_bytes_and_says_what_was_used(self, make: Make, stream: bool) -> None:
        (answer,), used = ask(make, stream=stream)
        assert answer
        assert used is not None
        assert min(used.tokens_in, used.tokens_out) > 0

    def test_answers_the_same_question_twice(self, make: Make, stream: bool) -> None:
        answers, _ = ask(make, stream=stream, times=2)
        assert answers[0] == answers[1]


def test_the_twin_fails_and_breaks_as_it_is_told() -> None:
    twin = MemoryProvider(fails=[TryLater("No.", after=1.0, reason="provider")], breaks=TryLater("Cut.", reason="cut"))
    with pytest.raises(TryLater, match="No"):
        ask(lambda _: (twin, Endpoint("e", "memory", "")), stream=False)
    with pytest.raises(TryLater, match="Cut"):
        ask(lambda _: (twin, Endpoint("e", "memory", "")), stream=False)
    assert [call.id for _, call in twin.asked] == ["c", "c"]
