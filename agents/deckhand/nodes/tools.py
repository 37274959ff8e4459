"""Runs the tool calls of one answer in their order, and watches for a model that goes round in circles."""

import hashlib
import json
import logging
from collections import Counter

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig

from deckhand.deck import Deck
from deckhand.nodes.hands import HANDS
from deckhand.nodes.model import nudge, result
from deckhand.state import Json, State
from deckhand.tools import offer
from deckhand.tools.bounds import ToolError
from deckwire.events import Noted
from deckwire.requests import Ask, Choice
from deckwire.words import RequestKind

log = logging.getLogger(__name__)

REMEMBERED = 40
NUDGE_AT, ASK_AT = 3, 5


async def tools(deck: Deck, state: State, config: RunnableConfig) -> State:
    """Stops before a call that asks a person, and when a redirect in interrupt mode came in: `listen` answers the rest."""
    stage = state["stage"]
    update: State = {}
    left, told = list(state["calls"]), list[BaseMessage]()
    seen = list(state.get("seen") or [])
    while left and not deck.mailbox.interrupted.is_set():
        if left[0]["name"] == "ask" and (asks := _asks(left[0])):
            update["asks"] = asks
            break
        call = left.pop(0)
        text = await _run(deck, state, update, call)
        told.append(result(call["id"], text, stage))
        seen.append(_digest(call, text))
        if update.get("stage") == "check":
            told += [result(one["id"], "not run: the work was handed in", stage) for one in left]
            left = []
    told += _circles(deck, update, seen, told, left, stage)
    return {**update, "messages": told, "calls": left, "seen": seen[-REMEMBERED:]}


async def _run(deck: Deck, state: State, update: State, call: Json) -> str:
    refused = (state.get("verdicts") or {}).get(call["id"], {})
    if refused and not refused["ok"]:
        return f"refused by {refused['by'] or 'your supervisor'}: {refused['words']}".rstrip(": ")
    hand = HANDS.get(call["name"])
    if hand is None or call["name"] not in offer.OFFER[state["stage"]]:
        return f"there is no tool {call['name']!r} at this stage: {', '.join(offer.OFFER[state['stage']])}"
    try:
        return await hand(deck, state, update, offer.arguments(call["name"], call["args"]))
    except (ToolError, ValueError) as bad:
        return f"error: {bad}"
    except OSError as bad:
        log.warning("the tool %s failed: %s", call["name"], bad)
        return f"error: {bad.strerror or bad}"


def _asks(call: Json) -> Json:
    """What the ask node has to ask for this call; empty when its arguments do not fit, and then it is run to say so."""
    try:
        given = offer.arguments("ask", call["args"])
    except ValueError:
        return {}
    assert isinstance(given, offer.Ask)
    asked = Ask(kind=RequestKind.QUESTION, ask=given.ask, context=given.context, choices=given.choices)
    return {"asks": [asked.model_dump(mode="json")], "call": call["id"]}


def _digest(call: Json, text: str) -> str:
    whole = json.dumps([call["name"], call["args"], text], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _circles(
    deck: Deck, update: State, seen: list[str], told: list[BaseMessage], left: list[Json], stage: str
) -> list[BaseMessage]:
    """The same call with the same result three times: a nudge. Five times: a person is asked."""
    recent = Counter(seen[-REMEMBERED:])
    worst = max((recent[digest] for digest in seen[-len(told) :]), default=0) if told else 0
    if worst >= ASK_AT and not update.get("asks") and not left and stage == "work":
        update["asks"] = {"asks": [_loop_ask(worst).model_dump(mode="json")], "call": ""}
        deck.say(Noted(text=f"The same call gave the same result {worst} times: a person is asked."))
        return []
    if worst >= NUDGE_AT and not left:
        deck.say(
            Noted(text=f"The same call gave the same result {worst} times: the agent was told to try another way.")
        )
        return [nudge(f"You made the same call {worst} times with the same result. Try another way.", stage)]
    return []


def _loop_ask(times: int) -> Ask:
    return Ask(
        kind=RequestKind.QUESTION,
        ask=f"The agent made the same call {times} times with the same result. How should it go on?",
        choices=[
            Choice(id="go on", label="Go on", effect="It is told to try another way.", suggested=True),
            Choice(id="give up", label="Give up", effect="The run fails; what it did stays on its branch."),
        ],
    )
