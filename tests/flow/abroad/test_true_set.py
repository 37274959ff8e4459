"""Whatever comes in whatever order, doubled or not at all: webhooks and a poll end in the true set of tickets."""

import itertools
import json
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.flow import deliveries, polls
from quarterdeck.flow import heard as hearing
from quarterdeck.outside.tracker.port import Heard, Issue
from quarterdeck.record.models import Connection, Delivery, Ticket, Watch
from testkit.desk_abroad import Abroad, issue, said

pytestmark = pytest.mark.django_db

World = tuple[dict[str, Issue], set[str], list[Heard]]


def world(rng: random.Random, issues: int, changes: int) -> World:
    """A history: what is true at its end, who was deleted, and each change as the webhook that tells it."""
    true: dict[str, Issue] = {}
    deleted: set[str] = set()
    told: list[Heard] = []
    for version in range(1, changes + 1):
        id = str(10_000 + rng.randrange(issues))
        if id in deleted:
            continue
        if id in true and rng.random() < 0.01:
            told.append(said("deleted", true.pop(id)))
            deleted.add(id)
            continue
        key = f"SHIP-{id}" if rng.random() < 0.98 else f"SHIP-{id}{version}"
        true[id] = issue(id, version, key=key, labels=rng.sample(["a", "b", "c"], k=rng.randrange(3)))
        told.append(said("updated", true[id]))
    return true, deleted, told


def as_it_goes(rng: random.Random, told: list[Heard]) -> list[Heard]:
    """Shuffled, three in ten doubled, one in ten lost."""
    kept = [one for one in told if rng.random() >= 0.1]
    kept += [one for one in kept if rng.random() < 0.3]
    rng.shuffle(kept)
    return kept


@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 400), max_size=6))
@settings(max_examples=60, deadline=None)
def test_the_fold_does_not_depend_on_order_doubles_or_batches(seed: int, cuts: list[int]) -> None:
    rng = random.Random(seed)
    _, deleted, told = world(rng, 20, 400)
    shuffled = told + rng.sample(told, k=len(told) // 3)
    rng.shuffle(shuffled)
    copies: dict[str, tuple[int, bool, str]] = {}
    edges = [0, *sorted(cuts), len(shuffled)]
    for start, end in itertools.pairwise(edges):
        for id, one in hearing.fold(shuffled[start:end]).items():
            version, gone, key = copies.get(id, (0, False, ""))
            if hearing.newer(version, gone, one):
                now = one.issue if one.issue and one.issue.version >= version else None
                copies[id] = (now.version if now else version, gone or one.deleted, now.key if now else key)
    newest = {}
    for one in told:
        if one.issue and one.what != "deleted":
            newest[one.issue_id] = one.issue
    assert {id: key for id, (_, gone, key) in copies.items() if not gone} == {
        id: one.key for id, one in newest.items() if id not in deleted
    }
    assert {id for id, (_, gone, _) in copies.items() if gone} == deleted


def test_ten_thousand_deliveries_and_a_poll_end_in_the_true_set(
    connection: Connection, watch: Watch, abroad: Abroad, heard: dict[str, Heard]
) -> None:
    rng = random.Random(20261123)
    true, deleted, told = world(rng, 600, 10_000)
    abroad.put(*true.values())
    rows = []
    for n, one in enumerate(as_it_goes(rng, told)):
        heard[str(n)] = one
        rows.append(Delivery(connection=connection, ident=str(n), body=json.dumps({"heard": str(n)}).encode()))
    Delivery.objects.bulk_create(rows, batch_size=2000)
    began = time.monotonic()
    while deliveries.work():
        pass
    assert polls.work() == 1
    seconds = time.monotonic() - began
    assert Delivery.objects.exclude(state="done").count() == 0
    copies = {row.external_id: row for row in Ticket.objects.filter(connection=connection)}
    assert {id for id, row in copies.items() if row.deleted_at is None} == set(true)
    assert {id for id, row in copies.items() if row.deleted_at} <= deleted
    for id, one in true.items():
        row = copies[id]
        assert (row.key, row.title, row.version, row.labels) == (one.key, one.title, one.version, one.labels)
    assert seconds < 120, f"{len(rows)} deliveries took {seconds:.0f} s"
