"""What the tracker hears of a run: one status comment, questions and results of their own, in order, through an outage."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from deckwire.requests import Ask
from deckwire.words import Phase, RequestKind
from quarterdeck.errors import Refused, TryLater
from quarterdeck.flow import asks, effects, intake, outbox, report
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.tracker.port import Link
from quarterdeck.record import ledger, lifecycle
from quarterdeck.record.models import Connection, Outbox, Proposal, Report, Request, Run, Ticket, Watch
from testkit.desk_abroad import Abroad, issue

pytestmark = pytest.mark.django_db


@pytest.fixture
def live(taken: Callable[..., Ticket], alice_acts: Actor) -> Run:
    return intake.open_run(alice_acts, "k", taken(issue("1")).id)


def go(run: Run, to: Phase) -> None:
    lifecycle.move(lifecycle.hold(run.id), to, reason="test", by="rule:test")


def all_due() -> None:
    Outbox.objects.filter(state="waiting").update(due_at=Now() - timedelta(seconds=1))
    Connection.objects.update(writes_quiet_until=None)


def told(abroad: Abroad) -> list[str]:
    return [words[-1] for words in abroad.written]


def test_one_status_comment_is_edited_in_place_and_changes_ride_together(live: Run, abroad: Abroad) -> None:
    report.work()
    outbox.work()
    assert told(abroad) == ["doing", "status"]
    assert "Queued" in abroad.marked["1", "status"]
    for phase in (Phase.STARTING, Phase.WORKING, Phase.PAUSED):
        go(live, phase)
        report.work()
    outbox.work()
    assert told(abroad) == ["doing", "status"], "ten seconds are not over"
    all_due()
    outbox.work()
    assert told(abroad) == ["doing", "status", "status"]
    assert "Paused" in abroad.marked["1", "status"]
    report.work()
    all_due()
    outbox.work()
    assert told(abroad).count("status") == 2, "nothing new to say"


def test_a_question_and_a_result_are_comments_of_their_own_once(live: Run, abroad: Abroad) -> None:
    ask = Ask(kind=RequestKind.QUESTION, ask="Round half up or half even?")
    row = Request.objects.create(
        id=asks.request_id(live.id, "i", 0), run=live, kind="question", interrupt="i", body=ask.model_dump(mode="json")
    )
    go(live, Phase.STARTING)
    for _ in range(3):
        report.work()
        all_due()
        outbox.work()
    go(live, Phase.FAILED)
    for _ in range(3):
        report.work()
        all_due()
        outbox.work()
    comments = [words[2] for words in abroad.written if words[0] == "comment" and words[2] != "status"]
    assert comments == [f"question:{row.id}", f"result:{live.id}"]
    assert "half even" in abroad.marked["1", f"question:{row.id}"]


def test_a_status_that_tells_of_more_than_was_looked_at_hides_none_of_it(live: Run, abroad: Abroad) -> None:
    """It is worded when it is written: what happened since it was asked for stands in it, and still has comments of its own."""
    report.work()
    go(live, Phase.STARTING)
    go(live, Phase.FAILED)
    all_due()
    outbox.work()
    assert "Failed" in abroad.marked["1", "status"]
    report.work()
    all_due()
    outbox.work()
    assert [words[2] for words in abroad.written if words[0] == "comment" and words[2] != "status"] == [
        f"result:{live.id}"
    ]


def test_everything_can_be_switched_off(live: Run, abroad: Abroad) -> None:
    Watch.objects.update(writes={"status": False, "comment": False, "transition": False, "link": False})
    report.work()
    outbox.work()
    go(live, Phase.FAILED)
    report.work()
    all_due()
    outbox.work()
    assert abroad.written == []
    assert Outbox.objects.filter(state="waiting").count() == 0


def test_what_the_tracker_refuses_stands_on_the_ticket(live: Run, abroad: Abroad) -> None:
    abroad.down = Refused("Resolution is required.", reason="screen_fields", status=422)
    outbox.work()
    assert Ticket.objects.get().note == "Not written to the tracker (transition): Resolution is required."


def test_an_hour_without_the_tracker_loses_nothing_and_doubles_nothing(live: Run, abroad: Abroad) -> None:
    abroad.down = TryLater("Jira does not answer.", after=30, reason="tracker")
    for n in range(5):
        body = {"ticket": str(live.ticket_id), "marker": f"m{n}", "text": f"words {n}"}
        outbox.put(f"tracker:{live.ticket_id}", "comment", body)
    for _ in range(20):  # an hour of tries
        all_due()
        outbox.work()
    assert abroad.written == []
    assert set(Outbox.objects.values_list("state", flat=True)) == {"waiting"}
    abroad.down = None
    for _ in range(3):
        all_due()
        outbox.work()
    assert told(abroad) == ["doing", "m0", "m1", "m2", "m3", "m4"]


def test_a_rate_limit_keeps_the_other_tickets_from_asking_too(
    live: Run, abroad: Abroad, connection: Connection
) -> None:
    abroad.down = TryLater("Too many.", after=30, reason="rate:jira-burst-based")
    outbox.work()
    abroad.down = None
    outbox.put("tracker:other", "comment", {"ticket": str(live.ticket_id), "marker": "m", "text": "words"})
    outbox.work()
    assert abroad.written == []
    all_due()
    outbox.work()
    assert len(abroad.written) == 2


def test_a_ticket_has_a_budget_of_writes(live: Run, abroad: Abroad) -> None:
    key = f"tracker-status:{live.ticket_id}"
    Outbox.objects.bulk_create(
        [Outbox(key=key, kind="status", state="done", done_at=Now()) for _ in range(effects.STATUS_BUDGET)]
    )
    report.work()
    outbox.work()
    assert told(abroad) == ["doing"], "what asks or moves still goes, the status waits"
    assert Outbox.objects.get(key=key, state="waiting").why.startswith("This ticket was written to often")


def test_a_worker_that_died_after_the_write_writes_the_same_again_in_place(live: Run, abroad: Abroad) -> None:
    report.work()
    outbox.work()
    Outbox.objects.filter(kind="status").update(state="waiting", due_at=Now() - timedelta(seconds=1))
    Report.objects.update(digest="")
    outbox.work()
    assert len([key for key in abroad.marked if key[1] == "status"]) == 1
    assert report.work() == 0, "nothing new to say"
    assert ledger.heads([live.stream])[live.stream] == Report.objects.get().seq


def test_a_run_whose_report_breaks_us_leaves_the_others_told(
    taken: Callable[..., Ticket], live: Run, alice_acts: Actor
) -> None:
    other = intake.open_run(alice_acts, "other", taken(issue("2")).id)
    report.work()
    Outbox.objects.all().delete()
    Report.objects.filter(run=live.id).update(told=7, seq=0)  # of no form that any version wrote
    Report.objects.filter(run=other.id).update(digest="", seq=0)
    assert report.work() == 1
    assert Outbox.objects.get().body["run"] == str(other.id)


def test_a_parents_status_tells_how_far_its_sub_tasks_are(
    taken: Callable[..., Ticket], abroad: Abroad, alice_acts: Actor
) -> None:
    links = [Link("sub-task", id, f"SHIP-{id}", "Part", "Done" if id == "4" else "To Do", "done" if id == "4" else "todo")
             for id in ("2", "3", "4")]  # fmt: skip
    rows = [issue("1", links=links), issue("2"), issue("3"), issue("4", status="Done", status_category="done")]
    taken(*rows)
    for id in ("1", "2"):
        intake.open_run(alice_acts, id, Ticket.objects.get(external_id=id).id)
    report.work()
    outbox.work()
    assert "Sub-tasks: 1 done, 1 with an agent, 1 to do." in abroad.marked["1", "status"]
    assert "Sub-tasks" not in abroad.marked["2", "status"]


def test_the_proposal_is_linked_once_and_its_title_follows_the_run(live: Run, abroad: Abroad) -> None:
    Proposal.objects.create(run=live, head="a" * 40, base="b" * 40, branch="main", digest="d", stats={})
    for phase in (Phase.STARTING, Phase.WORKING, Phase.SEALING, Phase.REVIEW):
        go(live, phase)
    for _ in range(3):
        report.work()
        all_due()
        outbox.work()
    assert [words for words in abroad.written if words[0] == "link"] == [("link", "1", f"quarterdeck-run={live.id}")]
    url, title = abroad.links["1", f"quarterdeck-run={live.id}"]
    assert (title, str(live.id) in url) == ("Quarterdeck: ready for review, aaaaaaa", True)
    go(live, Phase.PUBLISHING)
    report.work()
    outbox.work()
    assert abroad.links["1", f"quarterdeck-run={live.id}"][1] == "Quarterdeck: publishing, aaaaaaa"
    assert len(abroad.links) == 1
