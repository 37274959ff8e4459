"""Effects outside that must happen. Strictly in order per key; every effect looks for its own marker before it acts."""

import logging
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from deckwire import crash
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import edge, effects, pokes
from quarterdeck.flow.actor import Actor
from quarterdeck.record import audit, leases
from quarterdeck.record.models import Outbox

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)
RENEW_SECONDS = 15.0
MAX_WAIT = 900.0
MAX_FAILURES = 5
"""Errors that nobody foresaw, before an effect is stuck: what is wrong with it does not go away by asking again."""


def put(key: str, kind: str, body: dict[str, Any]) -> None:
    """In the caller's transaction: the effect and its reason are stored together, or neither."""
    Outbox.objects.create(key=key, kind=kind, body=body)
    pokes.poke("outbox")


def work(limit: int = 50) -> int:
    """Does what is due. Returns how many effects were done. Several workers may run: each row is claimed first."""
    return sum(map(_do, islice(iter(_claim, None), limit)))


def _claim() -> Outbox | None:
    """The head of a key whose time has come and whom nobody holds; the claim is a lease on database time."""
    with transaction.atomic():
        older = Outbox.objects.filter(key=OuterRef("key"), state__in=["waiting", "stuck"], id__lt=OuterRef("id"))
        row = (
            Outbox.objects.select_for_update(skip_locked=True)
            .filter(
                Q(lease_until__isnull=True) | Q(lease_until__lt=Now()),
                ~Exists(older),
                state="waiting",
                due_at__lte=Now(),
            )
            .order_by("id")
            .first()
        )
        if row:
            Outbox.objects.filter(id=row.id).update(lease_until=Now() + LEASE, tries=row.tries + 1)
        return row


def _do(row: Outbox) -> int:
    return edge.guarded(f"outbox {row.kind} {row.key}", partial(_act, row), partial(_broken, row))


def _act(row: Outbox) -> int:
    try:
        with held(row.id):
            effects.DO[row.kind](row.body)
    except TryLater as later:
        wait = min(MAX_WAIT, max(later.after, 2.0 ** min(row.tries, 9)))
        _end(row, "waiting", later.text, wait)
        return 0
    except (Refused, GaveUp) as no:
        log.warning("outbox %s %s dropped: %s", row.kind, row.key, no.text)
        _end(row, "dropped", no.text)
        return 0
    crash.point("outbox.done")
    _end(row, "done", "")
    return 1


def held(id: UUID, every: float = RENEW_SECONDS) -> AbstractContextManager[None]:
    """An effect may be many calls to a slow tracker: while it runs nobody else does it too."""
    rows = Outbox.objects.filter(id=id, lease_until__isnull=False)
    return leases.renewing(every, partial(rows.update, lease_until=Now() + LEASE))


def _broken(row: Outbox, why: str) -> int:
    failures = row.failures + 1
    Outbox.objects.filter(id=row.id).update(failures=failures)
    _end(row, "stuck" if failures >= MAX_FAILURES else "waiting", why, min(MAX_WAIT, 2.0**failures))
    return 0


def again(actor: Actor, id: UUID) -> None:
    """Raises Refused: no_such_effect (404), not_stuck (409)."""
    _release(actor, id, "effect tried again", state="waiting", failures=0, due_at=Now())
    pokes.poke("outbox")


def drop(actor: Actor, id: UUID) -> None:
    """It is not done any more; what waits behind it goes on. Raises as `again` does."""
    _release(actor, id, "effect dropped", state="dropped", done_at=Now())
    pokes.poke("outbox")


def _release(actor: Actor, id: UUID, verb: str, **fields: Any) -> None:
    with transaction.atomic():
        row = Outbox.objects.select_for_update().filter(id=id).first()
        if row is None:
            raise Refused("There is no such effect.", reason="no_such_effect", status=404)
        if row.state != "stuck":
            raise Refused(f"This effect is not stuck: it is {row.state}.", reason="not_stuck")
        Outbox.objects.filter(id=id).update(**fields)
        audit.write(actor.word, verb, f"effect:{id}", kind=row.kind, key=row.key)


def _end(row: Outbox, state: str, why: str, wait: float = 0) -> None:
    Outbox.objects.filter(id=row.id).update(
        state=state, why=why[:400], lease_until=None, due_at=Now() + timedelta(seconds=wait),
        done_at=Now() if state in ("done", "dropped") else None,
    )  # fmt: skip
