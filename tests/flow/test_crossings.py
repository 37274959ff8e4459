"""Acts that cross each other's way: what is held when, an answer that is lost, words that come too late, a pause in between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from deckwire.envelope import Heartbeat
from deckwire.requests import Ask, Choice
from deckwire.tokens import derive
from deckwire.words import AttemptState, Audience, Blame, Fate, Phase, RequestKind, Verb
from quarterdeck.errors import Refused
from quarterdeck.flow import actor, decide, intake, launch, losses, pulse, reconcile, spend
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.routes import Price
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceState
from quarterdeck.record import lifecycle, tokens
from quarterdeck.record.models import AgentToken, Attempt, Command, Event, Member, Person, Project, Request, Run, Ticket
from testkit import starting
from testkit.hand import Hand, commit

pytestmark = pytest.mark.django_db

QUESTION = Ask(kind=RequestKind.QUESTION, ask="Round half up or to even?", choices=[Choice(id="1", label="Half up")])
BUDGET = Ask(kind=RequestKind.BUDGET, ask="The run has used up its money. May it have more?")


@pytest.fixture
def bob_supervises(bob: Person, project: Project) -> Actor:
    Member.objects.filter(project=project, person=bob).update(role="supervisor")
    return actor.person(bob)


def fresh(run: Run) -> Run:
    run.refresh_from_db()
    return run


# ---- locks ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_setting_money_aside_needs_no_lock_of_whoever_decides_over_the_run(run: Run, hand: Hand) -> None:
    """The reserve holds the stream's head and names the run; a decision holds the run and wants the head."""
    wish = spend.Wish("c", "a" * 64, "work", "large", None, Price(into=1, out=1), 10)

    def reserve() -> object:
        try:
            with connection.cursor() as cursor:
                cursor.execute("set lock_timeout = '2s'")
            return spend.reserve(hand.bearer(Audience.MODEL), wish)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("set lock_timeout = 0")
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as thread:
        lifecycle.hold(run.id)
        assert isinstance(thread.submit(reserve).result(), spend.Opened)


# ---- answers that are lost ------------------------------------------------------------------------------------------


def heartbeat(session: str) -> str:
    """Its answer's new session, if there is one."""
    bearer = tokens.find(derive(session, Audience.SESSION), Audience.SESSION)
    assert bearer is not None, "this session has ended"
    return pulse.heartbeat(bearer, Heartbeat()).session


def test_a_new_session_whose_answer_was_lost_is_handed_out_again(hand: Hand) -> None:
    assert hand.welcome is not None
    old = hand.welcome.session
    AgentToken.objects.update(created_at=Now() - timedelta(minutes=20))
    lost = heartbeat(old)
    again = heartbeat(old)
    assert lost
    assert again == lost
    assert heartbeat(again) == ""


# ---- words that come too late ---------------------------------------------------------------------------------------


def said(actor: Actor, run: Run, verb: Verb, key: str, **more: object) -> decide.Receipt:
    return decide.decide(actor, key, verb, runs=[run.id], **more)  # type: ignore[arg-type]


def push(tmp_path: Path, run: Run) -> str:
    return commit(tmp_path / "repos" / "runs" / f"{run.id}.git", {"larkfield/new.py": "ANSWER = 42\n"})


def test_words_that_the_agent_sealed_over_are_rejected_and_say_so(
    run: Run, hand: Hand, alice_acts: Actor, tmp_path: Path
) -> None:
    said(alice_acts, run, Verb.REDIRECT, "words", words="Round to even")
    hand.mail()
    hand.seal(push(tmp_path, run))
    command = Command.objects.get(run=run)
    assert (command.fate, "send it back" in command.why) == (Fate.REJECTED, True)
    assert Event.objects.filter(stream=run.stream, kind="rejected", body__command=str(command.id)).exists()


def test_a_pause_that_the_agent_sealed_over_holds_nothing_up(
    run: Run, hand: Hand, alice_acts: Actor, tmp_path: Path
) -> None:
    said(alice_acts, run, Verb.PAUSE, "pause")
    hand.seal(push(tmp_path, run))
    assert (fresh(run).phase, run.desired) == (Phase.SEALING, "run")
    assert Command.objects.get(run=run).fate == Fate.REJECTED


def test_when_a_run_cannot_start_what_was_said_to_it_ends_too(run: Run, alice_acts: Actor, project: Project) -> None:
    said(alice_acts, run, Verb.REDIRECT, "words", words="Round to even")
    launch.refuse(run, Refused("The repository is empty.", reason="empty_repository"))
    assert fresh(run).phase == Phase.FAILED
    assert Command.objects.get(run=run).fate == Fate.SUPERSEDED


# ---- pauses and undone pauses ---------------------------------------------------------------------------------------


