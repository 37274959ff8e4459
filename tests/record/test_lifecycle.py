"""Every pair of phases: it moves and leaves one event and one audit row, or refuses and leaves none."""

import itertools

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from deckwire.words import ENDS, Phase
from quarterdeck.errors import Refused
from quarterdeck.record import ledger, lifecycle
from quarterdeck.record.models import Audit, Event, Run

pytestmark = pytest.mark.django_db


def put(run: Run, phase: Phase) -> Run:
    Run.objects.filter(id=run.id).update(phase=phase, finished_at=Now() if phase in ENDS else None)
    run.refresh_from_db()
    return run


@pytest.mark.parametrize(("was", "to"), list(itertools.product(Phase, Phase)))
def test_a_pair_of_phases_moves_with_one_event_or_refuses_with_none(run: Run, was: Phase, to: Phase) -> None:
    put(run, was)
    events, audits = Event.objects.filter(stream=run.stream).count(), Audit.objects.count()
    if to in lifecycle.NEXT[was]:
        with transaction.atomic():
            lifecycle.move(lifecycle.hold(run.id), to, reason="test", by="rule:test")
        run.refresh_from_db()
        assert run.phase == to
        assert (run.finished_at is not None) == (to in ENDS)
        newest = Event.objects.filter(stream=run.stream).order_by("seq").last()
        assert newest is not None
        assert (newest.kind, newest.body["was"], newest.body["to"]) == ("moved", was, to)
        added = 1
    else:
        with pytest.raises(Refused), transaction.atomic():
            lifecycle.move(lifecycle.hold(run.id), to, reason="test", by="rule:test")
        run.refresh_from_db()
        assert run.phase == was
        added = 0
    assert Event.objects.filter(stream=run.stream).count() == events + added
    assert Audit.objects.count() == audits + added


def test_from_every_open_phase_an_end_can_be_reached() -> None:
    for phase in Phase:
        assert phase in ENDS or ENDS & lifecycle.NEXT[phase]


def test_no_end_has_a_way_out() -> None:
    assert all(not lifecycle.NEXT[end] for end in ENDS)


def test_the_database_refuses_an_end_without_its_time(run: Run) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(id=run.id).update(phase=Phase.MERGED)


def test_the_database_refuses_a_phase_nobody_knows(run: Run) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(id=run.id).update(phase="asleep")


def test_the_database_refuses_a_second_open_run_of_a_ticket(run: Run) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.create(ticket=run.ticket, project=run.project)


def test_a_second_run_may_open_when_the_first_has_ended(run: Run) -> None:
    put(run, Phase.FAILED)
    Run.objects.create(ticket=run.ticket, project=run.project)
    assert ledger.heads([run.stream])[run.stream] >= 1
