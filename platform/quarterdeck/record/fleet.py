"""Places, attempts, the queue with reasons, and how long ago each part of the house gave a sign."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Sum

from deckwire import views
from deckwire.words import LIVE_ATTEMPT, Phase
from quarterdeck.record import places as house
from quarterdeck.record.models import (
    Attempt,
    CallState,
    Connection,
    DoorsOpen,
    Lease,
    ModelCall,
    Outbox,
    Project,
    Run,
)  # fmt: skip
from quarterdeck.record.snapshot import now, one_read
from quarterdeck.record.views import queue
from quarterdeck.record.views.projects import connection
from quarterdeck.record.views.tickets import priority
from quarterdeck.record.views.times import ms, ms_or_none

DOORS_EXPECTED = timedelta(seconds=5)
LEASE_EXPECTED = timedelta(seconds=15)
LEASES = {"reconciler": "gives runs their places and notices agents that are lost"}
LATE, BROKEN = 2, 6
"""A sign is late after twice its rhythm, and the part is called broken after six times."""


def fleet(projects: Sequence[UUID]) -> views.Fleet:
    with one_read():
        moment = now()
        used, in_all = house.in_use(), house.site_places()
        room = Project.objects.filter(id__in=projects).aggregate(all=Sum("places"))["all"] or 0
        return views.Fleet(
            places=views.Places(used=sum(used.get(one, 0) for one in projects), all=min(room, in_all)),
            places_in_all=views.Places(used=sum(used.values()), all=in_all), backend=settings.CLUSTER,
            attempts=_attempts(projects), queue=_queue(projects, moment),
            sources=[*_doors(moment), *_leases(moment), *_outbox(moment)], providers=_providers(),
        )  # fmt: skip


def site() -> views.SiteView:
    with one_read():
        return views.SiteView(
            places=house.site_places(), used=sum(house.in_use().values()), daily_micro=house.site_daily() or 0,
            spent_today_micro=sum(house.spent_today().values()),
        )  # fmt: skip


def _attempts(projects: Sequence[UUID]) -> list[views.FleetAttempt]:
    live = [str(state) for state in LIVE_ATTEMPT]
    rows = Attempt.objects.filter(run__project__in=projects, state__in=live).select_related("run__ticket")
    return [
        views.FleetAttempt(
            run=str(row.run_id), ticket_key=row.run.ticket.key, title=row.run.ticket.title, epoch=row.epoch,
            state=row.state, place=row.place, started_at=ms(row.started_at or row.created_at),
            last_sign_at=ms_or_none(row.sign_at if row.state == "running" else None), doing=row.doing,
        )
        for row in rows.order_by("created_at")
    ]  # fmt: skip


def _queue(projects: Sequence[UUID], moment: datetime) -> list[views.QueueEntry]:
    rows = Run.objects.filter(project__in=projects, phase=Phase.QUEUED).select_related("ticket")
    waiting = list(rows.order_by("created_at", "id"))
    places = queue.line_up({run.project_id for run in waiting}) if waiting else {}
    nowhere = queue.Place()
    waiting.sort(key=lambda run: places.get(run.id, nowhere).ahead)
    return [
        views.QueueEntry(
            run=str(run.id), ticket_key=run.ticket.key, title=run.ticket.title, since=ms(run.phase_since),
            reason=queue.reason(run, places.get(run.id), moment), ahead=places.get(run.id, nowhere).ahead,
            before=list(places.get(run.id, nowhere).own[:queue.NAMED]), project=str(run.project_id),
            priority=priority(run), expected=ms_or_none(run.not_before),
        )
        for run in waiting
    ]  # fmt: skip


def _doors(moment: datetime) -> list[views.Source]:
    return [
        _source(row.name.capitalize(), "where agents report what they do", row.seen, moment, DOORS_EXPECTED)
        for row in DoorsOpen.objects.order_by("name")
    ]


def _leases(moment: datetime) -> list[views.Source]:
    """A lease is renewed by its holder, whom only operators ask for; what it runs out of tells when that last happened."""
    return [
        _source(
            row.name.capitalize(),
            LEASES.get(row.name, "works for the whole house") + (f", on {row.holder}" if row.holder else ""),
            min(row.until, moment),
            moment,
            LEASE_EXPECTED,
            note="" if row.holder else "no process does this now",
        )
        for row in Lease.objects.order_by("name")
    ]


def _outbox(moment: datetime) -> list[views.Source]:
    waiting = Outbox.objects.filter(state__in=["waiting", "stuck"]).order_by("created_at")
    oldest = waiting.first()
    if oldest is None:
        return [
            views.Source(
                name="Outbox",
                what="what is sent outside: to trackers, forges and the mail",
                last_at=None,
                expected=5_000,
                state="idle",
                note="nothing to send yet" if not Outbox.objects.exists() else "everything is sent",
            )
        ]
    stuck = waiting.filter(state="stuck").order_by("created_at")
    if first := stuck.first():
        note = f"{stuck.count()} stuck, {waiting.count()} waiting: {first.why}"
        return [
            views.Source(
                name="Outbox", what="what is sent outside: to trackers, forges and the mail",
                last_at=ms(first.created_at), expected=5_000, state="broken",
                note=note,
            )
        ]  # fmt: skip
    late = moment - oldest.created_at > timedelta(minutes=1)
    note = f"{waiting.count()} waiting{': ' + oldest.why if oldest.why else ''}"
    return [
        views.Source(
            name="Outbox", what="what is sent outside: to trackers, forges and the mail",
            last_at=ms(oldest.created_at), expected=5_000,
            state="late" if late else "live", note=note,
        )
    ]  # fmt: skip


def _source(
    name: str, what: str, last: datetime, moment: datetime, expected: timedelta, note: str = ""
) -> views.Source:
    age = moment - last
    state = "broken" if age > BROKEN * expected else "late" if age > LATE * expected else "live"
    return views.Source(
        name=name,
        what=what,
        last_at=ms(last),
        expected=round(expected.total_seconds() * 1000),
        state=state,
        note=note,
    )


def _providers() -> list[views.Provider]:
    running = ModelCall.objects.filter(state__in=[CallState.OPEN, CallState.STREAMING])
    flying = dict(running.values_list("connection").annotate(n=Count("id")).order_by())
    found = [
        views.Provider(
            name=row.name, models=", ".join(offer["name"] for offer in row.offers), state=connection(row).state,
            in_flight=flying.get(row.id, 0), note=connection(row).note,
        )
        for row in Connection.objects.filter(kind="model").order_by("name")
    ]  # fmt: skip
    if not any(one.name == "Rehearsal" for one in found):
        found.append(
            views.Provider(name="Rehearsal", models="rehearsal", state="steady", in_flight=flying.get(None, 0))
        )
    return found
