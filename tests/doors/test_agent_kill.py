"""A web process is killed in the middle of a model call: nothing of the money is forgotten, and the call is made again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import pytest
from django.db import connection

from deckwire.words import Audience
from quarterdeck.doors.agent import AgentDoors
from quarterdeck.doors.agent_table import PREFIX
from quarterdeck.flow import spend
from quarterdeck.record import keys, ledger
from quarterdeck.record.models import Connection, ModelCall, Project, Run
from testkit import agents, rows
from testkit.agents import Agent
from testkit.provider import Provider, lines, providing
from testkit.serving import serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
PROCESS = """
import asyncio, django
django.setup()
from quarterdeck.doors import serve
from quarterdeck.doors.agent import AgentDoors
listener = serve.tcp("127.0.0.1", 0)
listener.listen()
print(listener.getsockname()[1], flush=True)
asyncio.run(serve.serve([(serve.server(AgentDoors(None), lifespan="on"), listener)]))
"""
BODY = {"model": "large", "messages": [{"role": "user", "content": "Round once."}], "stream": True}


@contextmanager
def web_process() -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The doors in a process of their own, on this test's database."""
    base, _, query = os.environ["DATABASE_URL"].partition("?")
    url = f"{base.rpartition('/')[0]}/{connection.settings_dict['NAME']}" + (f"?{query}" if query else "")
    env = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "quarterdeck.settings"}
    process = subprocess.Popen([sys.executable, "-c", PROCESS], env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}", process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing("gated", "answer") as provider:
        yield provider


@pytest.fixture
def agent(provider: Provider) -> Agent:
    project = rows.project()
    cipher, key_id = keys.seal("sk-canary")
    connection = Connection.objects.create(
        kind="model", name="Large", protocol="openai", base_url=f"{provider.url}/v1", secret=cipher, key_id=key_id,
        offers=[{"name": "large", "in_micro": 2_000_000, "out_micro": 10_000_000}],
    )  # fmt: skip
    Project.objects.update(routes={"edit": {"connection": str(connection.id), "model": "large"}})
    config = rows.CONFIG | {"models": {"edit": {"protocol": "openai", "model": "large"}}}
    return agents.working(rows.run(rows.ticket(project), config=config))


def headers(agent: Agent) -> dict[str, str]:
    return agent.headers(Audience.MODEL, **{"X-Quarterdeck-Call": "c1", "X-Quarterdeck-Purpose": "work"})


def test_the_reserve_of_a_killed_gateway_is_spent_and_the_repeat_is_another_call(
    agent: Agent, provider: Provider
) -> None:
    door = PREFIX + "model/openai/v1/chat/completions"
    with web_process() as (url, process), httpx.Client(base_url=url, trust_env=False, timeout=30) as web:
        with web.stream("POST", door, headers=headers(agent), json=BODY) as answer:
            pieces = answer.iter_raw()
            next(pieces)
            process.kill()
            with pytest.raises(httpx.TransportError):
                list(pieces)
    assert spend.sweep() == 0, "for all the record knows it may still be on its way"
    with serving(AgentDoors(lambda *_: None)) as url, ThreadPoolExecutor(1) as thread:  # type: ignore[arg-type,return-value]
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as web:
            again = thread.submit(web.post, door, headers=headers(agent), json=BODY)
            ModelCall.objects.update(lease_until=datetime(2020, 1, 1, tzinfo=UTC))
            assert again.result(timeout=20).content == b"".join(lines())
    first, second = ModelCall.objects.order_by("variant")
    assert (first.state, first.settled, first.estimated) == ("cut", first.reserved, True)
    assert (second.state, second.settled) == ("done", 4000)
    events = [line.body["micro"] for line in ledger.after(Run.objects.get().stream, 0) if line.kind == "spent"]
    assert events == [first.settled, second.settled]
    assert len(provider.heard) == 2
