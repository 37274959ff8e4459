"""What people and the world hand in wrongly ends in a clear state with words, and disturbs nothing else."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from deckwire.check import CheckReport, TreeResult
from deckwire.envelope import Batch, Hello, Numbered
from deckwire.events import Said
from deckwire.tokens import derive
from deckwire.words import AttemptState, Audience, Phase, RequestKind
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import board, checks, ingest, intake, reconcile, seal
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.repos.store import Store
from quarterdeck.record import ledger, tokens
from quarterdeck.record.models import Attempt, Check, Project, Proposal, Repository, Request, Run, Ticket
from testkit import starting
from testkit.hand import Hand, commit

pytestmark = pytest.mark.django_db


def admit(run: Run) -> None:
    starting.admitted()
    run.refresh_from_db()


def point_to(project: Project, url: str, **fields: str) -> None:
    Repository.objects.filter(project=project).update(url=url, **fields)


def failed_in_words(run: Run, reason: str) -> None:
    assert (run.phase, run.reason) == (Phase.FAILED, reason)
    assert run.reason_text
    assert run.remedy
    assert Request.objects.get(run=run, state="open").kind == RequestKind.FAILURE


def test_a_repository_that_does_not_exist_fails_the_run_and_no_other(
    run: Run, project: Project, store: Store, alice_acts: Actor, make_ticket: Callable[..., Ticket], tmp_path: Path
) -> None:
    other = Project.objects.create(slug="other", name="Other", key="OTHER")
    Repository.objects.create(project=other, url=str(tmp_path / "nowhere.git"))
    lost = Ticket.objects.create(project=other, tracker="board", external_id="o1", key="OTHER-1", title="x" * 20,
                                 description="It should be long enough to be ready for an agent")  # fmt: skip
    bad = intake.open_run(alice_acts, "bad", lost.id)
    admit(bad)
    failed_in_words(bad, "no_such_repository")
    run.refresh_from_db()
    assert run.phase == Phase.STARTING


def test_an_empty_repository_says_what_to_do(run: Run, project: Project, store: Store, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "empty.git")], check=True)
    point_to(project, str(tmp_path / "empty.git"))
    admit(run)
    failed_in_words(run, "empty_repository")


def test_a_branch_that_is_not_there_is_named(run: Run, project: Project, store: Store) -> None:
    Repository.objects.filter(project=project).update(branch="trunk")
    admit(run)
    failed_in_words(run, "no_such_branch")
    assert "trunk" in run.reason_text


def test_a_git_service_that_is_away_only_delays_the_run(run: Run, tmp_path: Path) -> None:
    from quarterdeck.outside import plugs
    from quarterdeck.outside.repos.client import RemoteRepos

    plugs.fit("repos", RemoteRepos(tmp_path / "nobody.sock"))
    try:
        admit(run)
    finally:
        plugs.fit("repos", None)
    assert run.phase == Phase.QUEUED


def sealed(hand: Hand, run: Run, tmp_path: Path) -> None:
    hand.step()
    hand.seal(commit(tmp_path / "repos" / "runs" / f"{run.id}.git", {"larkfield/new.py": "A = 1\n"}))
    hand.bye(AttemptState.SEALED, "sealed")
    seal.advance_all()


def test_a_project_without_tests_is_reviewed_with_evidence_that_says_so(
    run: Run, hand: Hand, project: Project, tmp_path: Path
) -> None:
    Repository.objects.filter(project=project).update(test="", report="")
    sealed(hand, run, tmp_path)
    seal.advance_all()
    run.refresh_from_db()
    assert run.phase == Phase.REVIEW
    evidence = Proposal.objects.get(run=run).evidence
    assert (evidence["verdict"], evidence["note"]) == ("none", "The project names no test command.")


def test_a_test_command_that_hangs_is_evidence_of_its_own(run: Run, hand: Hand, tmp_path: Path) -> None:
    sealed(hand, run, tmp_path)
    (order,) = [one for one in reconcile.compare([]) if isinstance(one, checks.CreateCheck)]
    told = checks.hello(Hello(secret=order.spec.secret, nonce="n"))
    bearer = tokens.find(derive(told.session, Audience.CHECK), Audience.CHECK)
    assert bearer is not None
    hung = TreeResult(exit_code=None, seconds=300.0, output="…")
    checks.report(
        bearer, CheckReport(trees={"after": hung, "base": hung}, note="The test command did not end within 300 s.")
    )
    seal.advance_all()
    run.refresh_from_db()
    evidence = Proposal.objects.get(run=run).evidence
    assert run.phase == Phase.REVIEW
    assert (evidence["verdict"], evidence["exit_code"]) == ("failed", None)
    assert "did not end" in evidence["note"]


def test_a_report_without_the_ordered_trees_passes_nothing(run: Run, hand: Hand, tmp_path: Path) -> None:
    sealed(hand, run, tmp_path)
    (order,) = [one for one in reconcile.compare([]) if isinstance(one, checks.CreateCheck)]
    told = checks.hello(Hello(secret=order.spec.secret, nonce="n"))
    bearer = tokens.find(derive(told.session, Audience.CHECK), Audience.CHECK)
    assert bearer is not None
    with pytest.raises(Refused):
        checks.report(bearer, CheckReport(trees={}))
    assert Check.objects.get(run=run).state == "running"


def test_a_check_whose_place_dies_each_time_is_broken_and_the_review_says_so(
    run: Run, hand: Hand, tmp_path: Path
) -> None:
    sealed(hand, run, tmp_path)
    for _ in range(checks.MAX_TRIES):
        reconcile.compare([])
        Check.objects.filter(run=run).update(place_uid="u")
        reconcile.compare([])
    seal.advance_all()
    run.refresh_from_db()
    assert run.phase == Phase.REVIEW
    assert Proposal.objects.get(run=run).evidence["verdict"] == "broken"


@pytest.mark.parametrize(
    ("error", "phase"),
    [
        (TryLater("No room.", reason="quota"), Phase.QUEUED),
        (Refused("No such image.", reason="image_pull_failed"), Phase.FAILED),
        (GaveUp("This machine has no bubblewrap.", reason="no_sandbox"), Phase.FAILED),
    ],
)
def test_a_place_that_cannot_be_made(attempt: Attempt, run: Run, error: Exception, phase: Phase) -> None:
    reconcile.not_created(attempt, error)  # type: ignore[arg-type]
    run.refresh_from_db()
    assert run.phase == phase
    assert run.reason_text == str(error)


def test_an_event_of_a_megabyte_is_kept_as_a_stub_and_the_next_one_follows(run: Run, hand: Hand) -> None:
    hand.say(Said(text="x" * 1_000_000), Said(text="after"))
    kinds = [event.kind for event in ledger.after(run.stream, 0)][-2:]
    assert kinds == ["quarantined", "said"]


def test_a_body_nested_two_hundred_deep_does_not_block_the_stream(run: Run, hand: Hand) -> None:
    deep: object = 1
    for _ in range(200):
        deep = [deep]
    sent = [
        Numbered(n=901, at=1.0, body={"kind": "dreamt", "deep": deep}),
        Numbered(n=902, at=1.0, body={"kind": "said", "text": "on"}),
    ]
    ingest.events(hand.bearer(), Batch(epoch=1, events=sent))
    assert [event.kind for event in ledger.after(run.stream, 0)][-2:] == ["quarantined", "said"]


def test_ten_thousand_comments_reach_the_agent_as_the_newest_fifty(
    attempt: Attempt, run: Run, alice_acts: Actor
) -> None:
    from quarterdeck.record.models import TicketComment

    TicketComment.objects.bulk_create(
        [TicketComment(ticket=run.ticket, author="Ida", body=f"n {i}") for i in range(10_000)]
    )
    told = Hand(attempt).hello()
    assert len(told.ticket.comments) == 50
    assert told.ticket.comments[-1] == "Ida: n 9999"


@pytest.mark.parametrize(
    ("field", "text"),
    [("title", "a\0b"), ("description", "left \u202e right \0 \ud800"), ("description", "𝕋icket with ⁠invisible words")],
)
def test_a_ticket_with_odd_characters_is_stored_and_runs(
    alice_acts: Actor, project: Project, field: str, text: str, store: Store
) -> None:
    values = {
        "title": "An ordinary title of a ticket",
        "description": "What should be different from today",
        field: text,
    }
    made = board.create_ticket(alice_acts, project.id, **values)  # type: ignore[arg-type]
    opened = intake.open_run(alice_acts, "k", made.id, force=True)
    admit(opened)
    assert opened.phase == Phase.STARTING


def test_a_ticket_of_ten_megabytes_is_refused_with_the_limit(alice_acts: Actor, project: Project) -> None:
    with pytest.raises(Refused) as no:
        board.create_ticket(alice_acts, project.id, title="Big", description="x" * 10_000_000)
    assert no.value.status in (413, 422)
    assert "200" in no.value.text