def test_an_undone_pause_does_not_reach_the_next_attempt(run: Run, hand: Hand, alice_acts: Actor) -> None:
    batch = said(alice_acts, run, Verb.PAUSE, "pause").batch
    losses.lost(hand.attempt.id, reason="gone", text="Gone.", blame=Blame.INFRASTRUCTURE)
    assert fresh(run).phase == Phase.PAUSED
    assert decide.undo(alice_acts, batch).lines[0].fate == "applied"
    assert fresh(run).phase == Phase.QUEUED
    assert starting.next_hand(run).mail() == []


def test_undoing_an_old_pause_leaves_the_newer_one_alone(run: Run, alice_acts: Actor, bob_supervises: Actor) -> None:
    batch = said(alice_acts, run, Verb.PAUSE, "pause").batch
    said(alice_acts, run, Verb.RESUME, "resume")
    said(bob_supervises, run, Verb.PAUSE, "pause")
    assert decide.undo(alice_acts, batch).lines[0].fate == "rejected"
    assert fresh(run).phase == Phase.PAUSED


def test_an_undone_budget_is_the_old_budget(run: Run, hand: Hand, alice_acts: Actor) -> None:
    hand.step()
    hand.interrupt(BUDGET)
    before = fresh(run).cap_micro
    request = Request.objects.get(run=run)
    batch = decide.decide(alice_acts, "more", Verb.APPROVE, requests=[request.id]).batch
    assert fresh(run).cap_micro > before
    assert decide.undo(alice_acts, batch).lines[0].fate == "applied"
    assert fresh(run).cap_micro == before


def test_a_stolen_secret_while_a_pause_is_under_way_leaves_the_run_paused(
    run: Run, hand: Hand, alice_acts: Actor
) -> None:
    said(alice_acts, run, Verb.PAUSE, "pause")
    with pytest.raises(Refused):
        Hand(hand.attempt, nonce="stolen").hello()
    assert fresh(run).phase == Phase.PAUSED


# ---- keys -----------------------------------------------------------------------------------------------------------


def test_a_key_may_be_as_long_as_it_may_be_also_for_a_request(run: Run, hand: Hand, alice_acts: Actor) -> None:
    hand.step()
    hand.interrupt(QUESTION)
    request = Request.objects.get(run=run)
    line = decide.decide(alice_acts, "k" * 100, Verb.ANSWER, requests=[request.id], choice="1").lines[0]
    assert line.fate == Fate.PENDING


def test_a_key_used_again_for_something_else_is_refused(run: Run, hand: Hand, alice_acts: Actor) -> None:
    said(alice_acts, run, Verb.REDIRECT, "k", words="Round to even")
    line = said(alice_acts, run, Verb.REDIRECT, "k", words="Do not round at all").lines[0]
    assert (line.fate, "something else" in line.why) == ("rejected", True)


def test_long_keys_that_begin_alike_are_different_keys(alice_acts: Actor, ticket: Ticket) -> None:
    first = intake.open_run(alice_acts, "k" * 90 + "1", ticket.id)
    said(alice_acts, first, Verb.STOP, "stop")
    assert intake.open_run(alice_acts, "k" * 90 + "1", ticket.id) == first
    assert intake.open_run(alice_acts, "k" * 90 + "2", ticket.id) != first


# ---- an agent that stays when its work is over ------------------------------------------------------------------------


def test_an_agent_that_does_not_leave_after_the_end_of_its_run_is_shown_out(
    run: Run, hand: Hand, alice_acts: Actor, tmp_path: Path
) -> None:
    hand.seal(push(tmp_path, run))
    place = PlaceSeen(
        name=hand.attempt.place, uid="u", kind="attempt", run=str(run.id), epoch=1, state=PlaceState.RUNNING
    )
    reconcile.compare([place])
    assert Attempt.objects.get(id=hand.attempt.id).live  # it may say good-bye by itself
    Run.objects.update(phase_since=Now() - timedelta(minutes=2))
    reconcile.compare([place])
    assert Attempt.objects.get(id=hand.attempt.id).state == AttemptState.FENCED
    assert [order.name for order in reconcile.compare([place]) if isinstance(order, reconcile.Delete)] == [place.name]


# ---- an answer taken back while the next attempt is on its way --------------------------------------------------------


@pytest.mark.parametrize("let_in_first", [True, False])
def test_an_answer_taken_back_from_an_attempt_on_its_way_leaves_the_run_waiting(
    run: Run, hand: Hand, alice_acts: Actor, let_in_first: bool
) -> None:
    hand.step()
    hand.interrupt(QUESTION)
    hand.bye()
    request = Request.objects.get(run=run)
    batch = decide.decide(alice_acts, "answer", Verb.ANSWER, requests=[request.id], choice="1").batch
    made = starting.give(run.id)
    assert made is not None
    again = Hand(made)
    if let_in_first:
        again.hello()
    assert decide.undo(alice_acts, batch).lines[0].fate == "applied"
    if not let_in_first:
        again.hello()
    assert fresh(run).phase == Phase.WAITING
    again.bye(reason="waiting")
    assert fresh(run).phase == Phase.WAITING
    decide.decide(alice_acts, "answer again", Verb.ANSWER, requests=[request.id], choice="1")
    assert fresh(run).phase == Phase.QUEUED
