"""The reconciler's loop: a place that cannot be made costs its own run a while, and nobody else anything."""

import asyncio
import errno
from collections.abc import Callable

import pytest
from asgiref.sync import async_to_sync

from deckwire.words import AttemptState
from quarterdeck.doors.management.commands.reconcile import Reconciler
from quarterdeck.flow import fetches, intake
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.cluster.memory import MemoryCluster
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceSpec
from quarterdeck.outside.repos.store import Store
from quarterdeck.record.models import Attempt, Ticket

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
