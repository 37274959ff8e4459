"""A few agents start at a time on each node, the oldest first; who waits for that says so, and nothing slow keeps anybody."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from django.db.models.functions import Now

from deckwire.words import AttemptState, Phase, Verb
from quarterdeck.flow import decide, intake, reconcile
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.starting import PATIENCE_S, WAITS, begun
from quarterdeck.outside.cluster.memory import MemoryCluster
from quarterdeck.outside.cluster.port import PlaceSeen
from quarterdeck.outside.repos.store import Store
from quarterdeck.record.models import Attempt, Run, Ticket
from testkit import starting

pytestmark = pytest.mark.django_db


@pytest.fixture
def five(alice_acts: Actor, make_ticket: Callable[..., Ticket], store: Store, settings: Any) -> list[Attempt]:
    """Their places are given, and two may start at a time."""
    settings.STARTING = 2
    runs = [intake.open_run(alice_acts, f"k{n}", make_ticket().id) for n in range(5)]
    Run.objects.update(project_id=runs[0].project_id)
    type(runs[0].project).objects.update(places=5)
    assert all(map(starting.prepared, runs))
    return [attempt for run in runs if (attempt := starting.give(run.id))]


def began(cluster: MemoryCluster, **odd: object) -> list[UUID]:
    """One pass: whose places were made. `odd` is so for every place that is seen."""
    cluster.start_running = False
    seen: list[PlaceSeen] = [replace(one, **odd) for one in asyncio.run(cluster.list())]  # type: ignore[arg-type]
    orders = [order for order in reconcile.compare(seen) if isinstance(order, reconcile.Create)]
    for order in orders:
        reconcile.created(order.attempt, asyncio.run(cluster.create(order.spec)))
    return [order.attempt.id for order in orders]


def hello(attempt: Attempt) -> None:
    Attempt.objects.filter(id=attempt.id).update(state=AttemptState.RUNNING, started_at=Now())


def test_the_oldest_start_and_each_hello_lets_the_next_one_in(five: list[Attempt], cluster: MemoryCluster) -> None:
    ids = [attempt.id for attempt in five]
    assert len(ids) == 5
    assert began(cluster) == ids[:2]
    assert began(cluster) == []
    told = dict(Attempt.objects.values_list("id", "doing"))
    assert {told[id] for id in ids[2:]} == {WAITS}
    hello(five[1])
    assert began(cluster) == [ids[2]]
    assert Attempt.objects.get(id=ids[2]).doing == "", "what it waited for is over"
    hello(five[0])
    hello(five[2])
    assert began(cluster) == ids[3:]
    assert began(cluster) == []


def test_what_hangs_long_in_its_image_keeps_nobody(five: list[Attempt], cluster: MemoryCluster) -> None:
    assert len(began(cluster)) == 2
    assert began(cluster, age_s=PATIENCE_S - 1) == []
    assert began(cluster, age_s=PATIENCE_S + 1) == [attempt.id for attempt in five[2:4]]


def test_two_nodes_start_twice_as_many(five: list[Attempt], cluster: MemoryCluster) -> None:
    first = began(cluster)
    cluster.start_running = False
    seen = asyncio.run(cluster.list())
    apart = [replace(place, node=f"node-{n}") for n, place in enumerate(seen)]
    orders = [order for order in reconcile.compare(apart) if isinstance(order, reconcile.Create)]
    assert (len(first), len(orders)) == (2, 2)


def test_who_waits_for_its_start_can_be_paused_at_once(
    five: list[Attempt], cluster: MemoryCluster, alice_acts: Actor
) -> None:
    began(cluster)
    run = Run.objects.get(id=five[4].run_id)
    decide.decide(alice_acts, "pause", Verb.PAUSE, runs=[run.id])
    run.refresh_from_db()
    assert run.phase == Phase.PAUSED
    hello(five[0])
    hello(five[1])
    assert began(cluster) == [attempt.id for attempt in five[2:4]]


def test_a_long_wait_for_the_start_is_no_silence(five: list[Attempt], cluster: MemoryCluster) -> None:
    began(cluster)
    Attempt.objects.filter(id=five[2].id).update(sign_at="2020-01-01T00:00:00Z")
    began(cluster)
    hello(five[0])
    assert began(cluster) == [five[2].id]
    began(cluster)
    assert Attempt.objects.get(id=five[2].id).live, "its silence counts from its place's making"


def test_a_hello_wakes_the_reconciler_only_where_somebody_waits_for_it(
    five: list[Attempt], cluster: MemoryCluster, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as nobody_waits:
        begun()
    began(cluster)
    with django_capture_on_commit_callbacks() as three_wait:
        begun()
    assert (len(nobody_waits), len(three_wait)) == (0, 1)
