"""A plan is asked about with what runs of its project come to, told by the platform and not by the agent."""

import pytest

from deckwire.requests import Ask, Fact, Plan, PlanStep
from deckwire.words import RequestKind
from quarterdeck.record.models import Proposal, Request, Run
from testkit.hand import Hand

pytestmark = pytest.mark.django_db

PLAN = Ask(kind=RequestKind.PLAN, ask="Work by this plan?", plan=Plan(steps=[PlanStep(title="Add it")]))


def sealed(run: Run, micro: int, seconds: int, *, void: bool = True) -> None:
    Proposal.objects.create(
        run=run, head="2" * 40, base="1" * 40, branch="main", digest=f"{micro}", stats={}, void=void,
        evidence={"cost_micro": micro, "seconds": seconds},
    )  # fmt: skip


def asked(run: Run) -> dict[str, str]:
    return {fact["label"]: fact["value"] for fact in Request.objects.get(run=run).body["facts"]}


def test_it_says_that_nothing_has_sealed_yet(run: Run, hand: Hand) -> None:
    hand.ask(PLAN)
    assert asked(run) == {"Usual cost and time": "not known: no run of this project has sealed yet"}


def test_it_names_the_middle_of_the_last_runs_beside_the_facts_of_the_agent(run: Run, hand: Hand) -> None:
    for micro, seconds in ((310_000, 720), (200_000, 60), (9_000_000, 9_000)):
        sealed(run, micro, seconds)
    hand.ask(PLAN.model_copy(update={"facts": [Fact(label="Files", value="2")]}))
    assert asked(run) == {"Files": "2", "Cost of the last 3 runs": "$0.31", "Time of the last 3 runs": "12 min"}


def test_a_question_is_asked_as_the_agent_asks_it(run: Run, hand: Hand) -> None:
    hand.ask(Ask(kind=RequestKind.QUESTION, ask="Round up?"))
    assert asked(run) == {}
