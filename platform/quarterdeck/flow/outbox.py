"""Effects outside that must happen. Strictly in order per key; every effect looks for its own marker before it acts."""

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import effects, pokes
from quarterdeck.record.models import Outbox

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)
MAX_WAIT = 900.0


def put(key: str, kind: str, body: dict[str, Any]) -> None:
    """In the caller's transaction: the effect and its reason are stored together, or neither."""
    Outbox.objects.create(key=key, kind=kind, body=body)
    pokes.poke("outbox")


def work(limit: int = 50) -> int:
    """Does what is due. Returns how many effects were done. Several workers may run: each row is claimed first."""
    done = 0
    for _ in range(limit):
        row = _claim()
        if row is None:
            break
        done += _do(row)
    return done


def _claim() -> Outbox | None:
    """The head of a key whose time has come and whom nobody holds; the claim is a lease on database time."""
    with transaction.atomic():
        older = Outbox.objects.filter(key=OuterRef("key"), state="waiting", id__lt=OuterRef("id"))
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
    try:
        effects.DO[row.kind](row.body)
    except TryLater as later:
        wait = min(MAX_WAIT, max(later.after, 2.0 ** min(row.tries, 9)))
        _end(row, "waiting", later.text, wait)
        return 0
    except (Refused, GaveUp) as no:
        log.warning("outbox %s %s dropped: %s", row.kind, row.key, no.text)
        _end(row, "dropped", no.text)
        return 0
    _end(row, "done", "")
    return 1


def _end(row: Outbox, state: str, why: str, wait: float = 0) -> None:
    Outbox.objects.filter(id=row.id).update(
        state=state, why=why[:400], lease_until=None, due_at=Now() + timedelta(seconds=wait),
        done_at=Now() if state != "waiting" else None,
    )  # fmt: skip
