"""The gate between a model's tool calls and the tools: commands that reach further than the checkout need a person's word."""

from langchain_core.runnables import RunnableConfig

from deckhand.deck import Deck
from deckhand.nodes.ask import ask_person
from deckhand.nodes.listen import redirected
from deckhand.nodes.model import bound
from deckhand.state import Json, State
from deckhand.tools.safety import why_ask
from deckwire.requests import Answer, Ask, Choice, Fact
from deckwire.words import RequestKind, Risk


def undecided(deck: Deck, state: State) -> list[tuple[Json, str]]:
    """Calls that need a person's word and have none yet, each with the reason. Empty where the dial says auto."""
    if deck.config.dials.permissions == "auto":
        return []
    known = state.get("verdicts") or {}
    shells = [one for one in state.get("calls") or [] if one["name"] == "shell" and one["id"] not in known]
    found = [(one, why_ask(str(one["args"].get("command", "")))) for one in shells]
    return [(one, why) for one, why in found if why]


async def permission_gate(deck: Deck, state: State, config: RunnableConfig) -> State:
    """One interrupt for all of a batch, one ask for each command."""
    wanted = undecided(deck, state)
    answers, taken = ask_person(deck, [_ask(call, why) for call, why in wanted])
    update: State = {"applied": taken.commands, "binding": bound(taken)}
    turned = [(answer.by, answer.words) for answer in answers if answer.verb == "redirect"]
    if turned:
        return {**redirected(state, turned), **update}
    said = {call["id"]: _verdict(answer) for (call, _), answer in zip(wanted, answers, strict=True)}
    decisions = [
        {**_verdict(a), "about": call["args"].get("command", "")} for (call, _), a in zip(wanted, answers, strict=True)
    ]
    return {**update, "verdicts": {**(state.get("verdicts") or {}), **said}, "decisions": decisions}


def _ask(call: Json, why: str) -> Ask:
    command = str(call["args"].get("command", ""))
    return Ask(
        kind=RequestKind.PERMISSION,
        ask="May the agent run this command?",
        context=f"It {why}.",
        risk=Risk.MEDIUM,
        command=command,
        facts=[Fact(label="Why it asks", value=why, tone="warn")],
        choices=[
            Choice(id="approve", label="Run it", effect="The command runs once, as it stands here."),
            Choice(id="deny", label="Refuse", effect="The agent is told so, with your words."),
        ],
        approve_means="The command runs once, as it stands here.",
        reversible="No: what a command does outside the checkout stays.",
    )


def _verdict(answer: Answer) -> Json:
    denied = answer.verb == "deny" or answer.choice == "deny"
    return {"ok": not denied, "verb": answer.verb, "by": answer.by, "words": answer.words}
