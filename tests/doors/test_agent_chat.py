"""The agent's own client, LangChain's packages and all, through the model door: what the gateway says is understood."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from deckhand.exits import BudgetSpent, Fenced
from deckhand.models.chat import Chat
from deckhand.models.port import Call
from deckwire.envelope import ModelRoute
from deckwire.tokens import derive
from deckwire.words import Audience
from quarterdeck.doors.agent import AgentDoors
from quarterdeck.record.models import ModelCall, Run
from testkit import agents, rows
from testkit.agents import Agent
from testkit.serving import serving

pytestmark = pytest.mark.django_db(transaction=True)
TOOLS: list[dict[str, Any]] = [
    {"type": "function", "function": {"name": "understood", "description": "d", "parameters": {"type": "object"}}}
]
HISTORY: list[BaseMessage] = [
    SystemMessage("Work on the ticket.\nStage: work"),
    HumanMessage("Ticket: X-1 Nothing that a script knows"),
    AIMessage("I look.", tool_calls=[{"id": "1", "name": "view", "args": {"path": "a.py"}, "type": "tool_call"}]),
    ToolMessage("def total():", tool_call_id="1"),
]


@pytest.fixture
def agent() -> Agent:
    return agents.working(rows.run(rows.ticket(rows.project())))


@pytest.fixture
def url(agent: Agent) -> Iterator[str]:
    with serving(AgentDoors(lambda *_: None)) as url:  # type: ignore[arg-type,return-value]
        yield url


def ask(url: str, agent: Agent, times: int = 1) -> list[AIMessage]:
    """One loop for all: LangChain keeps its HTTP clients, and those belong to the loop that first used them."""

    async def asked() -> list[AIMessage]:
        routes = {"edit": ModelRoute(protocol="openai", model="rehearsal")}
        chat = Chat(url, routes, lambda: derive(agent.session, Audience.MODEL))
        return [await chat.answer(Call(id="c1", purpose="work", kind="edit"), HISTORY, TOOLS) for _ in range(times)]

    return asyncio.run(asked())


def test_it_is_answered_and_a_repeat_costs_nothing(url: str, agent: Agent) -> None:
    first, again = ask(url, agent, times=2)
    assert first.content or first.tool_calls
    assert (again.content, again.tool_calls) == (first.content, first.tool_calls)
    assert ModelCall.objects.get().settled > 0


def test_the_budgets_end_is_understood(url: str, agent: Agent) -> None:
    Run.objects.update(cap_micro=1)
    with pytest.raises(BudgetSpent, match="budget"):
        ask(url, agent)


def test_a_fence_is_understood(url: str, agent: Agent) -> None:
    agents.replaced(agent)
    with pytest.raises(Fenced):
        ask(url, agent)
