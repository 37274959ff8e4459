"""The agent's graph, to be read from top to bottom. Flat: no subgraphs, no parallel nodes in one checkout.

understand → locate → plan → (plan_gate) → work ⇄ (permission_gate) tools → check → review → seal, with `listen` before
every model call, and `ask` and `limit` from anywhere. `state.stage` says where the story is; edges only follow it.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from deckhand.deck import Deck
from deckhand.exits import LimitReached
from deckhand.nodes.ask import ask, limit
from deckhand.nodes.check import check
from deckhand.nodes.listen import listen
from deckhand.nodes.locate import locate
from deckhand.nodes.permission import permission_gate, undecided
from deckhand.nodes.plan import plan, plan_gate
from deckhand.nodes.review import review, seal
from deckhand.nodes.tools import tools
from deckhand.nodes.understand import understand
from deckhand.nodes.work import work
from deckhand.state import State

Node = Callable[[Deck, State, RunnableConfig], Awaitable[State]]

NODES: dict[str, tuple[Node, str]] = {
    "listen": (listen, "listening"),
    "understand": (understand, "reading the ticket"),
    "locate": (locate, "looking for the places"),
    "plan": (plan, "writing the plan"),
    "plan_gate": (plan_gate, "waiting for the plan's approval"),
    "work": (work, "thinking"),
    "permission_gate": (permission_gate, "waiting for permission"),
    "tools": (tools, "using tools"),
    "check": (check, "running the tests"),
    "review": (review, "reviewing its diff"),
    "seal": (seal, "sealing"),
    "ask": (ask, "waiting for an answer"),
    "limit": (limit, "waiting for more budget"),
}
"""Each node, and the line on the card while it runs."""

WITHOUT_A_MODEL = ("plan_gate", "check", "seal")
"""Stages that make no model call: nothing to listen for before them."""


def build(deck: Deck, saver: BaseCheckpointSaver[Any]) -> CompiledStateGraph:
    graph = StateGraph(State)
    for name, (node, doing) in NODES.items():
        graph.add_node(name, _step(deck, name, node, doing))  # type: ignore[call-overload]
    graph.add_edge(START, "listen")
    graph.add_conditional_edges("listen", lambda state: heard(deck, state), list(NODES))
    for name in NODES:
        if name != "listen":
            graph.add_conditional_edges(name, lambda state: onward(deck, state), [*NODES, END])
    return graph.compile(checkpointer=saver)


def heard(deck: Deck, state: State) -> str:
    """After listening: the tools that wait, else the stage that it is time for."""
    return hands(deck, state) if state.get("calls") else state["stage"]


def onward(deck: Deck, state: State) -> str:
    """After any other node: who has to be asked comes first, then what a model wants done, then the next stage."""
    if state.get("limit"):
        return "limit"
    if state.get("asks"):
        return "ask"
    if state.get("calls"):
        return "listen" if deck.mailbox.urgent else hands(deck, state)
    if state["stage"] == "end":
        return END
    return state["stage"] if state["stage"] in WITHOUT_A_MODEL else "listen"


def hands(deck: Deck, state: State) -> str:
    return "permission_gate" if undecided(deck, state) else "tools"


def _step(deck: Deck, name: str, node: Node, doing: str) -> Callable[[State, RunnableConfig], Awaitable[State]]:
    """Around every node: leave when told to, say what is being done, and turn an end of patience into a question."""

    async def run(state: State, config: RunnableConfig) -> State:
        # An answer in hand is taken into the history first: until then the platform would say stay.
        if not deck.answering:
            deck.watch.leave_if_told()
        deck.watch.doing, deck.watch.step = doing, config["metadata"]["langgraph_step"]
        try:
            update = await node(deck, state, config)
        except LimitReached as end:
            return {"node": name, "limit": {"kind": end.kind, "text": end.text}}
        return {**update, "node": name}

    return run
