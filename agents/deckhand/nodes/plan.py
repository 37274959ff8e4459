"""Writes the plan, and the gate where a person may read it before the work starts."""

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig

from deckhand.context.brief import direction
from deckhand.context.clean import visible
from deckhand.deck import Deck
from deckhand.nodes.ask import ask_person
from deckhand.nodes.listen import redirected
from deckhand.nodes.model import ask_model, bound, fruitless, read_verdict
from deckhand.state import Json, State
from deckhand.tools import offer
from deckwire.events import Applied, Planned
from deckwire.requests import Answer, Ask, Plan
from deckwire.words import RequestKind


async def plan(deck: Deck, state: State, config: RunnableConfig) -> State:
    answer, update = await ask_model(deck, state, config)
    taken, told = read_verdict(answer, "plan")
    update["messages"] = told
    if not isinstance(taken, offer.Plan):
        return fruitless(state, update)
    version = (state.get("plan") or {}).get("version", 0) + 1
    made = Plan.model_validate({**taken.model_dump(), "version": version})
    update["plan"] = made.model_dump(mode="json")
    update["binding"] = bound(Planned(plan=made))
    update["stage"] = "plan_gate" if deck.config.dials.plan == "ask" else "work"
    return update


async def plan_gate(deck: Deck, state: State, config: RunnableConfig) -> State:
    """Asks once and does nothing else: LangGraph runs it again from its start when the answer is there."""
    answers, taken = ask_person(deck, [_ask(visible(deck.welcome.ticket.title)[:120], state)])
    return {**_decided(state, answers[0]), "applied": taken.commands, "binding": _events(state, answers[0], taken)}


def _ask(title: str, state: State) -> Ask:
    """How many steps and files it has stands in the plan itself; what like it cost is the platform's to say."""
    made = Plan.model_validate(state["plan"])
    return Ask(
        kind=RequestKind.PLAN,
        ask=f"{title}: work by this plan?",
        context=visible((state.get("understood") or {}).get("restated", ""))[:600],
        risk=made.risk,
        plan=made,
        approve_means="The agent starts to work by this plan.",
        reversible="Redirect it or rewind it at any step.",
    )


def _decided(state: State, answer: Answer) -> State:
    by = answer.by or "your supervisor"
    if answer.verb == "redirect":
        return redirected(state, [(answer.by, answer.words)])
    update: State = {"decisions": [{"verb": answer.verb, "by": answer.by, "words": answer.words, "about": "plan"}]}
    if answer.verb == "deny" or answer.choice == "deny":
        update["stage"] = "plan"
        update["messages"] = [direction(f"Redirect from {by}: the plan is not approved. {answer.words}".rstrip())]
        return update
    said: list[BaseMessage] = (
        [direction(f"{by} approved the plan with these words: {answer.words}")] if answer.words else []
    )
    update["messages"] = said
    update["stage"] = "work"
    if answer.plan:
        update["plan"] = _edited(state, answer.plan).model_dump(mode="json")
    return update


def _edited(state: State, plan: Plan) -> Plan:
    return plan.model_copy(update={"version": state["plan"].get("version", 1) + 1})


def _events(state: State, answer: Answer, taken: Applied) -> list[Json]:
    changed = [Planned(plan=_edited(state, answer.plan))] if answer.plan and answer.verb == "approve" else []
    return bound(taken, *changed)
