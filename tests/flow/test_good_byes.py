"""How an agent's good-bye sends its run on, and what a run that was sealed once needs before it may push again."""

from pathlib import Path

import pytest

from deckwire.words import AttemptState, Phase, Verb
from quarterdeck.errors import Refused
from quarterdeck.flow import decide, launch, seal
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.repos.run import refuse_frozen
from quarterdeck.record.models import Request, Run
from quarterdeck.record.snapshot import now
from quarterdeck.record.views import queue
from testkit import starting
from testkit.hand import Hand, commit

pytestmark = pytest.mark.django_db


def fresh(run: Run) -> Run:
    return Run.objects.get(id=run.id)


def test_a_place_that_will_not_do_asks_a_person_with_the_agents_words(run: Run, hand: Hand) -> None:
    hand.bye(AttemptState.FAILED, reason="configuration")
    assert (fresh(run).phase, fresh(run).reason) == (Phase.FAILED, "configuration")
    assert Request.objects.get(run=run).kind == "failure"


def test_an_agent_that_fails_by_itself_is_tried_again(run: Run, hand: Hand) -> None:
    hand.bye(AttemptState.FAILED, reason="crashed")
    assert (fresh(run).phase, fresh(run).failures) == (Phase.QUEUED, 1)


def test_who_parks_again_and_again_without_a_step_comes_back_later_and_later_in_words(run: Run, hand: Hand) -> None:
    hand.step()
    pauses = []
    for _ in range(8):
        hand.bye(AttemptState.PARKED, "terminated")
        parked = fresh(run)
        assert (parked.phase, parked.reason) == (Phase.QUEUED, "parked")
        pauses.append(round((parked.not_before - now()).total_seconds()) if parked.not_before else 0)
        words = queue.reasons([parked], now())[run.id]
        Run.objects.filter(id=run.id).update(not_before=None)
        again = starting.give(run.id)
        assert again is not None
        hand = Hand(again, nonce=f"nonce-{again.epoch}")
        hand.hello()
    assert words == "The attempt was asked to leave and parked. The next starts in 60 s."
    assert pauses == [0, 2, 4, 8, 16, 32, 60, 60]


def test_a_run_sent_back_from_its_review_may_push_again(
    run: Run, hand: Hand, alice_acts: Actor, tmp_path: Path
) -> None:
    repository = tmp_path / "repos" / "runs" / f"{run.id}.git"
    hand.seal(commit(repository, {"larkfield/new.py": "ANSWER = 42\n"}))
    seal.advance(run.id)
    with pytest.raises(Refused, match="sealed"):
        refuse_frozen(repository)
    Run.objects.filter(id=run.id).update(phase=Phase.REVIEW)
    decide.decide(alice_acts, "k", Verb.REDIRECT, runs=[run.id], words="Another number, please.")
    assert launch.prepare(fresh(run))
    refuse_frozen(repository)


def test_a_raised_budget_names_the_new_cap(run: Run, hand: Hand, alice_acts: Actor) -> None:
    cap = run.cap_micro
    raised = decide.decide(alice_acts, "k", Verb.RAISE_BUDGET, runs=[run.id], amount_micro=cap + 5).lines[0]
    assert (raised.fate, fresh(run).cap_micro) == ("applied", cap + 5)
    lower = decide.decide(alice_acts, "l", Verb.RAISE_BUDGET, runs=[run.id], amount_micro=cap).lines[0]
    assert (lower.fate, fresh(run).cap_micro) == ("rejected", cap + 5)
