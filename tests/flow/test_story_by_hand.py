"""From a ticket to a merge with an agent played by hand: what each act leaves in the record."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deckwire.check import TestCase, TreeResult
from deckwire.envelope import Hello
from deckwire.events import Noted, Planned, Said
from deckwire.requests import Ask, Choice, Fact, Plan, PlanStep
from deckwire.words import AttemptState, Fate, Phase, RequestKind, Verb
from quarterdeck.errors import Refused
from quarterdeck.flow import decide, intake, merge, reconcile, seal
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceState
from quarterdeck.outside.repos.store import Store
from quarterdeck.record import places
from quarterdeck.record.models import Attempt, Command, Event, Proposal, Request, Run, Ticket
from quarterdeck.record.snapshot import now
from quarterdeck.record.views import queue
from testkit import starting
from testkit.hand import Hand, commit, finish_check

pytestmark = pytest.mark.django_db

QUESTION = Ask(kind=RequestKind.QUESTION, ask="Round half up or to even?", choices=[Choice(id="1", label="Half up")])


def fresh(run: Run) -> Run:
    run.refresh_from_db()
    return run


def push(tmp_path: Path, run: Run, files: dict[str, str] | None = None) -> str:
    return commit(tmp_path / "repos" / "runs" / f"{run.id}.git", files or {"larkfield/new.py": "ANSWER = 42\n"})


def test_assigning_twice_with_one_key_opens_one_run(alice_acts: Actor, ticket: Ticket) -> None:
    first = intake.open_runs(alice_acts, "k", [ticket.id])
    again = intake.open_runs(alice_acts, "k", [ticket.id])
    assert [line.run for line in first.lines] == [line.run for line in again.lines]
    assert Run.objects.count() == 1


def test_a_ticket_with_an_open_run_is_refused_with_the_reason(alice_acts: Actor, run: Run) -> None:
    line = intake.open_runs(alice_acts, "another", [run.ticket_id]).lines[0]
    assert (line.fate, line.run) == ("rejected", None)
    assert "open run" in line.why


def test_a_ticket_that_says_too_little_is_not_ready_unless_a_person_insists(
    alice_acts: Actor, make_ticket: Callable[..., Ticket]
) -> None:
    thin = make_ticket("Broken", description="")
    assert intake.open_runs(alice_acts, "a", [thin.id]).lines[0].fate == "rejected"
    assert intake.open_runs(alice_acts, "b", [thin.id], force=True).lines[0].fate == "applied"


def test_places_are_never_given_out_twice(alice_acts: Actor, make_ticket: Callable[..., Ticket], store: Store) -> None:
    lines = intake.open_runs(alice_acts, "many", [make_ticket().id for _ in range(5)]).lines
    assert starting.admitted() == 3
    assert reconcile.admit_all() == 0
    waiting = queue.reasons(list(Run.objects.filter(phase=Phase.QUEUED)), now())
    assert set(waiting) == {line.run for line in lines[3:]}
    assert all("Larkfield has 3 of 3 places in use" in reason for reason in waiting.values())


def test_hello_makes_the_run_work_and_may_repeat_with_its_nonce(run: Run, hand: Hand) -> None:
    assert fresh(run).phase == Phase.WORKING
    assert hand.hello().session == hand.hello().session
    assert Event.objects.filter(stream=run.stream, kind="attempted", body__state="running").count() == 1


def test_a_second_nonce_is_theft_the_attempt_is_fenced_and_a_new_one_comes(run: Run, hand: Hand) -> None:
    with pytest.raises(Refused) as no:
        Hand(hand.attempt, nonce="stolen").hello()
    assert no.value.reason == "theft"
    hand.attempt.refresh_from_db()
    assert hand.attempt.state == AttemptState.FENCED
    assert fresh(run).phase == Phase.QUEUED
    with pytest.raises(Refused) as fenced:
        hand.say(Said(text="I am still here"))
    assert fenced.value.reason == "fenced"


def test_an_unknown_secret_opens_nothing(run: Run) -> None:
    from quarterdeck.flow import welcome

    for secret in ("", "guessed"):
        with pytest.raises(Refused) as no:
            welcome.hello(Hello(secret=secret, nonce="n"))
        assert no.value.status == 401


def test_a_step_moves_the_head_and_its_repeat_changes_nothing(run: Run, hand: Hand) -> None:
    plan = Plan(steps=[PlanStep(title="Round once", paths=["larkfield/money.py"])])
    first = hand.step(Planned(plan=plan), node="plan")
    again = hand.again()
    assert (first.repeated, again.repeated, first.seq) == (False, True, again.seq)
    assert fresh(run).head == hand.made[0]
    assert run.plan["steps"][0]["title"] == "Round once"
    assert run.steps == 1


def test_another_state_under_a_known_id_is_a_conflict(run: Run, hand: Hand) -> None:
    hand.step(id="same")
    with pytest.raises(Refused) as no:
        hand.step(id="same")
    assert (no.value.reason, no.value.status) == ("conflict", 409)


def test_the_head_is_where_the_platform_put_it_whatever_the_agents_clock_says(run: Run, hand: Hand) -> None:
    hand.step(id="2ffffff0-late-id")
    hand.step(id="00000000-early-id")
    assert fresh(run).head == "00000000-early-id"


def test_a_step_without_its_parts_is_refused_whole(run: Run, hand: Hand) -> None:
    hand.step(Said(text="first"))
    assert hand.last is not None
    assert hand.last.checkpoint is not None
    lame = hand.last.model_copy(
        update={
            "checkpoint": hand.last.checkpoint.model_copy(update={"id": "x", "digest": "y", "refs": ["0" * 64]}),
            "parts": [],
            "events": [hand.number(Planned(plan=Plan(steps=[])))],
        }
    )
    from quarterdeck.flow import ingest

    with pytest.raises(Refused) as no:
        ingest.step(hand.bearer(), lame)
    assert no.value.reason == "missing_parts"
    assert fresh(run).plan is None


def test_a_step_that_names_a_commit_nobody_pushed_is_refused(run: Run, hand: Hand) -> None:
    with pytest.raises(Refused) as no:
        hand.step(commit="1" * 40)
    assert no.value.reason == "no_such_commit"
    assert fresh(run).head == ""


def test_an_agent_cannot_send_what_only_the_platform_may_say(run: Run, hand: Hand) -> None:
    hand.n += 1
    from deckwire.envelope import Batch, Numbered
    from quarterdeck.flow import ingest

    forged = Numbered(n=hand.n, at=1.0, body={"kind": "merged", "sha": "f" * 40, "branch": "main"})
    ingest.events(hand.bearer(), Batch(epoch=1, events=[forged]))
    kinds = list(Event.objects.filter(stream=run.stream).order_by("seq").values_list("kind", flat=True))
    assert kinds[-1] == "quarantined"
    assert fresh(run).phase == Phase.WORKING


def test_a_narrative_event_that_binds_is_not_taken_at_the_narrative_door(run: Run, hand: Hand) -> None:
    hand.say(Planned(plan=Plan(steps=[])), Noted(text="after"))
    assert fresh(run).plan is None


def test_a_question_waits_in_the_inbox_and_its_answer_goes_on_where_it_stopped(
    run: Run, hand: Hand, alice_acts: Actor
) -> None:
    hand.ask(QUESTION)
    assert fresh(run).phase == Phase.WAITING
    request = Request.objects.get(run=run)
    receipt = decide.decide(alice_acts, "d1", Verb.ANSWER, requests=[request.id], choice="1", words="Half up.")
    assert receipt.lines[0].fate == Fate.PENDING
    (command,) = hand.mail()
    assert command.verb == "answer"
    assert command.answers["i-1"][0].choice == "1"
    hand.apply(command.id)
    assert fresh(run).phase == Phase.WORKING
    assert Command.objects.get().fate == Fate.APPLIED


def test_a_model_that_is_down_waits_for_a_person_whose_retry_goes_on_from_the_same_step(
    run: Run, hand: Hand, alice_acts: Actor
) -> None:
    hand.ask(Ask(kind=RequestKind.FAILURE, ask="The model's endpoint does not answer. Try again?"))
    assert fresh(run).phase == Phase.WAITING
    request = Request.objects.get(run=run)
    assert decide.decide(alice_acts, "again", Verb.RETRY, requests=[request.id]).lines[0].fate == Fate.PENDING
    (command,) = hand.mail()
    assert command.answers["i-1"][0].verb == "approve"
    assert Run.objects.count() == 1


@pytest.mark.parametrize(("limit", "raised"), [("money", True), ("steps", False), ("time", False)])
def test_granting_more_steps_or_time_moves_no_cap(
    run: Run, hand: Hand, alice_acts: Actor, limit: str, raised: bool
) -> None:
    cap = run.cap_micro
    hand.ask(Ask(kind=RequestKind.BUDGET, ask="More?", facts=[Fact(label="Limit", value=limit)]))
    request = Request.objects.get(run=run)
    decide.decide(alice_acts, "more", Verb.RAISE_BUDGET, requests=[request.id])
    assert (fresh(run).cap_micro > cap) is raised
    assert hand.mail()[0].answers["i-1"][0].verb == "raise budget"


def test_asking_twice_in_the_same_place_is_one_request(run: Run, hand: Hand) -> None:
    hand.ask(QUESTION)
    hand.again()
    assert Request.objects.filter(run=run).count() == 1


def test_with_two_asks_the_agent_hears_nothing_until_both_are_decided(run: Run, hand: Hand, alice_acts: Actor) -> None:
    hand.ask(QUESTION, QUESTION.model_copy(update={"ask": "And where?"}))
    first, second = Request.objects.filter(run=run).order_by("index")
    decide.decide(alice_acts, "d1", Verb.ANSWER, requests=[first.id], words="up")
    assert hand.mail() == []
    decide.decide(alice_acts, "d2", Verb.ANSWER, requests=[second.id], words="here")
    (command,) = hand.mail()
    assert [one.words for one in command.answers["i-1"]] == ["up", "here"]


def test_a_decision_repeated_with_its_key_is_one_decision(run: Run, hand: Hand, alice_acts: Actor) -> None:
    hand.ask(QUESTION)
    request = Request.objects.get(run=run)
    one = decide.decide(alice_acts, "k", Verb.ANSWER, requests=[request.id], words="up")
    two = decide.decide(alice_acts, "k", Verb.ANSWER, requests=[request.id], words="up")
    assert one == two
    assert Command.objects.count() == 1


def test_a_second_decision_on_the_same_request_says_who_was_first(run: Run, hand: Hand, alice_acts: Actor) -> None:
    hand.ask(QUESTION)
    request = Request.objects.get(run=run)
    decide.decide(alice_acts, "k1", Verb.ANSWER, requests=[request.id], words="up")
    line = decide.decide(alice_acts, "k2", Verb.ANSWER, requests=[request.id], words="down").lines[0]
    assert (line.fate, line.why) == ("rejected", "Alice decided this already.")


def test_a_parked_run_comes_back_as_a_new_attempt_on_the_decision(run: Run, hand: Hand, alice_acts: Actor) -> None:
    hand.ask(QUESTION)
    assert hand.bye().stay is False
    assert places.in_use() == {}, "waiting costs nothing"
    request = Request.objects.get(run=run)
    decide.decide(alice_acts, "d", Verb.ANSWER, requests=[request.id], words="up")
    assert fresh(run).phase == Phase.QUEUED
    again = starting.next_hand(run)
    assert again.welcome is not None
    assert (again.welcome.epoch, again.welcome.head) == (2, hand.made[-1])
    assert again.mail()[0].verb == "answer"
    assert Event.objects.filter(stream=run.stream, kind="resumed").count() == 1


def test_what_was_asked_at_the_head_is_not_undone_by_the_next_attempt(run: Run, hand: Hand, alice_acts: Actor) -> None:
    hand.step()
    hand.interrupt(QUESTION)
    asked = Event.objects.get(stream=run.stream, kind="asked")
    hand.bye()
    decide.decide(alice_acts, "d", Verb.ANSWER, requests=[Request.objects.get(run=run).id], words="up")
    starting.next_hand(run)
    assert Event.objects.get(stream=run.stream, kind="resumed").body["seq"] >= asked.seq


def test_a_decision_that_crosses_the_parking_makes_the_agent_stay(run: Run, hand: Hand, alice_acts: Actor) -> None:
    hand.ask(QUESTION)
    request = Request.objects.get(run=run)
    decide.decide(alice_acts, "d", Verb.ANSWER, requests=[request.id], words="up")
    assert hand.bye().stay is True
    assert fresh(run).phase == Phase.WAITING


def test_undo_takes_an_answer_back_while_no_agent_has_read_it(run: Run, hand: Hand, alice_acts: Actor) -> None:
    hand.ask(QUESTION)
    hand.bye()
    request = Request.objects.get(run=run)
    receipt = decide.decide(alice_acts, "d", Verb.ANSWER, requests=[request.id], words="up")
    assert decide.undo(alice_acts, receipt.batch).lines[0].fate == "applied"
    assert fresh(run).phase == Phase.WAITING
    request.refresh_from_db()
    assert request.state == "open"
    assert (
        decide.decide(alice_acts, "d2", Verb.ANSWER, requests=[request.id], words="down").lines[0].fate == Fate.PENDING
    )


def test_undo_is_too_late_when_the_agent_has_it(run: Run, hand: Hand, alice_acts: Actor) -> None:
    hand.ask(QUESTION)
    receipt = decide.decide(alice_acts, "d", Verb.ANSWER, requests=[Request.objects.get(run=run).id], words="up")
    hand.mail()
    assert decide.undo(alice_acts, receipt.batch).lines[0].fate == "rejected"


def test_redirect_pause_and_resume(run: Run, hand: Hand, alice_acts: Actor) -> None:
    decide.decide(alice_acts, "r", Verb.REDIRECT, runs=[run.id], words="Keep the old name.")
    decide.decide(alice_acts, "p", Verb.PAUSE, runs=[run.id])
    redirect, pause = hand.mail()
    assert (redirect.verb, redirect.words, pause.verb) == ("redirect", "Keep the old name.", "pause")
    hand.apply(redirect.id, pause.id)
    hand.bye()
    assert fresh(run).phase == Phase.PAUSED
    decide.decide(alice_acts, "go", Verb.RESUME, runs=[run.id])
    assert fresh(run).phase == Phase.QUEUED
    assert starting.next_hand(run).mail() == []


def test_stop_needs_no_help_from_the_agent(run: Run, hand: Hand, alice_acts: Actor) -> None:
    hand.ask(QUESTION)
    assert decide.decide(alice_acts, "s", Verb.STOP, runs=[run.id]).lines[0].fate == Fate.APPLIED
    assert fresh(run).phase == Phase.CANCELLED
    with pytest.raises(Refused) as no:
        hand.step()
    assert no.value.reason == "fenced"
    hand.attempt.refresh_from_db()
    assert hand.attempt.unwanted is True
    assert not Request.objects.filter(run=run, state="open").exists()


def test_rewind_moves_the_head_and_the_next_attempt_forks_there(run: Run, hand: Hand, alice_acts: Actor) -> None:
    for _ in range(3):
        hand.step()
    target = hand.made[0]
    line = decide.decide(
        alice_acts, "w", Verb.REWIND, runs=[run.id], checkpoint=target, words="Start with a test."
    ).lines[0]
    assert line.fate == Fate.APPLIED
    assert (fresh(run).phase, run.head, run.forks) == (Phase.QUEUED, target, 1)
    with pytest.raises(Refused):
        hand.step()
    again = starting.next_hand(run)
    assert again.welcome is not None
    assert again.welcome.fork is not None
    assert (again.welcome.fork.checkpoint, again.welcome.fork.words) == (target, "Start with a test.")


def test_an_attempt_that_dies_is_replaced_from_the_head_with_the_next_epoch(run: Run, hand: Hand) -> None:
    hand.step()
    place = PlaceSeen(
        name=hand.attempt.place, uid="u1", kind="attempt", run=str(run.id), epoch=1, state=PlaceState.ENDED,
        reason="killed", text="The attempt was killed from outside.", blame="infrastructure", exit_code=137,
    )  # fmt: skip
    reconcile.compare([place])
    assert (fresh(run).phase, run.reason) == (Phase.QUEUED, "attempt_lost")
    with pytest.raises(Refused):
        hand.step()
    again = starting.next_hand(run)
    assert again.welcome is not None
    assert (again.welcome.epoch, again.welcome.head) == (2, hand.made[0])


def test_three_crashes_without_a_step_between_them_fail_the_run_in_words(run: Run, hand: Hand) -> None:
    for epoch in (1, 2, 3):
        attempt = Attempt.objects.get(run=run, epoch=epoch)
        Run.objects.filter(id=run.id).update(not_before=None)
        ended = PlaceSeen(attempt.place, f"u{epoch}", "attempt", str(run.id), epoch, PlaceState.ENDED, reason="crashed",
                          text="The agent's process ended with an error.", blame="agent", exit_code=1)  # fmt: skip
        reconcile.compare([ended])
        if epoch < 3:
            Run.objects.filter(id=run.id).update(not_before=None)
            assert starting.give(run.id) is not None
    assert fresh(run).phase == Phase.FAILED
    assert Request.objects.get(run=run, state="open").kind == RequestKind.FAILURE


def tree(exit_code: int, **cases: str) -> TreeResult:
    return TreeResult(exit_code=exit_code, seconds=1.0, cases=[TestCase(name=k, outcome=v) for k, v in cases.items()])


@pytest.fixture
def in_review(run: Run, hand: Hand, tmp_path: Path) -> Run:
    hand.step(Planned(plan=Plan(steps=[PlanStep(title="Add it", paths=["larkfield/new.py"])])), node="plan")
    head = push(tmp_path, run)
    hand.seal(head)
    hand.bye(AttemptState.SEALED, "sealed")
    seal.advance_all()
    finish_check(run, {"after": tree(0, a="passed", b="passed"), "base": tree(1, a="failed", b="passed")})
    seal.advance_all()
    return fresh(run)


def test_a_sealed_head_becomes_a_review_with_evidence_of_our_own(in_review: Run) -> None:
    assert in_review.phase == Phase.REVIEW
    proposal = Proposal.objects.get(run=in_review)
    assert proposal.evidence["f2p"] == ["a"]
    assert (proposal.evidence["p2p"], proposal.evidence["broken"]) == (1, [])
    assert proposal.evidence["beyond_plan"] == []
    assert Request.objects.get(run=in_review, state="open").kind == RequestKind.REVIEW


def test_only_the_head_that_was_seen_can_be_approved(in_review: Run, alice_acts: Actor) -> None:
    line = decide.decide(alice_acts, "m", Verb.MERGE, runs=[in_review.id], head="2" * 40).lines[0]
    assert line.fate == "rejected"
    assert fresh(in_review).phase == Phase.REVIEW


def test_an_approved_head_is_merged_once(in_review: Run, alice_acts: Actor, store: Store) -> None:
    proposal = Proposal.objects.get(run=in_review)
    line = decide.decide(
        alice_acts, "m", Verb.MERGE, runs=[in_review.id], head=proposal.head, digest=proposal.digest
    ).lines[0]
    assert line.fate == Fate.APPLIED
    merge.advance_all()
    merge.advance_all()
    assert fresh(in_review).phase == Phase.MERGED
    proposal.refresh_from_db()
    url = in_review.project.repositories.get().url
    heads = store.mirror(str(in_review.project.repositories.get().id), url)
    assert heads["main"] == proposal.merge_new
    assert Event.objects.filter(stream=in_review.stream, kind="merged").count() == 1


def test_a_review_sent_back_with_words_works_on_from_its_head(
    in_review: Run, alice_acts: Actor, tmp_path: Path
) -> None:
    head = in_review.head_commit
    decide.decide(alice_acts, "b", Verb.REDIRECT, runs=[in_review.id], words="Name it better.")
    assert fresh(in_review).phase == Phase.QUEUED
    again = starting.next_hand(in_review)
    assert again.welcome is not None
    assert again.welcome.fork is not None
    assert again.welcome.head_commit == head
    assert "Name it better." in again.welcome.fork.words
    assert not Proposal.objects.filter(run=in_review, void=False).exists()


@pytest.fixture
def make_reviewed(
    alice_acts: Actor, make_ticket: Callable[..., Ticket], tmp_path: Path
) -> Callable[[dict[str, str]], Run]:
    """Another run of another ticket, sealed with these files and in review."""

    def make(files: dict[str, str]) -> Run:
        other = intake.open_run(alice_acts, "other", make_ticket("The answer is another one here").id)
        assert starting.prepared(other)
        hand = starting.next_hand(other)
        hand.step()
        hand.seal(push(tmp_path, other, files))
        hand.bye(AttemptState.SEALED, "sealed")
        seal.advance_all()
        finish_check(other, {"after": tree(0, a="passed")})
        seal.advance_all()
        return other

    return make


def approve_and_merge(actor: Actor, *runs: Run) -> None:
    for one in runs:
        head = Proposal.objects.get(run=one, void=False).head
        decide.decide(actor, f"m{one.id}", Verb.MERGE, runs=[one.id], head=head)
        merge.advance_all()


def test_on_a_moved_base_the_tree_that_will_be_is_tested_before_the_branch_moves(
    in_review: Run, alice_acts: Actor, make_reviewed: Callable[[dict[str, str]], Run]
) -> None:
    other = make_reviewed({"larkfield/other.py": "OTHER = 1\n"})
    approve_and_merge(alice_acts, in_review, other)
    assert (fresh(in_review).phase, fresh(other).phase) == (Phase.MERGED, Phase.MERGING)
    finish_check(other, {"merged": tree(0, a="passed")})
    merge.advance_all()
    assert fresh(other).phase == Phase.MERGED


def test_tests_that_fail_on_the_moved_base_bring_the_review_back_with_the_reason(
    in_review: Run, alice_acts: Actor, make_reviewed: Callable[[dict[str, str]], Run]
) -> None:
    other = make_reviewed({"larkfield/other.py": "OTHER = 1\n"})
    approve_and_merge(alice_acts, in_review, other)
    finish_check(other, {"merged": tree(1, a="failed")})
    merge.advance_all()
    assert (fresh(other).phase, other.reason) == (Phase.REVIEW, "merged_tests_failed")
    assert Request.objects.get(run=other, state="open").kind == RequestKind.REVIEW
    assert Event.objects.filter(kind="merged").count() == 1


def test_two_proposals_of_the_same_lines_the_second_goes_back_to_its_agent_with_both_sides(
    in_review: Run, alice_acts: Actor, make_reviewed: Callable[[dict[str, str]], Run]
) -> None:
    other = make_reviewed({"larkfield/new.py": "ANSWER = 41\n"})
    approve_and_merge(alice_acts, in_review, other)
    assert fresh(in_review).phase == Phase.MERGED
    assert (fresh(other).phase, other.reason) == (Phase.QUEUED, "conflict")
    assert other.conflict["paths"] == ["larkfield/new.py"]
    told = starting.next_hand(other).welcome
    assert told is not None
    assert told.fork is None, "the agent brings both sides together first: a fork would come before it"
    assert told.conflict is not None
    assert told.conflict.theirs == Proposal.objects.get(run=in_review).merge_new


def test_a_seal_that_changes_nothing_ends_in_words(run: Run, hand: Hand, store: Store) -> None:
    hand.step()
    hand.seal(store.head(str(run.id)))
    seal.advance_all()
    assert (fresh(run).phase, run.reason) == (Phase.FAILED, "nothing_changed")


def test_a_failed_run_is_retried_as_a_new_run_of_the_same_ticket(
    run: Run, hand: Hand, alice_acts: Actor, store: Store
) -> None:
    hand.seal(store.head(str(run.id)))
    seal.advance_all()
    request = Request.objects.get(run=run, kind=RequestKind.FAILURE)
    assert decide.decide(alice_acts, "again", Verb.APPROVE, requests=[request.id]).lines[0].fate == Fate.APPLIED
    child = Run.objects.get(parent=run)
    assert (child.ticket_id, child.phase) == (run.ticket_id, Phase.QUEUED)
