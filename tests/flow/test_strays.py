"""A run never sleeps for ever: where nobody works for it and nobody is asked, it is brought back to the queue."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from deckwire.requests import Ask
from deckwire.words import AttemptState, Fate, Phase, RequestKind, Verb
from quarterdeck.flow import checks, decide, reconcile
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceState
from quarterdeck.record.models import Attempt, Check, Command, Request, Run
from testkit.hand import Hand

pytestmark = pytest.mark.django_db

QUESTION = Ask(kind=RequestKind.QUESTION, ask="Round half up or to even?")


@pytest.fixture
def hand(hand: Hand) -> Hand:
    hand.step()
    return hand


def fresh(run: Run) -> Run:
    run.refresh_from_db()
    return run


def a_while_later() -> None:
    Run.objects.update(phase_since=Now() - timedelta(minutes=2))


def lose_without_a_trace(hand: Hand) -> None:
    Attempt.objects.filter(id=hand.attempt.id).update(state=AttemptState.LOST, gone=True)


def test_an_agent_that_says_sealed_and_sealed_nothing_has_failed(run: Run, hand: Hand) -> None:
    hand.bye(AttemptState.SEALED, "sealed")
    assert (fresh(run).phase, run.failures) == (Phase.QUEUED, 1)


def test_a_run_that_works_without_an_attempt_is_brought_back(run: Run, hand: Hand) -> None:
    lose_without_a_trace(hand)
    reconcile.compare([])
    assert fresh(run).phase == Phase.WORKING  # it may have ended this very moment
    a_while_later()
    reconcile.compare([])
    assert fresh(run).phase == Phase.QUEUED


def test_a_run_that_waits_for_nobody_is_brought_back(run: Run, hand: Hand, alice_acts: Actor) -> None:
    hand.interrupt(QUESTION)
    request = Request.objects.get(run=run)
    decide.decide(alice_acts, "a", Verb.ANSWER, requests=[request.id], words="Half up")
    Command.objects.update(fate=Fate.REJECTED)
    lose_without_a_trace(hand)
    a_while_later()
    reconcile.compare([])
    assert fresh(run).phase == Phase.QUEUED


def test_a_run_that_waits_for_a_person_is_left_alone(run: Run, hand: Hand) -> None:
    hand.interrupt(QUESTION)
    hand.bye()
    a_while_later()
    reconcile.compare([])
    assert fresh(run).phase == Phase.WAITING


def test_a_check_whose_place_was_never_made_is_asked_for_again(run: Run) -> None:
    """The reconciler died between the row and the place: without this its run would be sealing for ever."""
    order = {"git_path": "", "setup": "", "test": "pytest", "report": "", "seconds": 60, "trees": {}}
    check = Check.objects.create(run=run, order=order)
    (first,) = checks.compare({}, set())
    (again,) = checks.compare({}, set())
    assert again == first
    checks.created(check.id, PlaceSeen(first.spec.name, "u", "check", str(run.id), 0, PlaceState.RUNNING))
    assert checks.compare({}, set()) == []  # it was there and is gone: its end, not a new order under its old name
    assert Check.objects.get().state == "queued"
