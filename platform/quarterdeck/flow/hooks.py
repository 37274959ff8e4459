"""Webhooks that our own client registers (a signed-in Jira Cloud): compared with what should be there, not remembered.

Jira itself is asked which of them are ours: whoever dies after a call finds its effect the next time. They live for thirty
days; each is renewed long before.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import trackers
from quarterdeck.outside.tracker.port import Hook, Tracker
from quarterdeck.record.models import Connection, SignIn, Watch

log = logging.getLogger(__name__)
EVENTS = (
    "jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created", "comment_updated", "comment_deleted",
)  # fmt: skip
EVERY = timedelta(hours=6)
AGAIN = timedelta(minutes=10)
LEASE = timedelta(seconds=120)
EARLY = timedelta(days=10)
"""Before their end that they are renewed: a platform that was away for a week still comes in time."""


def work() -> int:
    """Returns how many connections were looked at."""
    done = 0
    while (row := _claim()) is not None:
        _look(row)
        done += 1
    return done


def address(row: Connection) -> str:
    """Where Jira delivers to: the first address that people use."""
    origin = settings.ORIGINS[0] if settings.ORIGINS else f"http://{settings.HOST}:{settings.PORT}"
    return f"{origin}/hooks/{row.id}"


def take_back(row: Connection) -> None:
    """All of ours. A Jira that does not answer forgets them by itself within thirty days."""
    if not row.options.get("cloud_id"):
        return
    try:
        tracker = trackers.at(row)
        _unhook(tracker, [one for one in tracker.hooks() if one.url == address(row)])
    except (Refused, TryLater, GaveUp) as no:
        log.warning("hooks: those of %s stay until they expire: %s", row.name, no.text)


def _claim() -> SignIn | None:
    free = Q(hooks_lease__isnull=True) | Q(hooks_lease__lt=Now())
    with transaction.atomic():
        rows = SignIn.objects.select_for_update(skip_locked=True, of=("self",)).select_related("connection")
        row = rows.filter(free, hooks_due__lte=Now()).order_by("hooks_due").first()
        if row:
            SignIn.objects.filter(connection=row.connection_id).update(hooks_lease=Now() + LEASE)
        return row


def _look(row: SignIn) -> None:
    until, note, wait = row.hooks_until, "", EVERY
    try:
        until = _bring_about(row.connection)
    except (Refused, TryLater, GaveUp) as no:
        note, wait = no.text, max(AGAIN, timedelta(seconds=getattr(no, "after", 0.0)))
        log.warning("hooks: %s: %s", row.connection.name, no.text)
    SignIn.objects.filter(connection=row.connection_id).update(
        hooks_until=until, hooks_note=note[:400], hooks_due=Now() + wait, hooks_lease=None
    )


def _bring_about(row: Connection) -> datetime | None:
    """Until when they live now; None when nothing is watched."""
    if not row.options.get("cloud_id"):
        return None
    tracker, query = trackers.at(row), _query(row)
    ours = [one for one in tracker.hooks() if one.url == address(row)]
    right = [one for one in ours if one.query == query and set(one.events) == set(EVENTS)][:1]
    if query and not right:
        right = [tracker.hook(address(row), query, EVENTS)]
    kept = {one.id for one in right}
    _unhook(tracker, [one for one in ours if one.id not in kept])
    return _renewed(tracker, right[0]) if right else None


def _query(row: Connection) -> str:
    """Jira takes a small part of JQL here: what narrows a watch further is looked at when a delivery is read."""
    watched = Watch.objects.filter(connection=row, active=True).values_list("spaces", flat=True)
    spaces = sorted({one for each in watched for one in each})
    return f"project in ({', '.join(f'{chr(34)}{one}{chr(34)}' for one in spaces)})" if spaces else ""


def _renewed(tracker: Tracker, hook: Hook) -> datetime:
    if hook.expires is not None and hook.expires - EARLY > datetime.now(UTC):
        return hook.expires
    return tracker.refresh_hooks([hook.id])


def _unhook(tracker: Tracker, hooks: Sequence[Hook]) -> None:
    if hooks:
        tracker.unhook([one.id for one in hooks])
