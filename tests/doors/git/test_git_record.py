"""The door with the record behind it: real tokens, the real fence, a real push."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction

from deckwire.tokens import derive
from deckwire.words import Audience
from quarterdeck.doors import git_record
from quarterdeck.doors.git_door import build
from quarterdeck.outside.repos.store import Store
from quarterdeck.record import fences, tokens
from quarterdeck.record.models import Attempt
from testkit.listening import on_loopback

from .conftest import Clone

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clone(attempt: Attempt, store: Store, tmp_path: Path) -> Iterator[Clone]:
    tokens.grant(attempt, "a-session", 1)
    with on_loopback(build(store, git_record.find, git_record.holding)) as address:
        (tmp_path / "work").mkdir()
        made = Clone(tmp_path / "work", derive("a-session", Audience.GIT))
        made.git("clone", "-q", "-b", "run", f"{address}/run/{attempt.run_id}.git", ".")
        yield made


def test_a_granted_token_clones_and_pushes(clone: Clone, attempt: Attempt, store: Store) -> None:
    head = clone.write({"new.py": b"x = 1\n"})
    assert clone.push().returncode == 0
    assert store.head(str(attempt.run_id)) == head


def test_a_token_of_another_audience_opens_nothing(clone: Clone) -> None:
    clone.token = derive("a-session", Audience.STEP)
    done = clone.try_("fetch", "origin")
    assert done.returncode != 0


def test_a_replaced_attempt_reads_and_writes_nothing_more(clone: Clone, attempt: Attempt, store: Store) -> None:
    before = store.head(str(attempt.run_id))
    clone.write({"late.py": b"x = 1\n"})
    with transaction.atomic():
        fences.raise_epoch(attempt.run_id, attempt.epoch + 1)
    assert "409" in clone.push().stderr
    assert "409" in clone.try_("fetch", "origin").stderr
    assert store.head(str(attempt.run_id)) == before


def test_a_sealed_run_takes_no_push(clone: Clone, attempt: Attempt, store: Store) -> None:
    before = store.head(str(attempt.run_id))
    clone.write({"late.py": b"x = 1\n"})
    with transaction.atomic():
        fences.freeze(attempt.run_id, True)
    assert "frozen:" in clone.push().stdout
    assert store.head(str(attempt.run_id)) == before
