"""Finds the places in the code: candidates from the ranking, then the model's own look with read-only tools."""

import asyncio
from pathlib import Path

from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig

from deckhand.context.brief import fenced, tagged
from deckhand.context.rank import Candidate, rank
from deckhand.deck import Deck
from deckhand.nodes.model import ask_model, broken_calls, fruitless, read_verdict
from deckhand.state import State
from deckhand.tools import offer
from deckwire.events import Noted

MOST_FILES = 4000
MOST_BYTES = 200_000


async def locate(deck: Deck, state: State, config: RunnableConfig) -> State:
    answer, update = await ask_model(deck, state, config, await candidates(deck))
    if _only_looks(answer):
        update["messages"] = [tagged(answer, "locate"), *broken_calls(answer, "locate")]
        update["calls"] = [dict(call) for call in answer.tool_calls]
        return update
    taken, told = read_verdict(answer, "locate")
    update["messages"] = told
    if not isinstance(taken, offer.Places):
        return fruitless(state, update)
    update["places"] = [place.model_dump() for place in taken.places]
    update["stage"] = "plan"
    named = ", ".join(place.path for place in taken.places[:8])
    deck.say(Noted(text=f"Places found: {len(taken.places)}", detail=named))
    return update


def _only_looks(answer: AIMessage) -> bool:
    return bool(answer.tool_calls) and all(call["name"] in ("search", "view") for call in answer.tool_calls)


async def candidates(deck: Deck) -> str:
    """The ranking as text. Made once for each commit: the tree does not change while the agent looks."""
    head = deck.workspace.head
    if head not in deck.places:
        ticket = deck.welcome.ticket
        words = "\n".join([ticket.title, ticket.description, *ticket.comments])
        names = await deck.workspace.files()
        found = await asyncio.to_thread(lambda: rank(words, readable(deck.workspace.tree, names)))
        deck.places = {head: _offer(found)}
        deck.say(
            Noted(text=f"Candidates offered: {len(found)}", detail="\n".join(f"{one.path}\t{one.why}" for one in found))
        )
    return deck.places[head]


def _offer(found: list[Candidate]) -> str:
    if not found:
        return "The ranking found no candidates."
    blocks = [f"{one.path}:{one.line} (score {one.score}; {one.why})\n{one.excerpt}" for one in found]
    return "Candidates, best first:\n" + fenced("excerpts of the repository", "\n\n".join(blocks))


def readable(tree: Path, names: list[str]) -> dict[str, str]:
    """Text files of a sane size; links are left out, for they may lead anywhere."""
    found: dict[str, str] = {}
    for name in names[:MOST_FILES]:
        path = tree / name
        try:
            if path.is_symlink() or path.stat().st_size > MOST_BYTES:
                continue
            data = path.read_bytes()
        except OSError:
            continue
        if b"\0" not in data[:4096]:
            found[name] = data.decode("utf-8", "replace")
    return found
