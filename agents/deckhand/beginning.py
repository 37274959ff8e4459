"""Where an attempt takes up the run: fresh, at the head, at a fork, at a conflict, or woken after it was sealed."""

from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Interrupt

from deckhand.context.brief import direction
from deckhand.context.clean import visible
from deckhand.deck import Deck
from deckhand.nodes.listen import redirected
from deckhand.state import State
from deckwire.envelope import Conflict, Fork


async def find(deck: Deck, graph: CompiledStateGraph, config: RunnableConfig) -> tuple[Any, list[Interrupt]]:
    """What to run the graph with (None: go on from the head), and what a person still has to answer first."""
    if not deck.welcome.head:
        return {"stage": "understand"}, []
    await deck.mailbox.fetch(0)
    values = (await graph.aget_state(config)).values
    if not values:
        return await _handed_over(deck), []
    fork, conflict = deck.welcome.fork, deck.welcome.conflict
    if fork is not None and values.get("forked", 0) < fork.n:
        await _fork(graph, config, fork)
    elif conflict is not None and values.get("merged") != conflict.theirs:
        await _meet(deck, graph, config, values, conflict)
    found = await graph.aget_state(config)
    if not found.next and deck.mailbox.has("redirect"):
        # Sealed, and sent back with words: `listen` will take them.
        await graph.aupdate_state(config, {"stage": "work", "node": "review"}, as_node="review")
        return None, []
    return None, list(found.interrupts)


async def _fork(graph: CompiledStateGraph, config: RunnableConfig, fork: Fork) -> None:
    """Forks first, then goes on: resuming at an old checkpoint would replay what is stored there."""
    named = {**config["configurable"], "checkpoint_ns": "", "checkpoint_id": fork.checkpoint}
    at: RunnableConfig = {**config, "configurable": named}
    values: State = (await graph.aget_state(at)).values  # type: ignore[assignment]
    update: State = _with_words(values, fork.words) if fork.words else {}
    await graph.aupdate_state(at, {**update, "forked": fork.n, "node": "listen"}, as_node="listen")


def _with_words(values: State, words: str) -> State:
    """A platform that knows who spoke writes the whole message; else the words are the supervisor's."""
    if not words.startswith("Redirect from "):
        return redirected(values, [("", words)])
    return {**redirected(values, []), "messages": [*redirected(values, [])["messages"], direction(visible(words))]}


async def _meet(deck: Deck, graph: CompiledStateGraph, config: RunnableConfig, values: Any, conflict: Conflict) -> None:
    """Puts both sides into the tree; the state that says so names the commit that has both as parents."""
    paths = await deck.workspace.bring_together(conflict.theirs)
    words = (
        f"Conflict: the base moved to {conflict.theirs[:12]} and touches what you touched. Both sides are merged in the "
        f"checkout; conflict markers stand in: {', '.join(paths) or 'no file, it merged cleanly'}. "
        "Keep what both sides meant, remove every marker, run the tests, and finish again."
    )
    state: State = {
        **redirected(values, []),
        "messages": [direction(words)],
        "merged": conflict.theirs,
        "stage": "work",
    }
    await graph.aupdate_state(config, {**state, "node": "review"}, as_node="review")


async def _handed_over(deck: Deck) -> State:
    """The head is of a graph that this version cannot read: it starts over on the last commit, knowing what was settled."""
    recalled = await deck.outbox.uplink.checkpoint(deck.welcome.thread, "", "")
    kept = recalled.envelope.metadata.get("handover", {}) if recalled else {}
    said = [f"{one.get('by') or 'your supervisor'}: {one.get('words', '')}" for one in kept.get("decisions", [])]
    state: State = {"stage": "work" if kept.get("plan") else "understand", "applied": kept.get("applied", [])}
    if kept.get("understood"):
        state["understood"] = kept["understood"]
    if kept.get("plan"):
        state["plan"] = kept["plan"]
    told = "Handover: an earlier version of this agent worked on this run; its commits are in the checkout."
    decided = " What people said: " + visible("; ".join(said)) if said else ""
    return {**state, "messages": [direction(told + decided)]}
