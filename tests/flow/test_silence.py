"""Who is silent for a lease is lost; but most of many at once are short of breath, and are waited for."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db.models.functions import Now

from deckwire.words import AttemptState
from quarterdeck.flow import actor, intake, reconcile
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceState
from quarterdeck.record.models import Attempt, DoorsOpen, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def open_doors() -> None:
    DoorsOpen.objects.update_or_create(name="doors", defaults={"since": Now() - timedelta(hours=1), "seen": Now()})


@pytest.fixture
def fleet(make_ticket: Callable[..., Ticket], alice_acts: actor.Actor) -> Callable[[int], list[PlaceSeen]]:
    """So many attempts at work, each in a place that runs."""

    def make(count: int) -> list[PlaceSeen]:
        places = []
        for number in range(count):
            run = intake.open_run(alice_acts, f"assign-{number}", make_ticket().id)
            made = Attempt.objects.create(
                run=run, epoch=1, place=f"run-{number}", place_uid=f"u{number}", state="running"
            )
            Attempt.objects.filter(id=made.id).update(sign_at=Now())
            places.append(PlaceSeen(made.place, made.place_uid, "attempt", str(run.id), 1, PlaceState.RUNNING))
        return places

    return make


def silent(count: int, leases: float) -> None:
    """The first so many have said nothing for so many leases."""
    chosen = Attempt.objects.order_by("id").values_list("id", flat=True)[:count]
    Attempt.objects.filter(id__in=list(chosen)).update(
        sign_at=Now() - timedelta(seconds=leases * settings.LEASE_SECONDS)
    )


def lost() -> int:
    return Attempt.objects.filter(state=AttemptState.LOST, reason="silent").count()


@pytest.mark.parametrize(("many", "quiet"), [(1, 1), (9, 9), (30, 15)])
def test_who_is_silent_for_a_lease_is_lost(fleet: Callable[[int], list[PlaceSeen]], many: int, quiet: int) -> None:
    places = fleet(many)
    silent(quiet, 1.5)
    reconcile.compare(places)
    assert lost() == quiet


def test_most_of_many_who_fall_silent_together_are_waited_for_and_lost_in_the_end(
    fleet: Callable[[int], list[PlaceSeen]],
) -> None:
    places = fleet(15)
    silent(11, 3.5)
    reconcile.compare(places)
    assert lost() == 0
    silent(11, 4.5)
    reconcile.compare(places)
    assert lost() == 11
