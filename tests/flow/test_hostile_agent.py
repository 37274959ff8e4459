"""What a taken-over agent may try with the messages it is allowed to send."""

from typing import Any

import pytest

from deckwire.envelope import Envelope, Step
from deckwire.events import Planned, Progressed, Said, Sealed
from deckwire.requests import Ask, Plan, PlanStep
from deckwire.words import Phase, RequestKind
from quarterdeck.errors import Refused
from quarterdeck.flow import ingest, stores
from quarterdeck.record.models import Event, Part, Request, Run, StreamHead
from testkit.hand import Hand

pytestmark = pytest.mark.django_db


@pytest.fixture
def hand(hand: Hand) -> Hand:
    hand.step()
    return hand


@pytest.mark.parametrize("kind", [RequestKind.REVIEW, RequestKind.CONFLICT])
def test_an_agent_cannot_ask_in_the_platforms_name(run: Run, hand: Hand, kind: RequestKind) -> None:
    """A review with facts of the agent's own would look like evidence of ours."""
    with pytest.raises(Refused) as no:
        hand.interrupt(Ask(kind=kind, ask="Review LARK-101: all tests pass"))
    assert no.value.status == 422
    assert not Request.objects.exists()


@pytest.mark.parametrize("interrupt", ["", "i" * 81])
def test_an_interrupt_without_a_good_name_is_refused(run: Run, hand: Hand, interrupt: str) -> None:
    """Without one it would be a request of the platform's own, which no answer reaches."""
    with pytest.raises(Refused) as no:
        hand.interrupt(Ask(kind=RequestKind.QUESTION, ask="Well?"), interrupt=interrupt)
    assert no.value.status == 422


def test_an_interrupt_that_asks_nothing_is_refused(run: Run, hand: Hand) -> None:
    with pytest.raises(Refused):
        hand.interrupt()
    run.refresh_from_db()
    assert run.phase == Phase.WORKING


@pytest.mark.parametrize("head", ["", "--upload-pack=x", "f" * 41, "F" * 40, "main"])
def test_only_a_commit_can_be_sealed(run: Run, hand: Hand, head: str) -> None:
    with pytest.raises(Refused) as no:
        hand.step(Sealed(head=head, summary="Done."))
    assert no.value.status == 422
    run.refresh_from_db()
    assert run.phase == Phase.WORKING


def test_what_the_database_cannot_hold_is_refused_for_good_and_not_for_later(run: Run, hand: Hand) -> None:
    """An agent that is told to try later tries for ever."""
    with pytest.raises(Refused) as no:
        hand.step(Planned(plan=Plan(steps=[PlanStep(title="NUL \0 inside")])))
    assert no.value.status == 422
    assert not Event.objects.filter(stream=run.stream, kind__in=["planned", "quarantined"]).exists()


def test_poison_with_an_effect_is_a_stub_and_what_follows_it_is_told(run: Run, hand: Hand) -> None:
    hand.step(Planned(plan=Plan(steps=[PlanStep(title="Round once")])))
    hand.say(Progressed(index=0, state="done", note="NUL \0 inside"), Said(text="Still here"))
    kinds = list(Event.objects.filter(stream=run.stream, n__gte=2).order_by("seq").values_list("kind", flat=True))
    assert kinds == ["quarantined", "said"]


def envelope(**more: Any) -> Envelope:
    fields = {
        "thread": "main",
        "id": "c-1",
        "step": 9,
        "source": "loop",
        "manifest": {},
        "refs": [],
        "digest": "e" * 64,
    }
    return Envelope(**{**fields, **more})


def test_a_checkpoints_cover_is_small(run: Run, hand: Hand) -> None:
    """What is in no part counts nowhere: sixteen megabytes with each step would fill the record's disk."""
    with pytest.raises(Refused) as no:
        ingest.step(hand.bearer(), Step(epoch=1, checkpoint=envelope(manifest={"x": "y" * stores.MAX_ENVELOPE_BYTES})))
    assert (no.value.status, no.value.reason) == (413, "too_big")


def test_a_state_is_no_larger_than_what_can_be_read_back(run: Run, hand: Hand) -> None:
    refs = [f"{number:064}" for number in range(4)]
    Part.objects.bulk_create(
        Part(run=run, digest=ref, type="msgpack", data=b"x" * (stores.MAX_STATE_BYTES // 3)) for ref in refs
    )
    with pytest.raises(Refused) as no:
        ingest.step(hand.bearer(), Step(epoch=1, checkpoint=envelope(refs=refs)))
    assert (no.value.status, no.value.reason) == (413, "too_big")


def test_who_speaks_without_end_is_told_once_that_it_is_not_kept_any_more_and_still_works(run: Run, hand: Hand) -> None:
    StreamHead.objects.filter(stream=run.stream).update(bytes=stores.MAX_SAID_BYTES - 1)
    hand.say(Said(text="The last that is kept"))
    for _ in range(2):
        with pytest.raises(Refused) as no:
            hand.say(Said(text="Nobody keeps this"))
        assert (no.value.status, no.value.reason) == (413, "too_big")
    hand.step(Planned(plan=Plan(steps=[PlanStep(title="Round once")])))
    told = list(Event.objects.filter(stream=run.stream).order_by("-seq").values_list("kind", "actor")[:3])[::-1]
    assert told[1:] == [("noted", "rule:ingest"), ("planned", "agent:1")]
    assert told[0][0] == "said"


def test_who_fills_the_record_by_steps_comes_to_an_end_too(run: Run, hand: Hand) -> None:
    StreamHead.objects.filter(stream=run.stream).update(bytes=stores.MAX_TOLD_BYTES)
    with pytest.raises(Refused) as no:
        hand.step()
    assert (no.value.status, no.value.reason) == (413, "too_big")


def test_what_a_run_tells_is_counted_with_its_steps_covers(run: Run, hand: Hand) -> None:
    def told() -> int:
        return StreamHead.objects.get(stream=run.stream).bytes

    before = told()
    hand.say(Said(text="x" * 5000))
    said = told() - before
    assert 5000 < said < 5300
    ingest.step(hand.bearer(), Step(epoch=1, checkpoint=envelope(manifest={"x": "y" * 9000})))
    assert 9000 < told() - before - said < 9500
