"""Drives the graph: where it begins, how it waits for a person, how it leaves. Every way out is an exception or an end."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command as Resume
from langgraph.types import Interrupt

from deckhand import beginning
from deckhand.deck import Deck
from deckhand.exits import GaveUp, Parked
from deckhand.nodes.listen import listen
from deckhand.state import State
from deckwire import crash
from deckwire.commands import Command
from deckwire.envelope import Bye
from deckwire.events import Applied, Failed, Rejected
from deckwire.requests import Answer
from deckwire.words import AttemptState

MOST_SUPERSTEPS = 100_000


async def live(deck: Deck, graph: CompiledStateGraph) -> None:
    """Returns when the run is sealed or parked and the platform knows it. Raises Leaving for every other end."""
    try:
        given, asked = await beginning.find(deck, graph, _config(deck))
        while True:
            try:
                if asked:
                    given, asked = await _answers(deck, asked), []
                asked = await _drive(deck, graph, given)
            except Parked as told:
                if not await _leave(deck, AttemptState.PARKED, told.reason):
                    return
                given = None
                await _unpack(deck, graph, told.reason, asked)
                continue
            if not asked:
                crash.point("agent.sealed")
                await _leave(deck, AttemptState.SEALED, "sealed")
                return
    except GaveUp as end:
        applied = [Applied(commands=end.applied)] if end.applied else []
        await deck.outbox.bind([*applied, Failed(reason=end.reason, text=end.text, remedy=end.remedy)])
        await _leave(deck, AttemptState.FAILED, end.reason, end.text)
        raise


async def _drive(deck: Deck, graph: CompiledStateGraph, given: Any) -> list[Interrupt]:
    """Runs until the graph ends or asks; what it asks, or nothing."""
    end = await graph.ainvoke(given, _config(deck), durability="sync")
    return list(end.get("__interrupt__", []))


def _config(deck: Deck) -> RunnableConfig:
    return {"configurable": {"thread_id": deck.welcome.thread}, "recursion_limit": MOST_SUPERSTEPS}


async def _unpack(deck: Deck, graph: CompiledStateGraph, reason: str, asked: Sequence[Interrupt]) -> None:
    """The platform said stay, for mail crossed our way. A pause still holds: the mail goes into the history first."""
    await deck.mailbox.arrival()
    if reason != "paused":
        deck.watch.pausing = ""
    elif not asked:
        values: State = (await graph.aget_state(_config(deck))).values  # type: ignore[assignment]
        await graph.aupdate_state(_config(deck), await listen(deck, values), as_node="listen")


async def _answers(deck: Deck, asked: Sequence[Interrupt]) -> Resume:
    """Waits for the answer to what is open. Raises Parked when nobody answers within the linger, or a pause came."""
    open_asks = {one.id: len(one.value["asks"]) for one in asked}
    until = time.monotonic() + deck.config.linger_seconds
    while True:
        while (command := deck.mailbox.next()) is not None:
            resume = await _resume(deck, command, open_asks)
            if resume is not None:
                return resume
        deck.watch.leave_if_told()
        left = until - time.monotonic()
        if left <= 0:
            raise Parked("waiting")
        await _mail_or_word(deck, left)


async def _resume(deck: Deck, command: Command, open_asks: dict[str, int]) -> Resume | None:
    """A resume is keyed by interrupt id, never a bare value: LangGraph takes unknown ids in silence, so they are checked."""
    if command.verb == "pause":
        await deck.outbox.bind([Applied(commands=[command.id])])
        deck.watch.pausing = "paused"
        return None
    if command.verb == "redirect":
        turned = Answer(verb="redirect", words=command.words, by=command.by)
        given = {one: [turned] * count for one, count in open_asks.items()}
    elif {one: len(answers) for one, answers in command.answers.items()} == open_asks:
        given = command.answers
    else:
        await deck.outbox.bind([Rejected(command=command.id, why="This is not what the run is waiting for.")])
        return None
    deck.answering = [command.id]
    return Resume(resume={one: [answer.model_dump(mode="json") for answer in all_] for one, all_ in given.items()})


async def _mail_or_word(deck: Deck, seconds: float) -> None:
    waits = [asyncio.create_task(deck.mailbox.arrival()), asyncio.create_task(deck.watch.told.wait())]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()


async def _leave(deck: Deck, state: AttemptState, reason: str, text: str = "") -> bool:
    """Says how the attempt ends. True: mail came in while it was packing, and it has to stay."""
    await deck.outbox.flush()
    deck.watch.leaving = True
    leave = await deck.outbox.uplink.bye(Bye(state=state, reason=reason, text=text))
    # A place that is being taken away cannot stay, whatever waits: the next attempt takes the mail.
    deck.watch.leaving = not (leave.stay and state is AttemptState.PARKED and not deck.watch.told.is_set())
    return not deck.watch.leaving
