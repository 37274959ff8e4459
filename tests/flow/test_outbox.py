"""Effects outside: an error that nobody foresaw is not repeated for ever, blocks its own key alone, and waits for the owner."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from quarterdeck.errors import Refused, TryLater
from quarterdeck.flow import actor, effects, outbox
from quarterdeck.record import fleet
from quarterdeck.record.effects import open_ones
from quarterdeck.record.models import Audit, Outbox, Person, Ticket
from testkit.waiting import until

pytestmark = pytest.mark.django_db


class Outside:
    """Does nothing but count, or raises what it is told to."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.broken: dict[str, Exception] = {}

    def __call__(self, body: dict[str, Any]) -> None:
        if body["n"] in self.broken:
            raise self.broken[body["n"]]
        self.done.append(body["n"])


@pytest.fixture
def outside() -> Iterator[Outside]:
    made = Outside()
    effects.DO["count"] = made
    yield made
    del effects.DO["count"]


def tries(count: int) -> None:
    for _ in range(count):
        Outbox.objects.filter(state="waiting").update(due_at=Now() - timedelta(seconds=1), lease_until=None)
        outbox.work()


def put(key: str, n: str) -> Outbox:
    outbox.put(key, "count", {"n": n})
    return Outbox.objects.get(body__n=n)


def test_what_breaks_again_and_again_is_stuck_and_holds_up_only_its_own_key(outside: Outside) -> None:
    first, second, other = put("a", "1"), put("a", "2"), put("b", "3")
    outside.broken["1"] = ZeroDivisionError("token=secret")
    tries(outbox.MAX_FAILURES + 3)
    first.refresh_from_db()
    assert (first.state, first.failures) == ("stuck", outbox.MAX_FAILURES)
    assert "ZeroDivisionError" in first.why
    assert "secret" not in first.why
    assert outside.done == ["3"], "not out of order"
    assert [(one.state, one.behind) for one in open_ones()] == [("stuck", 1), ("waiting", 0)]
    [source] = [one for one in fleet.fleet([]).sources if one.name == "Outbox"]
    assert (source.state, source.note.split(":")[0]) == ("broken", "1 stuck, 2 waiting")
    assert {second.key, other.key} == {"a", "b"}


def test_what_is_only_away_is_never_stuck(outside: Outside) -> None:
    row = put("a", "1")
    outside.broken["1"] = TryLater("The tracker is away.", after=1.0, reason="away")
    tries(20)
    row.refresh_from_db()
    assert (row.state, row.failures, row.tries) == ("waiting", 0, 20)


@pytest.mark.parametrize(
    ("act", "done", "state"), [(outbox.again, ["1", "2"], "done"), (outbox.drop, ["2"], "dropped")]
)
def test_the_owner_tries_it_again_or_drops_it_and_the_rest_goes_on(
    outside: Outside, alice: Person, act: Callable[..., None], done: list[str], state: str
) -> None:
    row, _ = put("a", "1"), put("a", "2")
    outside.broken["1"] = ZeroDivisionError()
    tries(outbox.MAX_FAILURES)
    outside.broken.clear()
    act(actor.person(alice), row.id)
    tries(1)
    row.refresh_from_db()
    assert (outside.done, row.state) == (done, state)
    assert Audit.objects.filter(object=f"effect:{row.id}").count() == 1
    with pytest.raises(Refused, match="not stuck"):
        act(actor.person(alice), row.id)


def test_an_effect_is_named_by_its_ticket_where_there_is_one(ticket: Ticket) -> None:
    outbox.put(f"tracker:{ticket.id}", "count", {"n": "1"})
    outbox.put("tracker:", "count", {"n": "2"})
    assert [one.ticket for one in open_ones()] == [ticket.key, ""]


@pytest.mark.django_db(transaction=True)
def test_the_lease_of_a_slow_effect_is_renewed_while_it_runs_and_none_is_made_for_one_that_was_let_go() -> None:
    row, gone = put("a", "1"), put("b", "2")
    Outbox.objects.filter(id=row.id).update(lease_until=Now())

    def renewed() -> bool:
        return Outbox.objects.filter(id=row.id, lease_until__gt=Now() + timedelta(seconds=30)).exists()

    with outbox.held(gone.id, every=0.001), outbox.held(row.id, every=0.1):
        until(renewed, 10, what="the lease to be renewed")
    gone.refresh_from_db()
    assert gone.lease_until is None
