"""Asks a person. Nodes that ask do nothing else and ask once: they run again from their start when the answer is there."""

from collections.abc import Sequence

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.types import interrupt

from deckhand.context.brief import direction
from deckhand.deck import Deck
from deckhand.exits import GaveUp
from deckhand.nodes.listen import redirected
from deckhand.nodes.model import bound, result
from deckhand.state import Json, State
from deckwire.events import Applied
from deckwire.requests import Answer, Ask, Choice, Fact
from deckwire.words import RequestKind


def ask_person(deck: Deck, asks: Sequence[Ask]) -> tuple[list[Answer], Applied]:
    """One interrupt with all asks; returns their answers in order, and the event for the commands that brought them."""
    given = interrupt({"asks": [ask.model_dump(mode="json") for ask in asks]})
    taken = Applied(commands=list(deck.answering))
    deck.answering.clear()
    return [Answer.tolerant(one) for one in given], taken


async def ask(deck: Deck, state: State, config: RunnableConfig) -> State:
    """Asks what `state.asks` holds: the model's question, or the loop detector's."""
    wanted = state["asks"]
    answers, taken = ask_person(deck, [Ask.model_validate(one) for one in wanted["asks"]])
    if any(answer.choice == "give up" or answer.verb == "deny" for answer in answers):
        raise GaveUp("told_to_stop", _words(answers) or "A person told the agent to stop here.", "", taken.commands)
    update = _heard(state, answers)
    return {**update, "asks": {}, "applied": taken.commands, "binding": bound(taken)}


def _heard(state: State, answers: list[Answer]) -> State:
    turned = [(answer.by, answer.words) for answer in answers if answer.verb == "redirect"]
    if turned:
        return redirected(state, turned)
    asks = [Ask.model_validate(one) for one in state["asks"]["asks"]]
    lines = [_line(ask, answer) for ask, answer in zip(asks, answers, strict=True)]
    call = state["asks"].get("call", "")
    # The answer to a tool call has to be its result; every other answer is a person's words in the history.
    said: list[BaseMessage] = (
        [result(call, "\n".join(lines), state["stage"])] if call else [direction(one) for one in lines]
    )
    left = [one for one in state.get("calls") or [] if one["id"] != call]
    return {
        "messages": said,
        "calls": left,
        "seen": [],
        "decisions": [_decision(a, b) for a, b in zip(asks, answers, strict=True)],
    }


def _line(ask: Ask, answer: Answer) -> str:
    label = next((choice.label for choice in ask.choices if choice.id == answer.choice), answer.choice)
    words = " ".join(part for part in (label, answer.words) if part) or answer.verb
    return f'Answer from {answer.by or "your supervisor"} to "{ask.ask}": {words}'


def _decision(ask: Ask, answer: Answer) -> Json:
    return {"verb": answer.verb, "by": answer.by, "words": answer.words, "choice": answer.choice, "about": ask.ask}


def _words(answers: list[Answer]) -> str:
    return " ".join(answer.words for answer in answers if answer.words)


async def limit(deck: Deck, state: State, config: RunnableConfig) -> State:
    """The run's patience ended; a person may grant more of it. Money is granted at the gateway, steps and seconds here."""
    reached = state["limit"]
    answers, taken = ask_person(deck, [_limit_ask(reached)])
    answer = answers[0]
    if answer.verb == "deny" or answer.choice == "deny":
        raise GaveUp("budget_denied", answer.words or "No more was granted.", "", taken.commands)
    raised = dict(state.get("raised") or {})
    if reached["kind"] in ("steps", "seconds"):
        raised[reached["kind"]] = raised.get(reached["kind"], 0) + getattr(deck.config.limits, reached["kind"])
    by = answer.by or "your supervisor"
    if answer.verb == "redirect":
        update = redirected(state, [(answer.by, answer.words)])
    elif reached["kind"] == "model":
        update = {}
    else:
        update = {"messages": [direction(f"Budget: {by} granted more. {answer.words}".rstrip())]}
    return {**update, "limit": {}, "raised": raised, "applied": taken.commands, "binding": bound(taken)}


def _limit_ask(reached: Json) -> Ask:
    return _model_ask(reached) if reached["kind"] == "model" else _more_ask(reached)


def _model_ask(reached: Json) -> Ask:
    return Ask(
        kind=RequestKind.FAILURE,
        ask="The model's endpoint does not answer. Try again?",
        context=f"{reached['text']} Look at the endpoint in the settings first; nothing of the run is lost.",
        facts=[Fact(label="Who has to act", value="whoever runs the endpoint", tone="warn")],
        approve_means="The agent asks the model again, from the same step.",
        reversible="Yes: pause, redirect or stop at any step.",
    )


def _more_ask(reached: Json) -> Ask:
    what = {"money": "money", "steps": "steps", "seconds": "time"}[reached["kind"]]
    return Ask(
        kind=RequestKind.BUDGET,
        ask=f"The run has used up its {what}. May it have more?",
        context=reached["text"],
        facts=[Fact(label="Limit", value=what, tone="warn")],
        choices=[
            Choice(id="raise", label="Grant more", effect="The agent goes on where it stopped."),
            Choice(id="deny", label="End the run", effect="The run fails; what it did stays on its branch."),
        ],
        approve_means="The agent goes on where it stopped.",
        reversible="Yes: pause, redirect or stop at any step.",
    )
