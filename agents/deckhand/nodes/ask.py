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

WHAT = {"money": "money", "steps": "steps", "seconds": "time"}
"""What ran out, by the kind of limit."""
MORE = {
    "money": "The next call does not fit under the cap. Raise it?",
    "steps": "The run has taken all its steps. May it take as many again?",
    "seconds": "The attempt has worked all its time. May it work as long again?",
}
GRANT = {"money": "Raise the cap", "steps": "Grant as many steps again", "seconds": "Grant as much time again"}
CALL_NOT_MADE = (
    "A call is made only when the most that it can cost fits under the cap; this one did not, and was not made."
)
NOT_RUN = "not run: the work was handed in as it stood"


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
    answers, taken = ask_person(deck, [_limit_ask(deck, state)])
    answer = answers[0]
    if answer.verb == "deny" or answer.choice == "deny":
        raise GaveUp("budget_denied", answer.words or "No more was granted.", "", taken.commands)
    update = _handed_in(state) if answer.choice == "seal" else _granted(deck, state, answer)
    return {**update, "limit": {}, "applied": taken.commands, "binding": bound(taken)}


def _granted(deck: Deck, state: State, answer: Answer) -> State:
    kind = state["limit"]["kind"]
    raised = dict(state.get("raised") or {})
    if kind in ("steps", "seconds"):
        raised[kind] = raised.get(kind, 0) + getattr(deck.config.limits, kind)
    if answer.verb == "redirect":
        return {**redirected(state, [(answer.by, answer.words)]), "raised": raised}
    if kind == "model":
        return {"raised": raised}
    by = answer.by or "your supervisor"
    return {"messages": [direction(f"Budget: {by} granted more. {answer.words}".rstrip())], "raised": raised}


def _handed_in(state: State) -> State:
    """The work as it stands goes to the review, unfinished: a person decides there what it is worth."""
    unrun: list[BaseMessage] = [result(one["id"], NOT_RUN, state["stage"]) for one in state.get("calls") or []]
    summary = f"Sealed before it was done, because its {WHAT[state['limit']['kind']]} ran out: {_stands(state)}."
    return {"messages": unrun, "calls": [], "stage": "seal", "summary": summary}


def _stands(state: State) -> str:
    steps = (state.get("plan") or {}).get("steps", [])
    done = sum(1 for step in steps if step.get("state") == "done")
    return f"{done} of {len(steps)} steps of the plan are done"


def _limit_ask(deck: Deck, state: State) -> Ask:
    reached = state["limit"]
    if reached["kind"] == "model":
        return _model_ask(reached)
    return _more_ask(reached, may_seal=deck.workspace.head != deck.welcome.base_commit)


def _model_ask(reached: Json) -> Ask:
    return Ask(
        kind=RequestKind.FAILURE,
        ask="The model's endpoint does not answer. Try again?",
        context=f"{reached['text']} Look at the endpoint in the settings first; nothing of the run is lost.",
        facts=[Fact(label="Who has to act", value="whoever runs the endpoint", tone="warn")],
        approve_means="The agent asks the model again, from the same step.",
        reversible="Yes: pause, redirect or stop at any step.",
    )


def _more_ask(reached: Json, *, may_seal: bool) -> Ask:
    kind = reached["kind"]
    seal = Choice(id="seal", label="Seal what is there", effect="The work goes to the review as it stands, unfinished.")
    return Ask(
        kind=RequestKind.BUDGET,
        ask=MORE[kind],
        context=CALL_NOT_MADE if kind == "money" else reached["text"],
        facts=[Fact(label="Limit", value=WHAT[kind], tone="warn")],
        choices=[
            Choice(id="raise", label=GRANT[kind], effect="The agent goes on where it stopped.", suggested=True),
            *([seal] if may_seal else []),
            Choice(id="deny", label="End the run", effect="The run fails; what it did stays on its branch."),
        ],
        approve_means="The agent goes on where it stopped.",
        reversible="Pause, redirect or stop it at any step.",
    )
