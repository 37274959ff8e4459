"""One dense order per stream, repeats dropped, poison kept in its place, two writers never in each other's way."""

import threading

import pytest
from django.db import connection, transaction

from deckwire.events import Noted, Ran, Said
from quarterdeck.errors import Refused
from quarterdeck.record import fences, ledger
from quarterdeck.record.ledger import Line
from quarterdeck.record.models import Event, Run, StreamHead

STREAM = "run:00000000-0000-7000-8000-000000000001"


def lines(*numbers: int, epoch: int = 1) -> list[Line]:
    return [Line(Said(text=f"line {n}"), actor="agent:1", epoch=epoch, n=n) for n in numbers]


def append(*args: object, **kwargs: object) -> int:
    with transaction.atomic():
        return ledger.append(STREAM, *args, **kwargs)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_events_are_numbered_from_one_without_a_hole() -> None:
    append(lines(1, 2))
    append(lines(3))
    assert [event.seq for event in ledger.after(STREAM, 0)] == [1, 2, 3]


@pytest.mark.django_db
def test_a_repeated_number_of_the_same_epoch_is_dropped_and_leaves_no_hole() -> None:
    append(lines(1, 2))
    assert append(lines(2, 3)) == 3
    assert [event.n for event in ledger.after(STREAM, 0)] == [1, 2, 3]


@pytest.mark.django_db
def test_a_number_twice_in_one_batch_is_one_event() -> None:
    assert append(lines(1, 1, 2)) == 2


@pytest.mark.django_db
def test_the_same_number_of_another_epoch_is_another_event() -> None:
    append(lines(1))
    assert append(lines(1, epoch=2)) == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "word"),
    [("a\0b", "NUL"), ("a\ud800b", "cannot be stored"), ("x" * 70_000, "more than")],
    ids=["nul", "lone surrogate", "over 64 KB"],
)
def test_poison_keeps_its_place_as_a_stub(text: str, word: str) -> None:
    append(
        [Line(Said(text="before"), "agent:1"), Line(Noted(text=text), "agent:1"), Line(Said(text="after"), "agent:1")]
    )
    found = ledger.after(STREAM, 0)
    assert [event.kind for event in found] == ["said", "quarantined", "said"]
    assert word in found[1].body["why"]


@pytest.mark.django_db
def test_not_a_number_is_stored_as_nothing_rather_than_refused() -> None:
    append([Line(Ran(command="x", exit_code=0, seconds=float("nan")), "agent:1")])
    assert ledger.after(STREAM, 0)[0].kind in {"ran", "quarantined"}


@pytest.mark.django_db(transaction=True)
def test_two_writers_at_once_leave_one_dense_order() -> None:
    def write(epoch: int) -> None:
        for n in range(1, 26):
            append(lines(n, epoch=epoch))
        connection.close()

    writers = [threading.Thread(target=write, args=(epoch,)) for epoch in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=60)
    assert [event.seq for event in ledger.after(STREAM, 0)] == list(range(1, 51))
    for epoch in (1, 2):
        mine = Event.objects.filter(stream=STREAM, epoch=epoch).order_by("seq").values_list("n", flat=True)
        assert list(mine) == list(range(1, 26))


@pytest.mark.django_db
def test_an_old_epoch_is_refused_where_it_would_have_written(run: Run) -> None:
    with transaction.atomic():
        fences.raise_epoch(run.id, 3)
    with pytest.raises(Refused) as no, transaction.atomic():
        fences.writing(run.id, 2)
    assert no.value.reason == "fenced"


@pytest.mark.django_db
def test_a_frozen_run_takes_no_ref_but_its_own_epoch_may_still_write_events(run: Run) -> None:
    with transaction.atomic():
        fences.raise_epoch(run.id, 1)
        fences.freeze(run.id, True)
    with pytest.raises(Refused) as no, fences.holding(run.id, 1):
        pytest.fail("the ref must not move")
    assert no.value.reason == "frozen"
    with transaction.atomic():
        assert fences.writing(run.id, 1).stream == run.stream


@pytest.mark.django_db(transaction=True)
def test_a_ref_update_holds_up_the_fence_until_it_is_done(run: Run) -> None:
    """A push that has passed the check finishes before the epoch rises: no ref moves under a newer epoch."""
    StreamHead.objects.filter(stream=run.stream).update(epoch=1)
    order: list[str] = []
    inside, raised = threading.Event(), threading.Event()

    def raise_it() -> None:
        inside.wait(10)
        raised.set()
        with transaction.atomic():
            fences.raise_epoch(run.id, 2)
            order.append("raised")
        connection.close()

    other = threading.Thread(target=raise_it)
    other.start()
    with fences.holding(run.id, 1):
        inside.set()
        raised.wait(10)
        order.append("ref moved")
    other.join(timeout=10)
    assert order == ["ref moved", "raised"]
