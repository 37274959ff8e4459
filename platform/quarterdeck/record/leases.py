"""Who acts, and since when the doors are open: both on database time."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import InterfaceError, OperationalError, connection
from django.db.models import F, Q
from django.db.models.functions import Now

from quarterdeck.record.models import DoorsOpen, Lease

log = logging.getLogger(__name__)
DOORS_GAP = timedelta(seconds=5)


def take(name: str, holder: str, seconds: float) -> bool:
    """True when `holder` has the lease for the next `seconds`. A claim that names the old state; then count the rows."""
    Lease.objects.bulk_create([Lease(name=name)], ignore_conflicts=True)
    until = Now() + timedelta(seconds=seconds)
    kept = Lease.objects.filter(name=name, holder=holder).update(until=until)
    if kept:
        return True
    taken = Lease.objects.filter(Q(until__lt=Now()) | Q(holder=""), name=name).update(
        holder=holder, until=until, term=F("term") + 1
    )
    return bool(taken)


def drop(name: str, holder: str) -> None:
    Lease.objects.filter(name=name, holder=holder).update(holder="", until=Now())


@contextmanager
def renewing(every: float, renew: Callable[[], object]) -> Iterator[None]:
    """Work may last longer than its lease: `renew` is called every so many seconds, in a thread of its own, until the work ends
    in whatever way. Who died renews nothing."""
    over = threading.Semaphore(0)
    keeper = threading.Thread(target=_renew, args=(every, renew, over), name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.release()
        keeper.join()


def _renew(every: float, renew: Callable[[], object], over: threading.Semaphore) -> None:
    while not over.acquire(timeout=every):
        try:
            renew()
        except (OperationalError, InterfaceError) as away:
            log.warning("a lease is not renewed: %s", away)  # the next look may come in time
        finally:
            connection.close()


def doors_are_open(name: str = "doors") -> None:
    """Each second from every web process. A gap of more than 5 s starts the count anew: the platform was away."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into record_doorsopen (name, since, seen) values (%s, now(), now())"
            " on conflict (name) do update set seen = now(), since = case"
            " when record_doorsopen.seen < now() - make_interval(secs => %s) then now() else record_doorsopen.since end",
            [name, DOORS_GAP.total_seconds()],
        )


def open_for(seconds: float, name: str = "doors") -> bool:
    """Have the doors been continuously ready for that long, up to now?"""
    return DoorsOpen.objects.filter(
        name=name, since__lte=Now() - timedelta(seconds=seconds), seen__gte=Now() - DOORS_GAP
    ).exists()
