"""One model call, and the reading of its answer. A node makes one call: its id follows from where the node started."""

from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.runnables import RunnableConfig

from deckhand.context.brief import first_word, history, opening, system, tagged
from deckhand.context.clean import storable, storable_tree
from deckhand.deck import Deck
from deckhand.exits import GaveUp
from deckhand.models.port import Call
from deckhand.state import Json, State
from deckhand.tools.offer import VERDICT, Arguments, arguments, specs
from deckwire.events import Said

KIND = {"understand": "plan", "locate": "small", "plan": "plan", "work": "edit", "review": "plan"}
MOST_SILENT = 5


def call_id(deck: Deck, config: RunnableConfig, node: str) -> str:
    """`run:forks:checkpoint:node:0`: stable over kill and resume, for the node starts from the same checkpoint again."""
    start = config["configurable"]["checkpoint_map"][""]
    return f"{deck.welcome.run}:{deck.welcome.forks}:{start}:{node}:0"


async def ask_model(deck: Deck, state: State, config: RunnableConfig, extra: str = "") -> tuple[AIMessage, State]:
    """The answer, and the part of the state's update that every stage shares. Raises LimitReached before it pays."""
    stage = state["stage"]
    deck.mind_limits(state)
    if state.get("silent", 0) >= MOST_SILENT:
        raise GaveUp(
            "model_silent",
            f"The model answered {MOST_SILENT} times in a row with nothing usable.",
            "Choose another model.",
        )
    kind = KIND[stage]
    route = deck.config.models.get(kind)
    first = opening(stage, deck.welcome, state, deck.workspace.tree, extra)
    opened = first_word(first, deck.welcome.ticket.images, takes=bool(route and route.images))
    said = history(state, stage, route.context_tokens if route else 128_000)
    answer = await deck.models.answer(
        Call(call_id(deck, config, stage), stage, kind),
        [SystemMessage(system(stage)), opened, *said],
        specs(stage),
    )
    answer = named_calls(answer)
    if text := str(answer.text).strip():
        deck.say(Said(text=text))
    silent = 0 if answer.tool_calls else state.get("silent", 0) + 1
    return answer, {"turns": state.get("turns", 0) + 1, "silent": silent}


def fruitless(state: State, update: State) -> State:
    """An answer that brought no verdict: a few in a row end the run before they eat its budget."""
    update["silent"] = state.get("silent", 0) + 1
    return update


def named_calls(answer: AIMessage) -> AIMessage:
    """The answer with an id on every call (some servers send none) and text that a database can store."""
    calls: list[Any] = [
        {**call, "id": call["id"] or f"call-{n}", "args": storable_tree(call["args"])}
        for n, call in enumerate(answer.tool_calls)
    ]
    content = storable_tree(answer.content)
    broken = storable_tree(answer.invalid_tool_calls)
    return answer.model_copy(update={"tool_calls": calls, "content": content, "invalid_tool_calls": broken})


def read_verdict(answer: AIMessage, stage: str) -> tuple[Arguments | None, list[BaseMessage]]:
    """The stage's last act, if the answer brings a good one, and all that has to go into the history with it."""
    name = VERDICT[stage]
    taken: Arguments | None = None
    told: list[BaseMessage] = [tagged(answer, stage), *broken_calls(answer, stage)]
    for call in answer.tool_calls:
        try:
            if call["name"] != name or taken is not None:
                raise ValueError(f"not run: only {name} counts here, once")
            taken = arguments(name, call["args"])
            told.append(result(call["id"], "taken", stage))
        except ValueError as bad:
            told.append(result(call["id"], str(bad), stage))
    if not answer.tool_calls and not answer.invalid_tool_calls:
        told.append(nudge(f"Call the tool `{name}`.", stage))
    return taken, told


def broken_calls(answer: AIMessage, stage: str) -> list[BaseMessage]:
    """Providers want a result for every call, also for one whose arguments were no JSON."""
    return [
        result(str(call["id"]), f"the arguments are not JSON: {call['error'] or ''}"[:500], stage)
        for call in answer.invalid_tool_calls
    ]


def result(call: str | None, text: str, stage: str) -> ToolMessage:
    return ToolMessage(storable(text), tool_call_id=call or "", additional_kwargs={"stage": stage})


def nudge(text: str, stage: str) -> HumanMessage:
    return HumanMessage(text, additional_kwargs={"stage": stage})


def bound(*events: Any) -> list[Json]:
    """Events as the state's `binding` wants them."""
    return [event.model_dump(mode="json") for event in events]
