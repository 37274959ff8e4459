"""One contract for the board, over its rows and over their twin: looked at, commented once, never moved backwards."""

from datetime import UTC, datetime, timedelta

import pytest

from quarterdeck.errors import Refused
from quarterdeck.flow import actor, board
from quarterdeck.outside.tracker.board import Board, MemoryStore
from quarterdeck.outside.tracker.memory import memory
from quarterdeck.outside.tracker.port import Issue
from quarterdeck.record.models import Event, Ticket, TicketComment
from testkit import rows


def issue(n: int) -> Issue:
    return Issue(
        id=f"b/{n:03}", key=f"LARK-{n}", title=f"Ticket {n}", description="", kind="Task", priority="Medium",
        status="To do", status_category="todo", reporter="Jonas", assignee="", labels=[], comments=[],
        updated=datetime(2026, 11, 1, tzinfo=UTC), version=1,
    )  # fmt: skip


class Contract:
    """What every tracker must do; each class below brings a tracker with LARK-1 to LARK-120 on it."""

    @pytest.fixture
    def tracker(self) -> Board:
        raise AssertionError("each class brings its own")

    def test_a_search_goes_through_all_pages_and_then_ends(self, tracker: Board) -> None:
        seen, cursor, last = [], "", False
        while not last:
            page = tracker.search("", cursor)
            seen += [one.id for one in page.issues]
            cursor, last = page.cursor, page.last
        assert len(seen) == len(set(seen)) == 120

    def test_a_search_looks_in_key_and_title(self, tracker: Board) -> None:
        assert [one.key for one in tracker.search("lark-117").issues] == ["LARK-117"]
        assert tracker.search("nothing of the sort").issues == []

    def test_what_is_not_there_is_refused(self, tracker: Board) -> None:
        with pytest.raises(Refused) as no:
            tracker.fetch("b/none")
        assert no.value.reason == "no_such_ticket"
        with pytest.raises(Refused):
            tracker.comment("b/none", "m", "text")

    def test_a_comment_with_one_marker_is_one_comment(self, tracker: Board) -> None:
        id = tracker.search("LARK-117").issues[0].id
        first = tracker.comment(id, "run-1", "Working")
        assert tracker.comment(id, "run-1", "Done") == first
        assert tracker.comment(id, "run-2", "Working") != first

    def test_a_ticket_moves_forward_once_and_never_back(self, tracker: Board) -> None:
        id = tracker.search("LARK-117").issues[0].id
        before = tracker.fetch(id).version
        assert tracker.transition(id, "doing") is True
        assert tracker.transition(id, "doing") is False
        assert tracker.transition(id, "done") is True
        assert tracker.transition(id, "todo") is False
        assert (tracker.fetch(id).status_category, tracker.fetch(id).version > before) == ("done", True)

    def test_what_changed_is_asked_with_an_overlap(self, tracker: Board) -> None:
        newest = tracker.search("LARK-117").issues[0].updated
        assert tracker.changed_since("LARK-117", newest + timedelta(minutes=3)).issues
        assert tracker.changed_since("LARK-117", newest + timedelta(minutes=3), timedelta(minutes=1)).issues == []

    def test_many_are_fetched_at_once_without_those_that_are_not_there(self, tracker: Board) -> None:
        found = tracker.fetch_many(["b/002", "b/none", "b/001", "b/002"])
        assert sorted(one.id for one in found) == ["b/001", "b/002"]

    def test_a_query_is_counted(self, tracker: Board) -> None:
        assert (tracker.count(""), tracker.count("LARK-117"), tracker.count("nothing of the sort")) == (120, 1, 0)

    def test_it_says_what_it_cannot_do(self, tracker: Board) -> None:
        assert "worklog" not in tracker.can
        with pytest.raises(Refused) as no:
            tracker.worklog("b/001", "run-1", 60, "Worked", datetime(2026, 11, 1, tzinfo=UTC))
        assert no.value.reason == "cannot"

    def test_the_board_needs_no_connection(self, tracker: Board) -> None:
        assert [ok for _, ok, _ in tracker.test()] == [True]


class TestTheTwin(Contract):
    @pytest.fixture
    def tracker(self) -> Board:
        return memory([issue(n) for n in range(1, 121)])


@pytest.mark.django_db
class TestTheRows(Contract):
    @pytest.fixture
    def tracker(self, db: None) -> Board:
        project = rows.project()
        for n in range(1, 121):
            rows.ticket(project, key=f"LARK-{n}", external_id=f"b/{n:03}", title=f"Ticket {n}")
        return board.tracker()

    def test_a_marked_comment_is_edited_in_place_and_told(self, tracker: Board) -> None:
        for body in ("Working", "Done"):
            tracker.comment("b/001", "run-1", body)
        assert list(TicketComment.objects.values_list("author", "body")) == [("Quarterdeck", "Done")]
        ticket = Ticket.objects.get(external_id="b/001")
        assert Event.objects.filter(stream=f"project:{ticket.project_id}", kind="changed").count() == 2

    def test_a_link_is_kept_once_for_each_global_id(self, tracker: Board) -> None:
        for url in ("/runs/1", "/runs/2"):
            tracker.link("b/001", "run", url, "Run")
        assert Ticket.objects.get(external_id="b/001").raw["links"] == {"run": {"url": "/runs/2", "title": "Run"}}


def test_a_write_that_was_switched_off_is_refused() -> None:
    tracker = Board(MemoryStore([issue(1)]), allowed=frozenset({"comment"}))
    tracker.comment("b/001", "run-1", "Working")
    for write in (lambda: tracker.transition("b/001", "doing"), lambda: tracker.link("b/001", "g", "/", "Run")):
        with pytest.raises(Refused) as no:
            write()
        assert no.value.reason == "switched_off"


def test_somebody_who_moves_a_ticket_in_between_is_not_overruled() -> None:
    class Racing(MemoryStore):
        """Another hand moves the ticket to done right before ours."""

        def set_category(self, id: str, was: str, category: str) -> bool:
            super().set_category(id, was, "done")
            return super().set_category(id, was, category)

    tracker = Board(Racing([issue(1)]))
    assert tracker.transition("b/001", "doing") is False
    assert tracker.fetch("b/001").status_category == "done"


@pytest.mark.django_db
def test_a_key_that_came_from_elsewhere_is_not_given_again() -> None:
    project, alice = rows.project(), actor.person(rows.person("alice"))
    rows.ticket(project, key="LARK-1")
    rows.ticket(project, key="LARK-2")
    made = board.create_ticket(alice, project.id, title="Third")
    assert made.key == "LARK-3"
    assert board.create_ticket(alice, project.id, title="Fourth").key == "LARK-4"


@pytest.mark.django_db
def test_hidden_characters_stay_where_somebody_put_them() -> None:
    project, alice = rows.project(), actor.person(rows.person("alice"))
    made = board.create_ticket(alice, project.id, title="Pay\u202enow\u200b", description="a\r\nb\0c")
    assert (made.title, made.description) == ("Pay\u202enow\u200b", "a\nbc")


@pytest.mark.django_db
def test_a_ticket_of_another_tracker_is_edited_there() -> None:
    ticket = rows.ticket(rows.project())
    Ticket.objects.filter(id=ticket.id).update(tracker="jira")
    with pytest.raises(Refused) as no:
        board.edit_ticket(actor.person(rows.person("alice")), ticket.id, title="Mine")
    assert no.value.reason == "not_ours"
