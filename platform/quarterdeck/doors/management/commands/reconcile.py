"""The reconciler: the only process that touches the cluster. Two may run; a database lease decides who acts."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from deckwire import crash
from quarterdeck.doors import metrics, wakeups
from quarterdeck.doors.rests import Rests
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import checks, environments, losses, reconcile
from quarterdeck.outside import plugs
from quarterdeck.outside.cluster.port import Cluster, PlaceSeen, PlaceSpec
from quarterdeck.record import leases

log = logging.getLogger(__name__)
LEASE_S = 10.0
RESYNC_S = 1.0
GATHER_S = 0.25
LOOK = "look"
LOOK_MOST_S = 30.0
"""Everybody waits for a look: no longer than this, whatever time the cluster names."""
HANDS = 8
"""Orders that are carried out at the same time."""


class Command(BaseCommand):
    help = "Keeps places as the record wants them: creates, observes, removes, adopts."

    def handle(self, *args: Any, **options: Any) -> None:
        one = Reconciler(plugs.cluster())
        if settings.METRICS_LISTEN:
            mirror = getattr(one.cluster, "mirror", None)
            metrics.of_reconciler(settings.METRICS_LISTEN, lambda: mirror.age if mirror else 0.0, lambda: one.acts)
        asyncio.run(one.serve())


class Reconciler:
    """One loop: wake (a hint, a change in the cluster, or a second), look at everything, act."""

    def __init__(self, cluster: Cluster, lease_s: float = LEASE_S, clock: Callable[[], float] = time.monotonic) -> None:
        self.rests = Rests(clock)
        self.cluster, self.lease_s = cluster, lease_s
        self.me = f"{socket.gethostname()}:{os.getpid()}"
        self.stop = asyncio.Event()
        self.wake = asyncio.Event()
        self.acts = False

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, self.stop.set)
        helpers = [asyncio.create_task(self._watch()), asyncio.create_task(wakeups.listen("places", self.wake))]
        log.info("reconciler: ready")
        while not self.stop.is_set():
            began = time.monotonic()
            if not await self._pass():
                await self._rest(time.monotonic() - began)
        for helper in helpers:
            helper.cancel()
        with contextlib.suppress(DatabaseError):
            await _db(leases.drop)("reconciler", self.me)

    async def _rest(self, took: float) -> None:
        """A look costs what the fleet is large: while changes pour in, as long is rested as was looked, and they gather."""
        stop, wake = asyncio.create_task(self.stop.wait()), asyncio.create_task(self.wake.wait())
        await asyncio.wait({stop}, timeout=min(took, GATHER_S))
        await asyncio.wait({stop, wake}, timeout=RESYNC_S, return_when=asyncio.FIRST_COMPLETED)
        for wait in (stop, wake):
            wait.cancel()
        self.wake.clear()

    async def _watch(self) -> None:
        async for _ in self.cluster.watch():
            self.wake.set()

    async def _pass(self) -> bool:
        """True when places were given, which are to be made at once. Never dies of a bad pass: the next one looks again at
        everything."""
        take = partial(leases.take, "reconciler", self.me, self.lease_s)
        try:
            self.acts = await _db(take)()
            if not self.acts or not self.rests.over(LOOK):
                return False
            # For a pass that a slow cluster makes longer than the lease: another one would act beside us.
            with leases.renewing(self.lease_s / 3, take):
                seen, there = await self._look(), await self.cluster.environments()
                await self._carry_out(await _db(reconcile.compare)(seen, there))
                return bool(await _db(reconcile.admit_all)(await self.cluster.environments()))
        except (DatabaseError, TryLater, GaveUp, Refused, OSError) as bad:
            if isinstance(bad, TryLater):
                self.rests.take(LOOK, min(bad.after, LOOK_MOST_S))
            log.warning("reconciler: this pass failed (%s); the next one looks again", bad)
        except Exception:  # the worker's edge: one odd row must not stop the fleet
            log.exception("reconciler: this pass failed")
        return False

    async def _look(self) -> list[PlaceSeen]:
        """All places: a list, and each one anew that it lacks."""
        seen = await self.cluster.list()
        again = [await self.cluster.observe(name) for name in await _db(reconcile.absent)(seen)]
        return [*seen, *(place for place in again if place is not None)]

    async def _carry_out(self, orders: Sequence[reconcile.Order]) -> None:
        """Some at once, and all of them before the next look: fifty places shall not wait for each other's answers."""
        hands = asyncio.Semaphore(HANDS)

        async def one(order: reconcile.Order) -> None:
            async with hands:
                await self._act_on(order)

        for bad in await asyncio.gather(*map(one, orders), return_exceptions=True):
            if bad is not None:
                raise bad

    async def _act_on(self, order: reconcile.Order) -> None:
        """An order that cannot be carried out now holds up neither the ones beside it nor who waits for a place. Nor is it
        asked for again before its time."""
        what = _named(order)
        if not self.rests.over(what):
            return
        try:
            await self._act(order)
        except TryLater as later:
            self.rests.take(what, later.after)
            log.warning(
                "reconciler: %s failed (%s); asked again after %.1f s", type(order).__name__, later, later.after
            )
        except (Refused, GaveUp, OSError) as bad:
            log.warning("reconciler: %s failed (%s); the next pass asks again", type(order).__name__, bad)

    async def _act(self, order: reconcile.Order) -> None:
        match order:
            case reconcile.Delete(name, uid, grace):
                await self.cluster.delete(name, uid, grace_s=grace)
            case reconcile.Create(spec, attempt):
                await self._create(spec, attempt, reconcile.created, reconcile.not_created)
            case checks.CreateCheck(spec, check):
                await self._create(spec, check, checks.created, checks.not_created)
            case environments.Keep(filled, name, check):
                await self.cluster.keep_environment(filled, name)
                await _db(environments.kept)(check)
            case environments.Drop(name):
                await self.cluster.drop_environment(name)

    async def _create(self, spec: Any, row: Any, created: Any, not_created: Any) -> None:
        try:
            place = await self.cluster.create(spec)
        except (Refused, GaveUp) as no:
            await _db(not_created)(row, no)
        except TryLater as later:
            await self._not_now(spec, row, not_created, later)
        except OSError as bad:  # a full disk, say: this one waits, the orders behind it do not
            text = f"The place could not be made: {bad.strerror or bad}."
            await self._not_now(spec, row, not_created, TryLater(text, after=5.0, reason="no_place"))
        else:
            crash.point("place.made")
            await _db(created)(row, place)

    async def _not_now(self, spec: PlaceSpec, row: Any, not_created: Any, later: TryLater) -> None:
        self.rests.take(("create", spec.name), later.after)
        await _db(not_created)(row, later)
        await _db(losses.no_sooner)(UUID(spec.run), later.after)


def _named(order: reconcile.Order) -> tuple[str, str]:
    """What is not asked for again before its time."""
    match order:
        case reconcile.Delete(_, uid, _):
            return "delete", uid
        case reconcile.Create(spec, _) | checks.CreateCheck(spec, _):
            return "create", spec.name
        case environments.Keep(_, name, _):
            return "keep", name
        case environments.Drop(name):
            return "drop", name


def _db(function: Any) -> Any:
    """Runs it in a thread with a healthy connection: Postgres may have been away."""

    def run(*args: Any) -> Any:
        close_old_connections()
        try:
            return function(*args)
        finally:
            close_old_connections()

    return sync_to_async(run, thread_sensitive=True)
