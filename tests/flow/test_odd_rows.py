"""One attempt, check or place that is odd holds up itself alone: what an agent says last, a row of another version, a long name."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from deckwire.words import AttemptState, Phase
from quarterdeck.errors import TryLater
from quarterdeck.flow import actor, checks, intake, reconcile
from quarterdeck.outside.cluster.pods import reasons
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceState
from quarterdeck.outside.repos.store import Store
from quarterdeck.record.models import Attempt, Check, Run, Ticket
from testkit import starting

pytestmark = pytest.mark.django_db
Fleet = Callable[[int], list[Attempt]]


@pytest.fixture
def fleet(make_ticket: Callable[..., Ticket], alice_acts: actor.Actor, store: Store) -> Fleet:
    """So many attempts whose places run, and none of which has said hello."""

    def make(count: int) -> list[Attempt]:
        for number in range(count):
            intake.open_run(alice_acts, f"assign-{number}", make_ticket().id)
        starting.admitted()
        found = list(Attempt.objects.order_by("id"))
        assert len(found) == count
        for one in found:
            reconcile.created(one, place(one))
        return found

    return make


def place(attempt: Attempt, **more: Any) -> PlaceSeen:
    fields = {"name": attempt.place, "uid": f"u-{attempt.place}", "kind": "attempt", "run": str(attempt.run_id),
              "epoch": attempt.epoch, "state": PlaceState.RUNNING}  # fmt: skip
    return PlaceSeen(**{**fields, **more})


def died(attempt: Attempt, last_words: str) -> PlaceSeen:
    """As the cluster tells it: any process of a pod can write its container's termination message."""
    done = {"exitCode": 1, "reason": "Error", "message": last_words}
    return reasons.seen(
        {
            "metadata": {
                "name": attempt.place, "uid": f"u-{attempt.place}", "creationTimestamp": "2026-11-23T09:00:00Z",
                "labels": {"quarterdeck/kind": "attempt", "quarterdeck/run": str(attempt.run_id), "quarterdeck/epoch": "1"},
            },
            "status": {"phase": "Failed", "containerStatuses": [{"name": "agent", "state": {"terminated": done}}]},
        },
        datetime.now(UTC),
    )  # fmt: skip


def state(attempt: Attempt) -> tuple[str, str]:
    found = Attempt.objects.get(id=attempt.id)
    return found.state, found.reason


@pytest.mark.parametrize("words", ["good-bye \0", "\ud800", "x" * 5000])
def test_the_last_words_of_one_agent_hold_up_nobody(fleet: Fleet, words: str) -> None:
    hostile, honest = fleet(2)
    reconcile.compare([died(hostile, words), place(honest, state=PlaceState.ENDED, reason="oom", text="Too much.")])
    assert state(hostile) == (AttemptState.FAILED, "crashed")
    assert state(honest) == (AttemptState.FAILED, "oom")


def test_a_place_that_cannot_be_written_down_holds_up_nobody(fleet: Fleet) -> None:
    """Whatever a backend says: here a text that the record never takes."""
    odd, honest = fleet(2)
    broken = place(odd, state=PlaceState.ENDED, reason="oom", text="NUL \0 inside")
    reconcile.compare([broken, place(honest, state=PlaceState.ENDED, reason="oom", text="Too much.")])
    assert state(honest) == (AttemptState.FAILED, "oom")
    assert state(odd) == (AttemptState.LOST, "broken")
    assert Run.objects.get(id=odd.run_id).phase == Phase.QUEUED


def test_a_node_may_have_a_long_name(fleet: Fleet) -> None:
    (one,) = fleet(1)
    Attempt.objects.update(place_uid="")
    reconcile.compare([place(one, node="n" * 253)])
    assert Attempt.objects.get().node == "n" * 120


def test_a_run_whose_wishes_nobody_understands_holds_up_nobody(fleet: Fleet) -> None:
    """A newer version froze a field that this one does not know."""
    odd, honest = fleet(2)
    Attempt.objects.update(place_uid="", state=AttemptState.CREATED)
    run = Run.objects.get(id=odd.run_id)
    Run.objects.filter(id=run.id).update(config=run.config | {"place": {"gpus": 2}})
    (order,) = reconcile.compare([])
    assert isinstance(order, reconcile.Create)
    assert order.attempt.id == honest.id
    assert state(odd) == (AttemptState.LOST, "broken")


def test_a_check_whose_order_nobody_understands_holds_up_nobody(fleet: Fleet) -> None:
    (one,) = fleet(1)
    run = Run.objects.get(id=one.run_id)
    odd = Check.objects.create(run=run, order={"trees": {}})
    good = Check.objects.create(run=run, order={"seconds": 1, "trees": {}})
    orders = reconcile.compare([place(one)])
    assert [order.check for order in orders if isinstance(order, checks.CreateCheck)] == [good.id]
    odd.refresh_from_db()
    assert odd.state == "broken"
    assert "KeyError" in odd.note


LATE = TryLater("The agents' namespace is full.", after=5.0, reason="quota")


def test_a_late_refusal_ends_no_attempt_whose_place_another_reconciler_made(fleet: Fleet) -> None:
    """It was thought dead, and goes on with orders of long ago."""
    (one,) = fleet(1)
    reconcile.not_created(one, LATE)
    assert Attempt.objects.get().live
    assert Run.objects.get(id=one.run_id).phase == Phase.STARTING


def test_late_words_of_another_reconciler_end_no_check_and_name_no_place_of_an_earlier_try(fleet: Fleet) -> None:
    (one,) = fleet(1)
    check = Check.objects.create(run_id=one.run_id, order={"seconds": 1, "trees": {}})
    reconcile.compare([place(one)])
    check.refresh_from_db()
    checks.created(check.id, PlaceSeen("check-before", "u0", "check", "", 0, PlaceState.RUNNING))
    assert Check.objects.get().place_uid == ""
    checks.created(check.id, PlaceSeen(check.place, "u1", "check", "", 0, PlaceState.RUNNING))
    checks.not_created(check.id, LATE)
    assert (Check.objects.get().state, Check.objects.get().place_uid) == ("running", "u1")
