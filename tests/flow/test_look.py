"""Opening a review waits for no remote: what was seen last is shown, a worker looks again, and the next reading knows."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models.functions import Now

from deckwire.events import Merged
from deckwire.views import MergePreview
from deckwire.words import Phase
from quarterdeck.errors import TryLater
from quarterdeck.flow import fetches, look
from quarterdeck.outside import plugs
from quarterdeck.outside.repos.store import Store
from quarterdeck.record import ledger
from quarterdeck.record.models import Approval, Attempt, Decision, Person, Proposal, Repository, Run, RunRepository
from testkit.hand import Hand, commit
from testkit.origins import commit as commit_at

pytestmark = pytest.mark.django_db


class Remote(Store):
    """A store that counts who asked its remote, which may be away."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        object.__setattr__(self, "asked", [])
        object.__setattr__(self, "away", [])

    def mirror(self, repository: str, url: str, **more: Any) -> dict[str, str]:
        self.asked.append(repository)
        if self.away:
            raise self.away[0]
        return super().mirror(repository, url, **more)


@pytest.fixture
def remote(store: Store) -> Remote:
    made = Remote(store.root)
    plugs.fit("repos", made)
    return made


@pytest.fixture
def sealed(attempt: Attempt, run: Run, tmp_path: Path) -> Run:
    """With a head of its own, in review."""
    Hand(attempt).hello()
    head = commit(tmp_path / "repos" / "runs" / f"{run.id}.git", {"larkfield/new.py": "ANSWER = 42\n"})
    base = RunRepository.objects.get(run=run).base
    Proposal.objects.create(run=run, head=head, base=base, branch="main", digest="d" * 64)
    Run.objects.filter(id=run.id).update(phase=Phase.REVIEW)
    Repository.objects.update(looked_at=Now() - timedelta(minutes=1))
    return run


@pytest.fixture
def opened(sealed: Run) -> Callable[[], MergePreview]:
    def read() -> MergePreview:
        found = look.review(sealed.id, may_merge=True).merge_preview
        assert found is not None
        return found

    return read


def test_opening_asks_no_remote_and_orders_one_look(
    opened: Callable[[], MergePreview], remote: Remote, tmp_path: Path
) -> None:
    moved = commit_at(tmp_path / "origin.git", {"NEWS.md": b"moved\n"}, ref="refs/heads/main")
    first = opened()
    assert opened().looking
    assert (remote.asked, first.looking, first.clean, first.text) == ([], True, True, "")
    assert fetches.work() == 1
    again = opened()
    assert (again.looking, again.base, again.clean) == (False, moved, True)
    assert f"to {moved[:7]} since the head was sealed" in again.text
    assert len(remote.asked) == 1


def test_what_was_just_seen_is_not_looked_at_again(opened: Callable[[], MergePreview], remote: Remote) -> None:
    Repository.objects.update(looked_at=Now())
    assert not opened().looking
    assert Repository.objects.get().fetch_due is None
    assert fetches.work() == 0


def test_a_remote_that_is_away_is_said_and_not_asked_for_ever(
    opened: Callable[[], MergePreview], remote: Remote
) -> None:
    remote.away.append(TryLater("lark.example cannot be fetched now: timed out", after=1.0, reason="unreachable"))
    assert opened().looking
    assert fetches.work() == 0
    said = opened()
    assert not said.looking
    assert said.text == "Whether main moved since could not be seen: lark.example cannot be fetched now: timed out"
    assert Repository.objects.get().fetch_due is None, "nobody waits for it"


def test_what_is_merged_says_as_which_commit_by_whom_and_offers_nothing(
    sealed: Run, remote: Remote, alice: Person
) -> None:
    Repository.objects.update(looked_at=Now())
    assert look.review(sealed.id, may_merge=True).landed is None
    said = {"key": "k", "actor_type": "person", "actor": f"person:{alice.id}", "person": alice, "run": sealed}
    decision = Decision.objects.create(**said, verb="approve", batch=uuid4())
    standing = Proposal.objects.get()
    Approval.objects.create(
        run=sealed, decision=decision, head=standing.head, base=standing.base, digest="d" * 64, policy=""
    )
    with transaction.atomic():
        ledger.note(sealed.stream, Merged(sha="5" * 40, branch="main"), by="rule:merge")
    Run.objects.filter(id=sealed.id).update(phase=Phase.MERGED, finished_at=Now())
    shown = look.review(sealed.id, may_merge=True)
    assert shown.landed is not None
    assert (shown.landed.sha, shown.landed.branch, shown.landed.by) == ("5" * 40, "main", str(alice))
    assert shown.landed.at > 0
    assert not shown.may_merge
