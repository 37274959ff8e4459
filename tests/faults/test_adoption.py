"""A reconciler that dies between making a place and writing it down, line by line, with the twin of the cluster."""

import asyncio

import pytest

from quarterdeck.flow import reconcile
from quarterdeck.outside.cluster.memory import MemoryCluster
from quarterdeck.record.models import Attempt

pytestmark = [pytest.mark.faults, pytest.mark.django_db]


def wants(seen: list[reconcile.PlaceSeen]) -> list[reconcile.Create]:
    return [order for order in reconcile.compare(seen) if isinstance(order, reconcile.Create)]


def seen(cluster: MemoryCluster) -> list[reconcile.PlaceSeen]:
    return asyncio.run(cluster.list())


def test_a_place_that_nobody_wrote_down_is_adopted(attempt: Attempt, cluster: MemoryCluster) -> None:
    (order,) = wants(seen(cluster))
    made = asyncio.run(cluster.create(order.spec))
    # kill -9 here: `created` is never called. The next reconciler looks:
    assert wants(seen(cluster)) == []
    attempt.refresh_from_db()
    assert attempt.place_uid == made.uid
    assert [place.uid for place in seen(cluster)] == [made.uid]


def test_two_reconcilers_that_both_saw_nothing_make_one_place(attempt: Attempt, cluster: MemoryCluster) -> None:
    (mine,), (yours,) = wants(seen(cluster)), wants(seen(cluster))
    first, second = asyncio.run(cluster.create(mine.spec)), asyncio.run(cluster.create(yours.spec))
    reconcile.created(mine.attempt, first)
    reconcile.created(yours.attempt, second)
    assert first.uid == second.uid
    assert len(seen(cluster)) == 1
    assert Attempt.objects.count() == 1


def test_the_place_made_again_holds_the_same_secret(attempt: Attempt, cluster: MemoryCluster) -> None:
    assert wants(seen(cluster))[0].spec.secret == wants(seen(cluster))[0].spec.secret
