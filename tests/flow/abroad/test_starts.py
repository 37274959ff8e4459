"""What starts a run: an assignment, a label that is new, a status, a mention, a query; by whom, and what holds it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from quarterdeck.flow import copies, intake, outbox, polls, readiness, starts
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.heard import polled, told
from quarterdeck.outside.tracker.port import Change, Comment, Issue, Link
from quarterdeck.record import lists
from quarterdeck.record.models import Connection, Run, Ticket, TrackerAccount, Watch, Wish
from testkit.desk_abroad import ME, START, Abroad, issue, said

pytestmark = pytest.mark.django_db

SOON = START + timedelta(seconds=30)
Known = tuple[Connection, Watch, Abroad]


@pytest.fixture
def known(connection: Connection, watch: Watch, abroad: Abroad, rita: TrackerAccount) -> Known:
    """Issue 1 is known and nothing was asked of it."""
    see(connection, abroad, issue("1"))
    return connection, watch, abroad


def see(connection: Connection, abroad: Abroad, *issues: Issue, changes: tuple[Change, ...] = ()) -> None:
    abroad.put(*issues)
    heard = [replace(told(said("updated", one)), changes=changes) for one in issues]
    copies.take(connection, heard, ME.id)


def change(field: str, was: str, now: str, by: str = "rita") -> Change:
    return Change("c1", field, was, now, SOON, by.title(), by)


def due() -> None:
    Wish.objects.update(due_at=Now() - timedelta(seconds=1))


def test_an_assignment_to_our_account_starts_a_run(known: Known) -> None:
    connection, _, abroad = known
    see(connection, abroad, issue("1", 2, assignee_id=ME.id), changes=(change("assignee", "", ME.name),))
    assert starts.work() == 1
    assert Run.objects.get().ticket.external_id == "1"


def test_a_label_starts_only_when_it_is_new(known: Known) -> None:
    connection, _, abroad = known
    labels = (change("labels", "", "agent:implement"),)
    see(connection, abroad, issue("1", 2, labels=["agent:implement"]), changes=labels)
    assert starts.work() == 1
    Run.objects.update(phase="cancelled", finished_at=Now())
    see(connection, abroad, issue("1", 3, labels=["agent:implement"], title="Edited a little, and again"))
    assert starts.work() == 0


def test_the_label_says_how_it_is_worked(known: Known) -> None:
    connection, _, abroad = known
    see(connection, abroad, issue("1", 2, labels=["agent:plan"]), changes=(change("labels", "", "agent:plan"),))
    starts.work()
    assert Run.objects.get().config["dials"]["plan"] == "ask"


def test_a_poll_asks_the_log_who_did_it(known: Known) -> None:
    _connection, _, abroad = known
    abroad.log["1"] = [change("labels", "", "agent:implement")]
    abroad.put(issue("1", 2, labels=["agent:implement"]))
    assert polls.work() == 1
    assert starts.work() == 1
    assert Run.objects.get().opened_by is not None


def test_webhook_and_poll_of_one_change_start_one_run(known: Known) -> None:
    connection, _, abroad = known
    labelled = issue("1", 2, labels=["agent:implement"])
    see(connection, abroad, labelled, changes=(change("labels", "", "agent:implement"),))
    copies.take(connection, [polled(labelled)], ME.id)
    polls.work()
    assert starts.work() == 1
    assert Wish.objects.count() == 1


def test_our_own_doing_starts_nothing(known: Known) -> None:
    connection, _, abroad = known
    see(
        connection,
        abroad,
        issue("1", 2, labels=["agent:plan"]),
        changes=(change("labels", "", "agent:plan", by=ME.id),),
    )
    assert starts.work() == 0
    assert Wish.objects.count() == 0


def test_who_is_neither_linked_nor_allowed_starts_nothing_and_the_ticket_says_so(known: Known) -> None:
    connection, _, abroad = known
    by = (change("labels", "", "agent:implement", by="mallory"),)
    see(connection, abroad, issue("1", 2, labels=["agent:implement"]), changes=by)
    assert starts.work() == 0
    assert "Mallory asked for a run" in Ticket.objects.get().note
    assert not TrackerAccount.objects.get(account="mallory").allowed


def test_a_watcher_who_is_linked_may_not_start(known: Known, rita: TrackerAccount, bob: object) -> None:
    connection, _, abroad = known
    TrackerAccount.objects.create(connection=connection, account="bobby", person=bob)
    see(connection, abroad, issue("1", 2, assignee_id=ME.id), changes=(change("assignee", "", ME.name, by="bobby"),))
    assert starts.work() == 0


def test_who_names_somebody_else_as_reporter_starts_nothing_in_that_name(known: Known) -> None:
    connection, _, abroad = known
    made = {"labels": ["agent:implement"], "reporter_id": "rita", "creator": "Mallory"}
    see(
        connection,
        abroad,
        issue("2", at=SOON, **made, creator_id="mallory"),
        issue("3", at=SOON, **made, creator_id="rita"),
    )
    assert starts.work() == 1
    assert Run.objects.get().ticket.external_id == "3"
    assert "Mallory asked for a run" in Ticket.objects.get(external_id="2").note


def test_a_status_a_mention_and_a_query_start_too(known: Known) -> None:
    connection, watch, abroad = known
    Watch.objects.filter(id=watch.id).update(triggers={"statuses": ["Ready"], "mention": True, "jql": "labels = later"})
    see(connection, abroad, issue("1", 2, status="Ready"), changes=(change("status", "To Do", "Ready"),))
    word = Comment("9", "Rita", "@hand do this", SOON, "rita", mentions=[ME.id])
    see(connection, abroad, issue("2", 3, comments=[word]))
    copies.take(connection, [polled(issue("2", 3, comments=[word]))], ME.id)
    abroad.put(issue("3", 4))
    abroad.matches = {"3"}
    polls.work()
    assert starts.work() == 3
    assert sorted(Run.objects.values_list("ticket__external_id", flat=True)) == ["1", "2", "3"]


def test_the_first_look_at_a_tracker_starts_nothing(
    connection: Connection, watch: Watch, abroad: Abroad, rita: TrackerAccount
) -> None:
    Watch.objects.update(since=None)
    abroad.put(issue("1", 2, labels=["agent:implement"], assignee_id=ME.id, at=START + timedelta(days=20)))
    polls.work()
    assert Ticket.objects.count() == 1
    assert starts.work() == 0


def test_what_is_missing_is_asked_once_and_the_run_starts_when_it_is_there(known: Known) -> None:
    connection, _, abroad = known
    see(connection, abroad, issue("1", 2, assignee_id=ME.id, description="Do the thing. TBD"),
        changes=(change("assignee", "", ME.name),))  # fmt: skip
    assert starts.work() == 0
    due()
    assert starts.work() == 0
    outbox.work()
    assert abroad.written == [("comment", "1", "readiness")]
    assert "still to be decided" in abroad.marked["1", "readiness"]
    assert "Not ready" in Ticket.objects.get().note
    see(connection, abroad, issue("1", 3, assignee_id=ME.id))
    assert starts.work() == 1
    assert Ticket.objects.get().note == ""


def test_a_person_overrides_what_was_missing_and_it_is_neither_noted_nor_asked_again(
    known: Known, alice_acts: Actor
) -> None:
    connection, _, abroad = known
    see(connection, abroad, issue("1", 2, assignee_id=ME.id, description="Do the thing. TBD"),
        changes=(change("assignee", "", ME.name),))  # fmt: skip
    starts.work()
    ticket = Ticket.objects.get()
    view = lists.ticket(ticket.id, readiness.lacks, readiness.warns)
    assert view.note.startswith("Not ready: ")
    assert view.readiness.why in view.note
    intake.open_run(alice_acts, "all the same", ticket.id, force=True)
    assert lists.ticket(ticket.id, readiness.lacks, readiness.warns).note == ""
    due()
    assert starts.work() == 0
    assert (Wish.objects.get().state, Ticket.objects.get().note) == ("refused", "")
    assert Run.objects.count() == 1


def test_a_blocked_ticket_waits_and_says_for_what(known: Known) -> None:
    connection, _, abroad = known
    blocker = Link("is blocked by", "7", "SHIP-7", "First this", "In Progress", "doing")
    see(
        connection,
        abroad,
        issue("1", 2, assignee_id=ME.id, links=[blocker]),
        changes=(change("assignee", "", ME.name),),
    )
    assert starts.work() == 0
    assert Ticket.objects.get().note == "Waits for SHIP-7 (In Progress)."
    abroad.put(issue("1", 2, assignee_id=ME.id, links=[replace(blocker, status="Done", status_category="done")]))
    due()
    assert starts.work() == 1


def test_an_epic_is_not_worked_itself(known: Known) -> None:
    connection, _, abroad = known
    see(connection, abroad, issue("1", 2, kind="Epic", assignee_id=ME.id), changes=(change("assignee", "", ME.name),))
    assert starts.work() == 0
    assert "plan it into tickets" in Ticket.objects.get().note


def test_sub_tasks_are_worked_one_after_the_other(known: Known) -> None:
    connection, _watch, abroad = known
    Watch.objects.update(rules={"subtasks": "order"})
    links = [Link("sub-task", id, f"SHIP-{id}", "Part", "To Do", "todo") for id in ("21", "22")]
    see(connection, abroad, issue("21"), issue("22"))
    see(connection, abroad, issue("1", 2, assignee_id=ME.id, links=links), changes=(change("assignee", "", ME.name),))
    assert starts.work() == 1
    assert [run.ticket.external_id for run in Run.objects.all()] == ["21"]
    assert Ticket.objects.get(external_id="22").note == "Waits for SHIP-21 (To Do)."
    see(connection, abroad, issue("21", 5, status="Done", status_category="done"))
    due()
    assert starts.work() == 1


def test_a_query_that_matches_much_is_read_page_by_page_and_what_is_left_is_told(known: Known) -> None:
    connection, watch, abroad = known
    Watch.objects.filter(id=watch.id).update(triggers={"jql": "labels = later"})
    many = [issue(str(n)) for n in range(100, 112)]
    see(connection, abroad, *many)
    abroad.matches, abroad.page = {one.id for one in many}, 5
    polls.work()
    assert Wish.objects.filter(why="jql").count() == 12
    assert Watch.objects.get().matches_left == 0
    Wish.objects.all().delete()
    abroad.page = 1
    abroad.put(*[issue(str(n)) for n in range(200, 215)])
    abroad.matches |= {str(n) for n in range(200, 215)}
    Watch.objects.update(poll_due=Now() - timedelta(seconds=1))
    polls.work()
    assert Watch.objects.get().matches_left == 27 - polls.MOST_PAGES
    assert Wish.objects.filter(why="jql").count() == polls.MOST_PAGES


@pytest.mark.parametrize(
    ("text", "ready"),
    [
        ("Done when: the total is right in each country we ship to.", True),
        ("Definition of done\n- the total is right everywhere in the shop", True),
        ("Given a basket of two things\nWhen the customer pays\nThen one price is shown", True),
        ("Given that we like the colour of the shop very much today", False),
        ("The colour of the shop is blue and the sea is near.", False),
    ],
)
def test_what_says_when_it_is_done_is_read_in_the_words_that_people_use(known: Known, text: str, ready: bool) -> None:
    connection, _, abroad = known
    see(connection, abroad, issue("1", 2, title="A ticket of the shop", description=text))
    assert ("When is it done" not in " ".join(readiness.lacks(Ticket.objects.get()))) is ready


def test_everything_hidden_at_once_is_a_right_that_was_taken_and_stops_no_run(known: Known, alice_acts: Actor) -> None:
    connection, _, abroad = known
    see(connection, abroad, issue("2"), issue("3"))
    for ticket in Ticket.objects.all():
        intake.open_run(alice_acts, str(ticket.id), ticket.id, force=True)
    abroad.hidden = {"1", "2", "3"}
    Watch.objects.update(counted_at=None)
    polls.work()
    assert Ticket.objects.filter(deleted_at__isnull=False).count() == 0
    abroad.hidden = {"2"}
    Watch.objects.update(counted_at=None, poll_due=Now() - timedelta(seconds=1))
    polls.work()
    assert [one.external_id for one in Ticket.objects.filter(deleted_at__isnull=False)] == ["2"]
