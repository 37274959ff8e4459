"""Takes commands into the history, before each model call and each batch of tools."""

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig

from deckhand.context.brief import direction
from deckhand.context.clean import visible
from deckhand.deck import Deck
from deckhand.nodes.model import bound, result
from deckhand.state import State
from deckwire.commands import Command
from deckwire.events import Applied, Rejected

NOT_RUN = "not run: redirected"


async def listen(deck: Deck, state: State, config: RunnableConfig | None = None) -> State:
    """What is applied here is in the checkpoint that this node ends with: `applied` and the words are one write."""
    waiting = state.get("calls") or []
    # A person's words may not stand between tool calls and their results: without haste they wait until the batch is done.
    patient = bool(waiting) and not deck.mailbox.urgent
    taken = [] if patient else deck.mailbox.take()
    known = set(state.get("applied") or [])
    fresh = [command for command in taken if command.id not in known]
    if any(command.verb == "pause" for command in fresh):
        deck.watch.pausing = "paused"
    return _update(state, fresh)


def _update(state: State, fresh: list[Command]) -> State:
    redirects = [command for command in fresh if command.verb == "redirect"]
    stale = [command for command in fresh if command.verb == "answer"]
    applied = [command.id for command in fresh if command.verb != "answer"]
    events = [Rejected(command=command.id, why="Nothing is asked any more.") for command in stale]
    update: State = {"binding": bound(*([Applied(commands=applied)] if applied else []), *events)} if fresh else {}
    if applied:
        update["applied"] = applied
    if redirects:
        update.update(redirected(state, [(command.by, command.words) for command in redirects]))
    return update


def redirected(state: State, words: list[tuple[str, str]]) -> State:
    """The state after a person's words: open calls are answered first, then the words, and work starts over from there."""
    stage = state["stage"]
    unrun: list[BaseMessage] = [result(call["id"], NOT_RUN, stage) for call in state.get("calls") or []]
    said = [direction(f"Redirect from {by or 'your supervisor'}: {visible(text)}") for by, text in words]
    early = stage in ("understand", "locate", "plan")
    return {
        "messages": [*unrun, *said],
        "decisions": [{"verb": "redirect", "by": by, "words": text} for by, text in words],
        "calls": [],
        "seen": [],
        "silent": 0,
        "repairs": 0,
        "stage": stage if early else "plan" if stage == "plan_gate" else "work",
    }
