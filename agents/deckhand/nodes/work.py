"""The model's turn in the work itself: it answers with tool calls, and the next node runs them."""

from langchain_core.runnables import RunnableConfig

from deckhand.context.brief import tagged
from deckhand.deck import Deck
from deckhand.nodes.model import ask_model, broken_calls, nudge
from deckhand.state import State


async def work(deck: Deck, state: State, config: RunnableConfig) -> State:
    answer, update = await ask_model(deck, state, config, deck.setup_note)
    update["messages"] = [tagged(answer, "work"), *broken_calls(answer, "work")]
    update["calls"] = [dict(call) for call in answer.tool_calls]
    if not answer.tool_calls and not answer.invalid_tool_calls:
        update["messages"].append(nudge("Call a tool; when the work is done and tested, call `finish`.", "work"))
    return update
