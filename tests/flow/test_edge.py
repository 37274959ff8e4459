"""A worker's edge: one row that waits or breaks holds up nobody else; a record that is away is no row's fault."""

from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, OperationalError

from quarterdeck.errors import GaveUp, TryLater
from quarterdeck.flow import edge


@pytest.mark.parametrize("fault", [TryLater("busy"), GaveUp("no"), ZeroDivisionError(), IntegrityError()])
def test_one_that_waits_or_breaks_does_not_hold_up_the_others(fault: Exception) -> None:
    first, odd, last = uuid4(), uuid4(), uuid4()
    seen: list[UUID] = []

    def advance(one: UUID) -> bool:
        seen.append(one)
        if one == odd:
            raise fault
        return True

    assert edge.each("merge", [first, odd, last], advance) == 2
    assert seen == [first, odd, last]


def test_a_record_that_is_away_ends_the_pass_and_no_row_is_blamed() -> None:
    blamed: list[str] = []

    def act() -> int:
        raise OperationalError("the server closed the connection")

    with pytest.raises(OperationalError):
        edge.guarded("news", act, lambda why: blamed.append(why) or 0)
    assert blamed == []


def test_what_nobody_foresaw_is_told_by_its_kind_and_never_by_its_text(caplog: pytest.LogCaptureFixture) -> None:
    def act() -> int:
        raise ValueError("Bearer sk-canary")

    told: list[str] = []
    assert edge.guarded("outbox comment", act, lambda why: told.append(why) or 7) == 7
    assert "ValueError" in told[0]
    assert "sk-canary" not in told[0]
    assert "outbox comment failed" in caplog.text
