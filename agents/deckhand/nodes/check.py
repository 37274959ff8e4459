"""Runs the project's tests on what was handed in: green goes to review, red goes back to work with the output."""

from langchain_core.runnables import RunnableConfig

from deckhand.context.clean import middle_out
from deckhand.deck import Deck
from deckhand.nodes.hands import run_tests
from deckhand.nodes.model import nudge
from deckhand.state import State
from deckwire.events import Noted

OUTPUT_CHARACTERS = 12_000


async def check(deck: Deck, state: State, config: RunnableConfig) -> State:
    if not deck.config.commands.test:
        deck.say(Noted(text="The project names no test command: nothing was run before the review."))
        return {"stage": "review", "tested": {"passed": None}}
    outcome = await run_tests(deck)
    if outcome.exit_code == 0:
        return {"stage": "review", "tested": {"passed": True}}
    end = f"was killed ({outcome.why})" if outcome.why else f"ended with exit code {outcome.exit_code}"
    said = f"Check: the test command {end}. Repair what is broken, then finish again.\n"
    message = nudge(said + middle_out(outcome.output, OUTPUT_CHARACTERS), "work")
    return {"stage": "work", "tested": {"passed": False}, "messages": [message]}
