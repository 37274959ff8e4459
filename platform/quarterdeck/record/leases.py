"""Who acts, and since when the doors are open: both on database time."""

from datetime import timedelta

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Now

from quarterdeck.record.models import DoorsOpen, Lease

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
