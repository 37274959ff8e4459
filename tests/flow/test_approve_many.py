"""Several reviews approved with one action: each for the head that was seen of it, and each refused for itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deckwire.words import AttemptState, Phase, Verb
from quarterdeck.flow import decide, intake, merge, seal
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.receipts import Receipt
from quarterdeck.outside.repos.store import Store
from quarterdeck.record.models import Approval, Decision, Proposal, Repository, Request, Run, Ticket
from quarterdeck.record.views.requests import request as view
from testkit import starting
from testkit.hand import commit

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviews(
    store: Store, alice_acts: Actor, make_ticket: Callable[..., Ticket], tmp_path: Path
) -> tuple[Request, Request]:
    """Two runs whose agents have sealed a head each, of a project without checks: these tests are about the decision."""
    Repository.objects.update(test="")
    for name in ("one", "two"):
        run = intake.open_run(alice_acts, name, make_ticket().id)
        assert starting.prepared(run)
        hand = starting.next_hand(run)
        hand.step()
        hand.seal(commit(tmp_path / "repos" / "runs" / f"{run.id}.git", {f"larkfield/{name}.py": "ANSWER = 42\n"}))
        hand.bye(AttemptState.SEALED, "sealed")
    for _ in range(2):
        seal.advance_all()
    first, second = Request.objects.filter(kind="review", state="open").order_by("created_at")
    return first, second


def approve(actor: Actor, key: str, *requests: Request, **heads: str) -> Receipt:
    """With the heads as the inbox shows them, unless told otherwise by the name of the request's place."""
    seen = {request.id: view(request).head for request in requests}
    seen |= {requests[int(place[1:])].id: head for place, head in heads.items()}
    return decide.decide(actor, key, Verb.MERGE, requests=[one.id for one in requests], heads=seen)


def phases(*requests: Request) -> list[str]:
    return [Run.objects.get(id=one.run_id).phase for one in requests]


def test_a_review_names_the_head_that_it_is_about(reviews: tuple[Request, Request]) -> None:
    heads = {one.run_id: one.head for one in Proposal.objects.filter(void=False)}
    assert [view(one).head for one in reviews] == [heads[one.run_id] for one in reviews]
    assert heads[reviews[0].run_id] != heads[reviews[1].run_id]


def test_two_reviews_are_approved_with_one_action_and_both_are_merged(
    reviews: tuple[Request, Request], alice_acts: Actor
) -> None:
    receipt = approve(alice_acts, "both", *reviews)
    assert [line.fate for line in receipt.lines] == ["applied", "applied"]
    assert {one.decision.batch for one in Approval.objects.select_related("decision")} == {receipt.batch}
    merge.advance_all()
    assert phases(*reviews) == [Phase.MERGED, Phase.MERGED]


def test_the_same_action_sent_twice_is_one_approval_each(reviews: tuple[Request, Request], alice_acts: Actor) -> None:
    first, again = (approve(alice_acts, "both", *reviews) for _ in range(2))
    assert [line.command for line in first.lines] == [line.command for line in again.lines]
    assert (Approval.objects.count(), Decision.objects.filter(verb=Verb.MERGE).count()) == (2, 2)


def test_the_same_key_with_another_head_is_no_repeat(reviews: tuple[Request, Request], alice_acts: Actor) -> None:
    approve(alice_acts, "both", *reviews)
    line = approve(alice_acts, "both", *reviews, _1="2" * 40).lines[1]
    assert line.fate == "rejected"
    assert "key" in line.why


def test_a_head_that_moved_meanwhile_is_refused_alone_in_words(
    reviews: tuple[Request, Request], alice_acts: Actor
) -> None:
    stale, good = approve(alice_acts, "both", *reviews, _0="2" * 40).lines
    assert (stale.fate, good.fate) == ("rejected", "applied")
    assert "2222222 is no longer the head" in stale.why
    assert phases(*reviews) == [Phase.REVIEW, Phase.PUBLISHING]


def test_a_review_whose_head_nobody_named_is_refused_alone(reviews: tuple[Request, Request], alice_acts: Actor) -> None:
    receipt = decide.decide(
        alice_acts,
        "both",
        Verb.MERGE,
        requests=[one.id for one in reviews],
        heads={reviews[0].id: view(reviews[0]).head},
    )
    assert [line.fate for line in receipt.lines] == ["applied", "rejected"]
    assert "names the head" in receipt.lines[1].why


def test_one_of_two_that_is_gone_does_not_hold_up_the_other(
    reviews: tuple[Request, Request], alice_acts: Actor
) -> None:
    decide.decide(alice_acts, "stop", Verb.STOP, runs=[reviews[0].run_id])
    gone, good = approve(alice_acts, "both", *reviews).lines
    assert (gone.fate, good.fate) == ("rejected", "applied")
    assert "closed" in gone.why or "decided" in gone.why


def test_what_is_approved_is_on_its_way_and_is_not_taken_back(
    reviews: tuple[Request, Request], alice_acts: Actor
) -> None:
    receipt = approve(alice_acts, "both", *reviews)
    undone = decide.undo(alice_acts, receipt.batch)
    assert [line.fate for line in undone.lines] == ["rejected", "rejected"]
    assert phases(*reviews) == [Phase.PUBLISHING, Phase.PUBLISHING]
