"""The reconciler's loop: a place that cannot be made costs its own run a while, and nobody else anything."""

import asyncio
import errno
from collections.abc import Callable
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db.models.functions import Now

from deckwire.words import AttemptState, Phase
from quarterdeck.doors.management.commands.reconcile import Reconciler
from quarterdeck.errors import TryLater
from quarterdeck.flow import fetches, intake
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.cluster.memory import MemoryCluster
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceSpec
from quarterdeck.outside.repos.store import Store
from quarterdeck.record import leases
from quarterdeck.record.models import Attempt, Lease, Run, Ticket

pytestmark = pytest.mark.django_db(transaction=True)


class FullDisk(MemoryCluster):
    """Has no room on its disk for the places of one run."""

    def __init__(self, run: str) -> None:
        super().__init__()
        self.run = run

    async def create(self, spec: PlaceSpec) -> PlaceSeen:
        if spec.run == self.run:
            raise OSError(errno.ENOSPC, "No space left on device")
        return await super().create(spec)


def test_a_place_that_cannot_be_made_does_not_keep_the_others_waiting(
    alice_acts: Actor, make_ticket: Callable[..., Ticket], store: Store
) -> None:
    unlucky, lucky = (intake.open_run(alice_acts, "k", make_ticket().id) for _ in range(2))
    cluster = FullDisk(str(unlucky.id))
    reconciler = Reconciler(cluster)
    for _ in range(3):
        async_to_sync(reconciler._pass)()
        fetches.work()
    assert [spec.run for spec in cluster.specs.values()] == [str(lucky.id)]
    lost = Attempt.objects.get(run=unlucky, epoch=1)
    assert (lost.state, lost.reason, "No space left" in lost.text) == (AttemptState.LOST, "no_room", True)


class Meeting(MemoryCluster):
    """Makes no place before three are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.all_here = asyncio.Barrier(3)

    async def create(self, spec: PlaceSpec) -> PlaceSeen:
        async with asyncio.timeout(20):
            await self.all_here.wait()
        return await super().create(spec)


def test_places_are_made_side_by_side_and_at_once_after_they_were_given(
    alice_acts: Actor, make_ticket: Callable[..., Ticket], store: Store
) -> None:
    runs = [intake.open_run(alice_acts, "k", make_ticket().id) for _ in range(3)]
    cluster = Meeting()
    reconciler = Reconciler(cluster)
    again = []
    for _ in range(3):
        again.append(async_to_sync(reconciler._pass)())
        fetches.work()
    assert again == [False, True, False], "the fetch first; then the places; then nothing is left to give"
    assert {spec.run for spec in cluster.specs.values()} == {str(run.id) for run in runs}


class Stubborn(MemoryCluster):
    """Keeps what is to be deleted, and says that it will be asked later."""

    async def delete(self, name: str, uid: str, *, grace_s: float = 30.0) -> None:
        raise TryLater("The cluster may not delete pods.", after=5.0, reason="forbidden")


def test_an_order_that_is_refused_keeps_nobody_from_a_place(
    alice_acts: Actor, make_ticket: Callable[..., Ticket], store: Store
) -> None:
    cluster = Stubborn()
    async_to_sync(cluster.create)(PlaceSpec(name="stray", kind="attempt", run="", epoch=0, secret=""))
    run = intake.open_run(alice_acts, "k", make_ticket().id)
    reconciler = Reconciler(cluster)
    for _ in range(3):
        async_to_sync(reconciler._pass)()
        fetches.work()
    assert str(run.id) in {spec.run for spec in cluster.specs.values()}


class Slow(MemoryCluster):
    """Answers when another reconciler has asked twice for the lease, the second time after it would have run out."""

    def __init__(self, lease_s: float) -> None:
        super().__init__()
        self.lease_s, self.others = lease_s, list[bool]()

    async def list(self) -> list[PlaceSeen]:
        for _ in range(2):
            held_until = (await Lease.objects.aget(name="reconciler")).until
            while (await Lease.objects.aget(name="reconciler")).until == held_until:  # noqa: ASYNC110 (a row tells nobody)
                await asyncio.sleep(0)
            self.others.append(await sync_to_async(leases.take)("reconciler", "another", self.lease_s))
        return await super().list()


def test_a_pass_that_outlasts_the_lease_keeps_it() -> None:
    cluster = Slow(lease_s=0.6)
    reconciler = Reconciler(cluster, lease_s=0.6)

    async def one() -> None:
        async with asyncio.timeout(30):
            await reconciler._pass()

    async_to_sync(one)()
    assert cluster.others == [False, False]


class Busy(MemoryCluster):
    """Answers what it is asked first, of each kind, with a time before which it is not to be asked again."""

    def __init__(self, *no: str, after: float = 7.0) -> None:
        super().__init__()
        self.no, self.asked, self.after = set(no), list[str](), after

    def _hear(self, what: str) -> None:
        self.asked.append(what)
        if what in self.no:
            raise TryLater("The API server has too much to do.", after=self.after, reason="cluster_away")

    async def create(self, spec: PlaceSpec) -> PlaceSeen:
        self._hear("create")
        return await super().create(spec)

    async def delete(self, name: str, uid: str, *, grace_s: float = 30.0) -> None:
        self._hear("delete")
        await super().delete(name, uid, grace_s=grace_s)

    async def list(self) -> list[PlaceSeen]:
        self._hear("list")
        return await super().list()


def passes(cluster: Busy, seconds: int) -> list[str]:
    """What a reconciler asks in so many seconds of its own clock, a pass in each."""
    now = 0.0
    reconciler = Reconciler(cluster, clock=lambda: now)
    for second in range(seconds):
        now = float(second)
        async_to_sync(reconciler._pass)()
        fetches.work()
    return cluster.asked


def test_a_place_is_not_asked_for_again_before_the_time_that_the_cluster_named(
    alice_acts: Actor, make_ticket: Callable[..., Ticket], store: Store
) -> None:
    intake.open_run(alice_acts, "k", make_ticket().id)
    asked = passes(Busy("create"), 12)
    assert asked.count("create") == 2, "in its third second, and seven later"
    assert asked.count("list") == 12, "the others are looked after meanwhile"


def test_a_place_that_may_not_go_yet_is_left_until_the_time_that_the_cluster_named() -> None:
    cluster = Busy()
    async_to_sync(cluster.create)(PlaceSpec(name="stray", kind="attempt", run="", epoch=0, secret=""))
    cluster.no = {"delete"}
    assert passes(cluster, 12).count("delete") == 2


def test_a_cluster_that_names_a_time_is_not_looked_at_before() -> None:
    assert passes(Busy("list"), 12) == ["list", "list"]


def test_the_fleet_is_looked_after_again_soon_whatever_time_the_cluster_names() -> None:
    assert passes(Busy("list", after=86_400), 62) == ["list", "list", "list"]


def test_a_run_without_room_comes_again_no_sooner_than_the_cluster_said(
    alice_acts: Actor, make_ticket: Callable[..., Ticket], store: Store
) -> None:
    run = intake.open_run(alice_acts, "k", make_ticket().id)
    cluster = MemoryCluster()
    cluster.refuse_next(TryLater("The namespace is full.", after=600.0, reason="quota"))
    reconciler = Reconciler(cluster)
    for _ in range(4):
        async_to_sync(reconciler._pass)()
        fetches.work()
    run.refresh_from_db()
    assert (run.phase, run.reason_text, cluster.specs) == (Phase.QUEUED, "The namespace is full.", {})
    assert Run.objects.filter(id=run.id, not_before__gt=Now() + timedelta(seconds=500)).exists()
