"""The agent reads its own diff once before it hands it over, then seals the head as its work, whole."""

from langchain_core.runnables import RunnableConfig

from deckhand.context.brief import fenced
from deckhand.deck import Deck
from deckhand.nodes.model import ask_model, bound, fruitless, nudge, read_verdict
from deckhand.state import State
from deckhand.tools import offer
from deckwire import crash
from deckwire.events import Noted, Sealed

MOST_REPAIRS = 3


async def review(deck: Deck, state: State, config: RunnableConfig) -> State:
    diff = await deck.workspace.diff(deck.welcome.base_commit)
    extra = f"Summary: {state.get('summary', '')}\n\n" + fenced("the diff", diff or "(nothing was changed)")
    answer, update = await ask_model(deck, state, config, extra)
    taken, told = read_verdict(answer, "review")
    update["messages"] = told
    if not isinstance(taken, offer.Reviewed):
        return fruitless(state, update)
    repairs = state.get("repairs", 0) + 1
    if taken.verdict == "repair" and repairs <= MOST_REPAIRS:
        update["messages"] = [*told, nudge(f"Review: {taken.notes}", "work")]
        update["stage"], update["repairs"] = "work", repairs
        return update
    if taken.verdict == "repair":
        deck.say(
            Noted(text=f"Sealed with open notes after {MOST_REPAIRS} repairs: a person decides.", detail=taken.notes)
        )
    update["stage"] = "seal"
    return update


async def seal(deck: Deck, state: State, config: RunnableConfig) -> State:
    """Commits and pushes before it says so: the head that `sealed` names is in the run's repository by then."""
    if await deck.workspace.commit():
        await deck.workspace.push()
    crash.point("agent.sealing")
    deck.workspace.dirty = False
    summary = state.get("summary") or "The work is done."
    return {"stage": "end", "binding": bound(Sealed(head=deck.workspace.head, summary=summary))}
