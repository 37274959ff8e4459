"""Connections that wait: news comes at once by a wake, and within a moment without one."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
import redis
from django.test import override_settings

from deckwire.words import Audience, Fate
from quarterdeck.doors.agent import AgentDoors
from quarterdeck.doors.agent_held import Held
from quarterdeck.doors.agent_table import PREFIX
from quarterdeck.record import wakes
from quarterdeck.record.models import Command, Decision, Run
from testkit import agents, rows
from testkit.agents import Agent
from testkit.serving import serving, until


class TestOneProcess:
    """Without sockets: what sets whom going."""

    def held(self) -> Held:
        async def look(runs: Any) -> dict[Any, Any]:
            return {}

        async def none() -> AsyncIterator[dict[str, Any]]:
            for message in ():
                yield message

        return Held(look=look, wakes=none)

    def test_mail_of_the_run_and_a_newer_epoch_are_news(self) -> None:
        held, run = self.held(), uuid4()
        for standing, is_news in (((1, 3), False), ((1, 4), True), ((2, 0), True)):
            with held.waiting(run, 1, 3) as waiter:
                held.compare({run}, {run: standing})
                assert waiter.news.is_set() is is_news

    def test_mail_is_no_news_for_a_stream_but_a_fence_is(self) -> None:
        held, run = self.held(), uuid4()
        with held.waiting(run, 1, None) as waiter:
            held.compare({run}, {run: (1, 9)})
            assert not waiter.news.is_set()
            held.compare({run}, {run: (2, 9)})
            assert waiter.news.is_set()

    def test_who_came_while_we_looked_waits_for_the_next_look(self) -> None:
        held, run = self.held(), uuid4()
        with held.waiting(run, 1, 0) as waiter:
            held.compare(set(), {})
            assert not waiter.news.is_set()
            held.compare({run}, {})
            assert waiter.news.is_set(), "a run that is gone is news"

    def test_a_second_connection_of_the_same_attempt_takes_the_firsts_place(self) -> None:
        held, run = self.held(), uuid4()
        with held.waiting(run, 1, 0) as first, held.waiting(run, 1, None) as stream, held.waiting(run, 1, 0) as second:
            assert first.displaced
            assert first.news.is_set()
            assert not stream.news.is_set()
            assert not second.news.is_set()
        assert held.waiters == {}, "nothing is left behind"

    async def test_wakes_reach_those_they_concern(self) -> None:
        told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

        async def look(runs: Any) -> dict[Any, Any]:
            return {}

        async def messages() -> AsyncIterator[dict[str, Any]]:
            while True:
                yield await told.get()

        held, run, other = Held(look=look, wakes=messages), uuid4(), uuid4()
        listening = asyncio.create_task(held.listen())
        with held.waiting(run, 2, 0) as mine, held.waiting(other, 2, 0) as theirs:
            for message in ({"topic": "fenced", "run": str(other), "epoch": 2}, {"stream": "site", "seq": 1},
                            {"topic": "mail", "run": str(run)}):  # fmt: skip
                told.put_nowait(message)
            await asyncio.wait_for(mine.news.wait(), 5)
            assert not theirs.news.is_set()
        listening.cancel()


@dataclass
class House:
    doors: AgentDoors
    agent: Agent
    web: httpx.Client
    threads: ThreadPoolExecutor

    def hold(self, hold: int = 20, after: int = 0) -> "Future[tuple[dict[str, Any], float]]":
        """The mail and the moment it came. Returns when the connection is held."""
        before = len(self._waiters)
        future = self.threads.submit(self._ask, hold, after)
        until(lambda: len(self._waiters) > before or future.done())
        return future

    @property
    def _waiters(self) -> list[Any]:
        return [one for group in list(self.doors.held.waiters.values()) for one in list(group)]

    def _ask(self, hold: int, after: int) -> tuple[dict[str, Any], float]:
        headers = self.agent.headers(Audience.SESSION)
        answer = self.web.get(PREFIX + "commands", params={"after": after, "hold": hold}, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json(), time.monotonic()

    def write(self) -> float:
        """A redirect for the agent, without a wake. The moment it was written."""
        run = Run.objects.get(id=self.agent.run)
        decision = Decision.objects.create(
            batch=uuid4(), key="k", run=run, verb="redirect", words="Round once.", actor_type="rule", actor="rule:test"
        )
        Command.objects.create(run=run, n=1, decision=decision, verb="redirect", fate=Fate.PENDING)
        return time.monotonic()


@pytest.fixture
def agent(transactional_db: None) -> Agent:
    return agents.working(rows.run(rows.ticket(rows.project())))


@pytest.fixture
def house(agent: Agent) -> Iterator[House]:
    """Without Valkey: nothing listens at the address that the settings name."""
    doors = AgentDoors(lambda *_: None)  # type: ignore[arg-type,return-value]
    with serving(doors, lifespan="on") as url, ThreadPoolExecutor(4) as threads:
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as web:
            yield House(doors, agent, web, threads)


def test_without_valkey_mail_comes_within_a_second_and_a_bit(house: House) -> None:
    waiting = house.hold()
    written = house.write()
    mail, came = waiting.result(timeout=10)
    assert [command["words"] for command in mail["commands"]] == ["Round once."]
    assert came - written < 1.6, "1.2 s, and a little for a machine that does other things too"
    assert Command.objects.get().fate == Fate.DELIVERED


def test_without_valkey_a_fence_comes_within_a_second_and_a_bit(house: House) -> None:
    waiting = house.hold()
    agents.replaced(house.agent)
    fenced = time.monotonic()
    mail, came = waiting.result(timeout=10)
    assert mail["fenced"]
    assert came - fenced < 1.6


def test_mail_that_waits_already_comes_at_once(house: House) -> None:
    written = house.write()
    mail, came = house.hold().result(timeout=10)
    assert len(mail["commands"]) == 1
    assert came - written < 1


def test_the_hold_ends_with_nothing_when_there_is_nothing(house: House) -> None:
    began = time.monotonic()
    mail, came = house.hold(hold=1).result(timeout=10)
    assert mail["commands"] == []
    assert not mail["fenced"]
    assert 0.9 < came - began < 3


def test_a_held_connection_keeps_no_thread(house: House) -> None:
    waiting = house.hold(hold=3)
    until(lambda: house.doors.work.waiting == 0)
    assert not waiting.done()
    assert waiting.result(timeout=10)[0]["commands"] == []


def test_who_hangs_up_is_forgotten(house: House) -> None:
    with pytest.raises(httpx.ReadTimeout):
        house.web.get(
            PREFIX + "commands", params={"hold": 20}, headers=house.agent.headers(Audience.SESSION), timeout=0.3
        )
    until(lambda: not house.doors.held.waiters)


def test_with_valkey_mail_comes_within_a_tenth_of_a_second(agent: Agent, valkey: str) -> None:
    doors = AgentDoors(lambda *_: None)  # type: ignore[arg-type,return-value]
    publisher = redis.Redis.from_url(valkey)
    with override_settings(VALKEY_URL=valkey), serving(doors, lifespan="on") as url, ThreadPoolExecutor(4) as threads:
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as web:
            house = House(doors, agent, web, threads)
            until(lambda: publisher.pubsub_numsub(wakes.CHANNEL)[0][1] > 0)
            waiting = house.hold()
            written = house.write()
            publisher.publish(wakes.CHANNEL, json.dumps({"topic": "mail", "run": str(agent.run)}))
            mail, came = waiting.result(timeout=10)
    assert len(mail["commands"]) == 1
    print(f"\nmail after a wake: {(came - written) * 1000:.1f} ms")
    assert came - written < 0.5, "0.1 s, and more for a machine that does other things too"
