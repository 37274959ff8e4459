"""A screen starts from one read: state and cursors belong together, and it costs the same however many runs there are."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from deckwire.events import Attempted, Committed, Decided, Edited, Moved, Ran, Resumed, Said
from deckwire.words import AttemptState, Phase, RequestKind
from quarterdeck.record import snapshot
from quarterdeck.record.models import Attempt, Command, Decision, Run
from testkit import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> rows.Cast:
    return rows.Cast()


def test_a_board_names_every_run_with_the_number_of_its_stream(cast: rows.Cast) -> None:
    run = rows.move(rows.run(rows.ticket(cast.lark), cast.alice), Phase.STARTING, Phase.WORKING)
    board = snapshot.board([cast.lark.id])
    assert [(one.id, one.seq) for one in board.runs] == [(str(run.id), 3)]
    assert board.heads[str(run.id)] == 3
    assert board.runs[0].owner == "Alice"


def test_a_board_holds_nothing_of_projects_that_were_not_asked_for(cast: rows.Cast) -> None:
    rows.ask(rows.run(rows.ticket(cast.other)))
    board = snapshot.board([cast.lark.id])
    assert board.runs == []
    assert board.requests == []
    assert [one.id for one in board.projects] == [str(cast.lark.id)]


def test_runs_that_ended_long_ago_leave_the_board(cast: rows.Cast) -> None:
    run = rows.move(rows.run(rows.ticket(cast.lark)), Phase.CANCELLED)
    assert len(snapshot.board([cast.lark.id]).runs) == 1
    Run.objects.filter(id=run.id).update(finished_at=datetime.now(UTC) - timedelta(days=8))
    assert snapshot.board([cast.lark.id]).runs == []


def approved(cast: rows.Cast, run: Run, kind: RequestKind, **asked: object) -> None:
    """Alice said yes to a request of this kind; the ledger says so too."""
    who = f"person:{cast.alice.id}"
    said = {"actor_type": "person", "actor": who, "person": cast.alice, "run": run, "verb": "approve"}
    decision = Decision.objects.create(key=str(uuid4()), batch=uuid4(), **said)
    rows.ask(run, kind, decision=decision, state="decided", **asked)
    Command.objects.create(
        run=run, n=run.commands.count() + 1, decision=decision, verb="approve", made_for_phase=run.phase
    )
    rows.say(run, Decided(verb="approve", by=who), actor=who)


def test_what_was_decided_before_says_what_it_was_about(cast: rows.Cast) -> None:
    run = rows.run(rows.ticket(cast.lark), cast.alice)
    approved(cast, run, RequestKind.PLAN)
    approved(cast, run, RequestKind.REVIEW, key=f"review/{'4f2c9e1'.ljust(40, '0')}")
    card = snapshot.board([cast.lark.id]).runs[0]
    assert [(one.verb, one.about, one.head[:7], one.by) for one in card.commands] == [
        ("approve", "plan", "", "Alice"), ("approve", "review", "4f2c9e1", "Alice"),
    ]  # fmt: skip
    assert card.last_line == "Alice approved"


def test_a_timeline_speaks_in_a_supervisors_words(cast: rows.Cast) -> None:
    run = rows.run(rows.ticket(cast.lark), cast.alice)
    lines = [Attempted(epoch=1, state=state) for state in ("created", "pending", "running", "parked")]
    rows.say(
        run, *lines, Committed(sha="4f2c9e1" + "0" * 33, step=3, title="Edit larkfield/song.py"), actor="rule:test"
    )
    rows.move(run, Phase.STARTING, Phase.WORKING, Phase.SEALING, Phase.REVIEW, Phase.PUBLISHING, reason="approved")
    rows.move(run, Phase.PUBLISHED, reason="published")
    rows.say(run, Moved(was="review", to="queued", reason="approval_void", by="rule:test"), actor="rule:test")
    said = [line.text for line in snapshot.run(run.id, [cast.lark.id]).timeline]
    assert said[1:6] == [
        "Attempt 1 asked for a place", "Attempt 1 waits for its place", "Attempt 1 has its place and began",
        "Attempt 1 gave its place back; its work is kept", "Committed 4f2c9e1: Edit larkfield/song.py",
    ]  # fmt: skip
    assert said[-3:] == ["Publishing", "Published", "Queued: the approval no longer covers what stands"]


def test_the_queries_do_not_grow_with_the_runs(cast: rows.Cast) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            snapshot.board([cast.lark.id])
        return len(caught)

    def one_more() -> None:
        run = rows.move(rows.run(rows.ticket(cast.lark), cast.alice), Phase.STARTING, Phase.WORKING, Phase.WAITING)
        rows.attempt(run)
        rows.ask(run)
        approved(cast, run, RequestKind.PLAN)
        rows.run(rows.ticket(cast.lark))

    one_more()
    few = queries()
    for _ in range(10):
        one_more()
    assert queries() == few


@pytest.mark.parametrize(
    ("phases", "kind", "attention", "actor"),
    [
        ([], None, "elsewhere", "Queued"),
        ([Phase.STARTING], None, "working", "Starting"),
        ([Phase.STARTING, Phase.WORKING, Phase.WAITING], RequestKind.PLAN, "needs-you", "Plan"),
        ([Phase.STARTING, Phase.WORKING, Phase.SEALING, Phase.REVIEW], RequestKind.REVIEW, "ready", "Review"),
        ([Phase.PAUSED], None, "paused", "Paused"),
        ([Phase.FAILED], RequestKind.FAILURE, "failed", "Retry or stop"),
        ([Phase.CANCELLED], None, "done", "Stopped"),
    ],
)
def test_who_must_act_follows_from_phase_and_request(
    cast: rows.Cast, phases: list[Phase], kind: RequestKind | None, attention: str, actor: str
) -> None:
    run = rows.move(rows.run(rows.ticket(cast.lark)), *phases)
    if kind:
        rows.ask(run, kind)
    card = snapshot.board([cast.lark.id]).runs[0]
    assert (card.attention, card.actor) == (attention, actor)


def test_a_delegated_request_is_somebody_elses(cast: rows.Cast) -> None:
    run = rows.move(rows.run(rows.ticket(cast.lark)), Phase.STARTING, Phase.WORKING, Phase.WAITING)
    rows.ask(run, state="delegated", delegate=cast.bob)
    board = snapshot.board([cast.lark.id])
    assert (board.runs[0].attention, board.runs[0].actor) == ("elsewhere", "Bob: question")
    assert (board.requests[0].to, board.requests[0].to_id) == ("Bob", str(cast.bob.id))


def test_an_attempt_that_missed_three_heartbeats_has_no_contact(cast: rows.Cast) -> None:
    run = rows.move(rows.run(rows.ticket(cast.lark)), Phase.STARTING, Phase.WORKING)
    rows.attempt(run)
    assert snapshot.board([cast.lark.id]).runs[0].attention == "working"
    Attempt.objects.filter(run=run).update(sign_at=datetime.now(UTC) - timedelta(seconds=16))
    assert snapshot.board([cast.lark.id]).runs[0].attention == "broken"


def test_a_failed_run_that_was_retried_asks_nobody_any_more(cast: rows.Cast) -> None:
    failed = rows.move(rows.run(rows.ticket(cast.lark)), Phase.FAILED)
    rows.run(failed.ticket, parent=failed)
    cards = {one.id: one for one in snapshot.board([cast.lark.id]).runs}
    assert (cards[str(failed.id)].attention, cards[str(failed.id)].actor) == ("done", "Retried")


def test_a_queued_run_says_what_it_waits_for(cast: rows.Cast) -> None:
    cast.lark.places = 1
    cast.lark.save()
    rows.attempt(rows.move(rows.run(rows.ticket(cast.lark)), Phase.STARTING), state=AttemptState.CREATED)
    first, second = (rows.run(rows.ticket(cast.lark)) for _ in range(2))
    cards = {one.id: one for one in snapshot.board([cast.lark.id]).runs}
    assert cards[str(first.id)].queue_reason == "Next in line; Project LARK has 1 of 1 places in use."
    assert cards[str(second.id)].queue_reason == f"1 ahead: {first.ticket.key}; Project LARK has 1 of 1 places in use."


def test_an_attempt_that_a_person_stopped_promises_no_next_start(cast: rows.Cast) -> None:
    run = rows.run(rows.ticket(cast.lark))
    rows.say(
        run, Attempted(epoch=1, state="fenced", reason="stopped"), Attempted(epoch=2, state="failed", reason="stopped")
    )
    lines = snapshot.run(run.id, [cast.lark.id]).timeline
    assert [one.text for one in lines][-2:] == [
        "Attempt 1 was stopped", "Attempt 2 stopped with Quarterdeck; the run goes on at its next start",
    ]  # fmt: skip


def test_a_run_whose_place_cannot_begin_says_why_at_once(cast: rows.Cast) -> None:
    run = rows.move(rows.run(rows.ticket(cast.lark)), Phase.STARTING)
    rows.attempt(run, state=AttemptState.PENDING, doing="waiting for the image app:1, which cannot be pulled")
    card = snapshot.board([cast.lark.id]).runs[0]
    assert card.last_line == "waiting for the image app:1, which cannot be pulled"
    assert card.queue_reason == "Waiting for the image app:1, which cannot be pulled."


def test_the_runs_page_has_the_newest_lines_in_order(cast: rows.Cast) -> None:
    run = rows.run(rows.ticket(cast.lark))
    rows.say(run, *[Said(text=f"thought {i}") for i in range(250)])
    page = snapshot.run(run.id, [cast.lark.id])
    assert [line.seq for line in page.timeline] == list(range(52, 252))
    assert page.timeline[-1].text == "thought 249"
    assert page.heads[str(run.id)] == 251


def test_a_resume_marks_what_the_older_attempt_said_after_the_checkpoint(cast: rows.Cast) -> None:
    run = rows.run(rows.ticket(cast.lark))
    rows.say(run, Said(text="kept"), Edited(path="a.py", added=1), Ran(command="pytest", exit_code=1, output="E  boom"))
    rows.say(run, Attempted(epoch=1, state="parked"), actor="rule:doors")
    rows.say(run, Resumed(epoch=2, checkpoint="c1", seq=2), actor="rule:doors", epoch=2)
    rows.say(run, Said(text="again"), epoch=2)
    lines = snapshot.run(run.id, [cast.lark.id]).timeline
    assert [(line.kind, line.undone) for line in lines] == [
        ("opened", False), ("said", False), ("edited", True), ("ran", True), ("attempted", False),
        ("resumed", False), ("said", False),
    ]  # fmt: skip
    assert lines[3].output == "E  boom"
    assert lines[5].resumed_at == 2


def test_a_line_belongs_to_the_step_that_is_being_made(cast: rows.Cast) -> None:
    run = rows.run(rows.ticket(cast.lark))
    rows.say(run, Said(text="a"), Committed(sha="a" * 40, step=1), Said(text="b"), Committed(sha="b" * 40, step=2))
    assert [line.step for line in snapshot.run(run.id, [cast.lark.id]).timeline] == [1, 1, 1, 2, 2]


@pytest.mark.django_db(transaction=True)
def test_rows_and_heads_come_from_one_moment(cast: rows.Cast) -> None:
    with snapshot.one_read(), connection.cursor() as cursor:
        cursor.execute("show transaction_isolation")
        assert cursor.fetchone() == ("repeatable read",)
        cursor.execute("show transaction_read_only")
        assert cursor.fetchone() == ("on",)
