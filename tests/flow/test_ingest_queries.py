"""What a step of an agent asks the database: each of thousands of steps pays for it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from deckwire.envelope import Batch
from deckwire.events import Noted
from quarterdeck.flow import ingest
from quarterdeck.record import ledger
from quarterdeck.record.models import Run
from testkit.hand import Hand

pytestmark = pytest.mark.django_db


def looked_up(queries: CaptureQueriesContext) -> int:
    return sum(one["sql"].startswith("SELECT") and 'FROM "record_event"' in one["sql"] for one in queries)


def test_a_batch_looks_once_for_repeats_and_a_step_without_events_never(hand: Hand) -> None:
    with CaptureQueriesContext(connection) as queries:
        hand.say(Noted(text="one"), Noted(text="two"))
    assert looked_up(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        hand.step()
    assert looked_up(queries) == 0


def test_an_event_told_twice_in_one_batch_is_one_line_and_one_effect(run: Run, hand: Hand) -> None:
    line = hand.number(Noted(text="once"))
    ingest.events(hand.bearer(), Batch(epoch=1, events=[line, line]))
    assert [one.body["text"] for one in ledger.after(run.stream, 0) if one.kind == "noted"] == ["once"]
