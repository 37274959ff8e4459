"""Webhooks: stored as they came and answered at once, worked later, in batches. The same delivery again is the same row."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import islice
from time import time
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import connected, copies, edge, pokes, trackers
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.heard import Told, fold
from quarterdeck.outside import plugs
from quarterdeck.outside.tracker.port import Heard
from quarterdeck.record import audit
from quarterdeck.record.models import Connection, Delivery, Ticket, Watch

MOST_BYTES = 1_000_000
BATCH = 100
LEASE = timedelta(seconds=90)
KEPT = timedelta(days=3)
MAX_PAUSE = 600.0


def keep(connection_id: UUID, headers: Mapping[str, str], raw: bytes) -> bool:
    """Stores a delivery whose signature is good. False when it was here before.

    Raises Refused: no_such_connection (404), bad_signature (401), too_big (413), GaveUp(key_missing).
    """
    if len(raw) > MOST_BYTES:
        raise Refused("This delivery is too long.", reason="too_big", status=413)
    connection = connected.one("tracker", connection_id)
    kept, ears = trackers.secrets(connection), plugs.ears()
    clients = [kept["client_secret"]] if kept.get("client_secret") else []
    ears.signed(raw, headers, kept.get("hooks", []), client_secrets=clients, now=time())
    return _store(connection, str(ears.delivery_id(headers, raw))[:120], raw)


def _store(connection: Connection, ident: str, raw: bytes) -> bool:
    with transaction.atomic():
        before = Delivery.objects.filter(connection=connection, ident=ident).exists()
        if not before:
            Delivery.objects.bulk_create(
                [Delivery(connection=connection, ident=ident, body=raw)], ignore_conflicts=True
            )
            pokes.poke("deliveries")
    return not before


def work(limit: int = 40) -> int:
    """Works batches of what waits. Returns how many deliveries were worked."""
    return sum(map(_batch, islice(iter(_claim, []), limit)))


def _claim() -> list[Delivery]:
    """The oldest of one connection; the claim is a lease on database time."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
    with transaction.atomic():
        due = Delivery.objects.filter(free, state="waiting", due_at__lte=Now())
        first = due.order_by("id").values_list("connection_id", flat=True).first()
        if first is None:
            return []
        rows = (
            due.filter(connection=first).select_for_update(skip_locked=True, of=("self",)).select_related("connection")
        )
        found = list(rows.order_by("id")[:BATCH])
        Delivery.objects.filter(id__in=[row.id for row in found]).update(lease_until=Now() + LEASE)
    return found


def _batch(rows: Sequence[Delivery]) -> int:
    return edge.guarded(f"batch of {len(rows)} deliveries", partial(_work, rows), partial(_broken, rows))


def _broken(rows: Sequence[Delivery], why: str) -> int:
    """One that breaks us is put aside with the reason; those that came with it are worked alone."""
    if len(rows) > 1:
        return sum(_batch([row]) for row in rows)
    _end(rows, "failed", why)
    return 0


def _work(rows: Sequence[Delivery]) -> int:
    connection = rows[0].connection
    heard: dict[UUID, Heard] = {}
    for row in rows:
        try:
            heard[row.id] = plugs.ears().hear(bytes(row.body))
        except Refused as no:
            _end([row], "failed", no.text)
    try:
        told = _told(connection, list(heard.values()))
        copies.take(connection, told.values(), trackers.me(connection).id)
    except TryLater as later:
        _later(rows, later)
        return 0
    except (Refused, GaveUp) as no:
        _later(rows, TryLater(no.text, after=MAX_PAUSE))
        return 0
    _note([row for row in rows if row.id in heard], heard, told)
    return len(heard)


def _told(connection: Connection, heard: Sequence[Heard]) -> dict[str, Told]:
    """Folded by issue; of whom only a sketch came, the rest is asked for."""
    told = fold(heard)
    sketches = [id for id, one in told.items() if one.issue is None and not one.deleted]
    if sketches:
        for issue in trackers.at(connection).fetch_many(sketches):
            one = told.get(issue.id)
            if one is not None:
                comments = {each.id: each for each in issue.comments} | one.comments
                told[issue.id] = Told(issue.id, issue.key, issue, False, comments, one.dropped, one.changes)
    return _wanted(connection, told)


def _wanted(connection: Connection, told: dict[str, Told]) -> dict[str, Told]:
    """Without those that we do not have and nobody watches, or that a narrowed watch's query does not match."""
    watches = list(Watch.objects.filter(connection=connection, active=True))
    rows = Ticket.objects.filter(connection=connection, external_id__in=told)
    have = set(rows.values_list("external_id", flat=True))
    told = {
        id: one
        for id, one in told.items()
        if id in have or one.issue is None or copies.watching(watches, one.issue) is not None
    }
    for watch in watches:
        if not watch.query.strip():
            continue
        ids = [
            id
            for id, one in told.items()
            if one.issue and id not in have and copies.space_of(one.issue) in watch.spaces
        ]
        if ids:
            page = trackers.at(connection).search(f"id in ({', '.join(ids)}) AND ({watch.query})")
            matching = {issue.id for issue in page.issues}
            told = {id: one for id, one in told.items() if id not in ids or id in matching}
    return told


def _note(rows: Sequence[Delivery], heard: Mapping[UUID, Heard], told: dict[str, Told]) -> None:
    """What each was about, in one go; then how it ended, in one go per end."""
    for row in rows:
        row.event, row.issue = heard[row.id].event[:60], (heard[row.id].key or heard[row.id].issue_id)[:80]
    Delivery.objects.bulk_update(rows, ["event", "issue"])
    _end([row for row in rows if heard[row.id].issue_id in told], "done", "")
    _end([row for row in rows if heard[row.id].issue_id not in told], "ignored", "It is about nothing that is watched.")


def _end(rows: Sequence[Delivery], state: str, why: str, **fields: str) -> None:
    Delivery.objects.filter(id__in=[row.id for row in rows]).update(
        state=state, why=why[:400], lease_until=None, done_at=Now(), **fields
    )


def _later(rows: Sequence[Delivery], later: TryLater) -> None:
    """Nothing is lost: they wait, and are asked about less and less often."""
    for row in rows:
        pause = min(MAX_PAUSE, max(later.after, 2.0 ** min(row.tries, 9)))
        Delivery.objects.filter(id=row.id, state="waiting").update(
            tries=row.tries + 1, why=later.text[:400], lease_until=None, due_at=Now() + timedelta(seconds=pause)
        )


def again(actor: Actor, connection: UUID, delivery: UUID) -> None:
    """Works one delivery once more, as if it came now. Raises Refused(no_such_delivery), 404."""
    with transaction.atomic():
        rows = Delivery.objects.filter(id=delivery, connection=connection)
        if not rows.update(state="waiting", due_at=Now(), lease_until=None, tries=0, why="", done_at=None):
            raise Refused("There is no such delivery.", reason="no_such_delivery", status=404)
        audit.write(actor.word, "delivery again", f"connection:{connection}", delivery=str(delivery))
        pokes.poke("deliveries")


def forget() -> int:
    """What was worked days ago. A sender's retries are long over by then."""
    gone, _ = Delivery.objects.exclude(state="waiting").filter(done_at__lt=Now() - KEPT).delete()
    return gone
