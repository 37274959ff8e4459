"""The shipped sample's tickets, played by the rehearsal model with the real agent: what `make run` shows first."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from deckwire.envelope import Commands, TicketText
from quarterdeck.outside.models.port import Call, Endpoint
from quarterdeck.outside.models.rehearsal import Rehearsal
from quarterdeck.sample.repository import build
from quarterdeck.sample.tickets import project, tickets

from .cast import Agent, config, git
from .platform_twin import Platform, Served

TICKETS = {ticket.key: ticket for ticket in tickets()}
QUICK = Rehearsal(pace=0)


def rehearsed(
    stage: str, messages: list[dict[str, Any]], platform: Platform
) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    call = Call("call", "run", stage, "chat/completions", {"model": "rehearsal", "messages": messages})

    async def whole() -> bytes:
        return b"".join([piece async for piece in QUICK.stream(Endpoint("rehearsal", "rehearsal", ""), call)])

    said = json.loads(asyncio.run(whole()))["choices"][0]["message"]
    calls = [
        (one["function"]["name"], json.loads(one["function"]["arguments"])) for one in said.get("tool_calls") or []
    ]
    return said.get("content") or "", calls


@pytest.fixture
def sail(tmp_path: Path):
    made: list[Any] = []

    def start(key: str, **settings: Any) -> tuple[Platform, Agent]:
        bare = tmp_path / "run.git"
        build(bare)
        git("update-ref", "refs/heads/run", "refs/heads/main", cwd=bare)
        base = git("rev-parse", "run", cwd=bare)
        ticket = TICKETS[key]
        commands = Commands(setup=project()["setup"], test=project()["test"], report=project()["report"])
        said = TicketText(key=key, title=ticket.title, description=ticket.description)
        platform = Platform(bare, base, said, config(**settings).model_copy(update={"commands": commands}), rehearsed)
        served = Served(platform)
        made.append(served)
        made.append(Agent(platform, served, tmp_path))
        return platform, made[-1]

    yield start
    for one in reversed(made):
        one.close()


@pytest.mark.parametrize("key", ["LARK-1", "LARK-2", "LARK-3", "LARK-4", "LARK-5", "LARK-7"])
def test_a_ticket_of_the_sample_is_sealed(sail, key: str):
    platform, agent = sail(key)
    agent.ends(0)
    assert len(platform.of("sealed")) == 1
    assert platform.of("tested")[-1]["passed"] > 0
    assert {step["state"] for step in platform.of("progressed")} >= {"active", "done"}


def test_the_unclear_ticket_asks_and_the_answer_goes_on(sail):
    platform, agent = sail("LARK-6", plan="ask")
    platform.wait(Platform.asked)
    ask = platform.asked()[0]["asks"][0]
    platform.answer({"verb": "answer", "choice": ask["choices"][0]["id"]})
    platform.wait(lambda p: len(p.asked()) == 2, "the plan")
    platform.answer({"verb": "approve"})
    agent.ends(0)
    assert len(platform.of("sealed")) == 1


def test_the_heavy_ticket_takes_a_redirect_in_mid_step(sail):
    platform, agent = sail("LARK-8")
    platform.wait(lambda p: p.of("ran") or p.of("tested") or p.of("edited"), "work")
    platform.tell("redirect", words="That is too heavy. Use what is there.", mode="interrupt")
    agent.ends(0)
    assert platform.fates == {"c1": "applied"}
    assert len(platform.of("sealed")) == 1
