"""What an attempt reads back: all of it, but no more at once than we can hold, however often one part is named."""

import pytest

from deckwire.envelope import Recalled
from quarterdeck.flow import recall
from quarterdeck.record.models import Checkpoint, Part, Run
from testkit.hand import Hand

pytestmark = pytest.mark.django_db
LARGE = 5 * 1024 * 1024


@pytest.fixture
def history(run: Run, hand: Hand) -> None:
    """Thirty checkpoints of one large part: little to store, and a lot to tell."""
    Part.objects.create(run=run, digest="d" * 64, type="msgpack", data=b"x" * LARGE)
    for number in range(30):
        Checkpoint.objects.create(
            run=run, thread="main", checkpoint=f"c{number:02}", order=number, step=number, source="loop", graph_version=1,
            manifest={}, refs=["d" * 64], digest="e" * 64, epoch=1,
        )  # fmt: skip


def told(found: list[Recalled]) -> int:
    return sum(len(part.data) for one in found for part in one.parts)


def test_one_answer_tells_no_more_than_we_can_hold(history: None, hand: Hand) -> None:
    found = recall.many(hand.bearer(), None, None, "", 1000, None)
    assert found.more
    assert 0 < told(found.items) <= recall.MOST_BYTES


def test_who_asks_on_is_told_all(history: None, hand: Hand) -> None:
    names: list[str] = []
    while True:
        found = recall.many(hand.bearer(), None, None, names[-1] if names else "", 1000, None)
        names += [one.envelope.id for one in found.items]
        if not found.more:
            break
    assert names == [f"c{number:02}" for number in reversed(range(30))]


def test_one_checkpoint_is_told_however_large_it_is(history: None, hand: Hand, run: Run) -> None:
    Part.objects.filter(run=run).delete()
    refs = [f"{number:064}" for number in range(14)]
    Part.objects.bulk_create(Part(run=run, digest=ref, type="msgpack", data=b"x" * LARGE) for ref in refs)
    Checkpoint.objects.filter(run=run).update(refs=refs)
    found = recall.many(hand.bearer(), None, None, "", 2, None)
    assert [len(one.parts) for one in found.items] == [14]
