"""Restates the ticket and lists the behaviours that must hold; questions go to a person before anything else happens."""

from langchain_core.runnables import RunnableConfig

from deckhand.deck import Deck
from deckhand.nodes.model import ask_model, bound, fruitless, read_verdict
from deckhand.state import Json, State
from deckhand.tools import offer
from deckwire.events import Understood
from deckwire.requests import Ask
from deckwire.words import RequestKind


async def understand(deck: Deck, state: State, config: RunnableConfig) -> State:
    answer, update = await ask_model(deck, state, config)
    taken, told = read_verdict(answer, "understand")
    update["messages"] = told
    if not isinstance(taken, offer.Understood):
        return fruitless(state, update)
    update["understood"] = {"restated": taken.restated, "behaviours": taken.behaviours}
    update["binding"] = bound(Understood(restated=taken.restated, behaviours=taken.behaviours))
    update["stage"] = "locate"
    if taken.questions:
        update["asks"] = {"asks": [question(one) for one in taken.questions], "call": ""}
    return update


def question(asked: offer.Question) -> Json:
    ask = Ask(kind=RequestKind.QUESTION, ask=asked.ask, context=asked.context, choices=asked.choices)
    return ask.model_dump(mode="json")
