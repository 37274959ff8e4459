"""One contract for the board, over its rows and over their twin: looked at, commented once, never moved backwards."""

from datetime import UTC, datetime

import pytest

from quarterdeck.errors import Refused
from quarterdeck.flow import actor, board
from quarterdeck.outside.tracker.board import Board, BoardStore, MemoryStore
from quarterdeck.outside.tracker.memory import memory
from quarterdeck.outside.tracker.port import Issue
from quarterdeck.record.models import Event, Ticket, TicketComment
from testkit import rows, trackers


def issue(n: int) -> Issue:
    return Issue(
        id=f"b/{n:03}", key=f"LARK-{n}", title=f"Ticket {n}", description="", kind="Task", priority="Medium",
        status="To do", status_category="todo", reporter="Jonas", assignee="", labels=[], comments=[],
        updated=datetime(2026, 11, 1, tzinfo=UTC), version=1,
    )  # fmt: skip


def bench(tracker: Board, store: BoardStore) -> trackers.Bench:
    return trackers.Bench(
        tracker, "", lambda key: key, ["LARK-117", "LARK-118", "LARK-119"], "b/none",
        switched=lambda allowed: Board(store, allowed),
    )  # fmt: skip


class TestTheTwin(trackers.Contract):
    @pytest.fixture
    def bench(self) -> trackers.Bench:
        store = MemoryStore([issue(n) for n in range(1, 121)])
        return bench(Board(store), store)


@pytest.mark.django_db
class TestTheRows(trackers.Contract):
    @pytest.fixture
    def tracker(self, db: None) -> Board:
        project = rows.project()
        for n in range(1, 121):
            rows.ticket(project, key=f"LARK-{n}", external_id=f"b/{n:03}", title=f"Ticket {n}")
        return board.tracker()

    @pytest.fixture
    def bench(self, tracker: Board) -> trackers.Bench:
        return bench(tracker, board.Rows())

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


def test_a_search_looks_in_key_and_title() -> None:
    tracker = memory([issue(n) for n in range(1, 121)])
    assert [one.key for one in tracker.search("lark-117").issues] == ["LARK-117"]
    assert tracker.search("nothing of the sort").issues == []


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
