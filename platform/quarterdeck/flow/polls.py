"""What no webhook said: each watch asks now and then for all that was updated since, with an overlap, and counts what is there.

The cursor moves only when a whole poll was taken: who dies in between asks for the same again.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import copies, edge, trackers
from quarterdeck.flow.heard import polled
from quarterdeck.outside.tracker.jira.jql import quoted
from quarterdeck.outside.tracker.port import OVERLAP, Issue, Tracker
from quarterdeck.record.models import OPEN_PHASES, Run, Ticket, Watch, Wish

log = logging.getLogger(__name__)
EVERY = timedelta(seconds=60)
LEASE = timedelta(seconds=120)
COUNT_EVERY = timedelta(minutes=30)
FIRST_LOOK = timedelta(days=30)
MAX_PAUSE = 900.0
MANY = 100
PLACE = re.compile(r"\s*\(line \d+, (?:character|column) \d+\)")
MOST_PAGES = 20
"""Of fifty tickets each, that one poll reads of the trigger's query."""


def work() -> int:
    """Polls what is due. Returns how many watches were polled."""
    done = 0
    while (watch := _claim()) is not None:
        broken = partial(_again, watch, after=60.0)
        done += edge.guarded(f"poll of {watch.project.key}", partial(_poll, watch), broken)
    return done


def _claim() -> Watch | None:
    free = Q(poll_lease__isnull=True) | Q(poll_lease__lt=Now())
    with transaction.atomic():
        rows = Watch.objects.select_for_update(skip_locked=True, of=("self",)).select_related("connection", "project")
        watch = rows.filter(free, active=True, poll_due__lte=Now()).order_by("poll_due").first()
        if watch:
            Watch.objects.filter(id=watch.id).update(poll_lease=Now() + LEASE)
        return watch


def _poll(watch: Watch) -> int:
    try:
        tracker = trackers.at(watch.connection)
        me = trackers.me(watch.connection).id
        newest = _pages(watch, tracker, me)
        _count(watch, tracker, me)
        _matching(watch, tracker)
    except (TryLater, Refused, GaveUp) as no:
        log.warning("polls: %s: %s", watch.project.key, no.text)
        return _again(watch, without_place(no.text), getattr(no, "after", 60.0))
    Watch.objects.filter(id=watch.id).update(
        since=newest, poll_due=Now() + EVERY, poll_lease=None, polled_at=Now(), poll_tries=0, poll_note=""
    )
    return 1


def _again(watch: Watch, why: str, after: float) -> int:
    """Asked less and less often, with the reason where people look."""
    pause = min(MAX_PAUSE, max(after, 2.0 ** min(watch.poll_tries, 9)))
    Watch.objects.filter(id=watch.id).update(
        poll_due=Now() + timedelta(seconds=pause), poll_lease=None, poll_tries=watch.poll_tries + 1, poll_note=why[:400]
    )
    return 0


def query_of(watch: Watch) -> str:
    return within(watch.spaces, watch.query)


def within(spaces: Sequence[str], query: str) -> str:
    """What a person typed, in the tracker's projects that it narrows. Either may be empty."""
    inside = f"project in ({', '.join(quoted(one) for one in spaces)})" if spaces else ""
    return " AND ".join(part for part in (inside, f"({query})" if query.strip() and spaces else query.strip()) if part)


def without_place(text: str) -> str:
    """A place in a query that we put together says nothing to who typed a part of it."""
    return PLACE.sub("", text)


def _pages(watch: Watch, tracker: Tracker, me: str) -> datetime:
    """Returns the newest `updated` that was seen."""
    first = watch.since is None
    since = watch.since or datetime.now(UTC) - FIRST_LOOK
    newest, cursor = since, ""
    while True:
        page = tracker.changed_since(query_of(watch), since, OVERLAP, cursor)
        copies.take(watch.connection, [polled(_whole(tracker, one)) for one in page.issues], me, quiet=first)
        newest = max([newest, *(one.updated for one in page.issues)])
        if page.last:
            return newest
        cursor = page.cursor
        Watch.objects.filter(id=watch.id).update(poll_lease=Now() + LEASE)


def _whole(tracker: Tracker, issue: Issue) -> Issue:
    if issue.whole_comments:
        return issue
    return replace(issue, comments=tracker.comments(issue.id))


def _count(watch: Watch, tracker: Tracker, me: str) -> None:
    """Who is gone without a word: those with open runs each time, all of them now and then."""
    rows = Ticket.objects.filter(project=watch.project, connection=watch.connection, deleted_at__isnull=True)
    whole = watch.counted_at is None or watch.counted_at < datetime.now(UTC) - COUNT_EVERY
    if not whole:
        rows = rows.filter(Q(runs__phase__in=OPEN_PHASES) | Q(wishes__state="waiting")).distinct()
    ids = list(rows.order_by("external_id").values_list("external_id", flat=True))
    for at in range(0, len(ids), MANY):
        asked = ids[at : at + MANY]
        found = tracker.fetch_many(asked)
        if not found and len(asked) > 1:
            continue  # a right that was taken away hides all of them: no reason to stop every run
        copies.take(watch.connection, [polled(one) for one in found], me)
        copies.gone(watch.connection, sorted(set(asked) - {one.id for one in found}), me)
    if whole:
        Watch.objects.filter(id=watch.id).update(counted_at=Now())


def _matching(watch: Watch, tracker: Tracker) -> None:
    """The trigger's own query: who matches it for the first time asks for a run. Its author is who wrote the query.

    Bounded: a query that matches half the tracker starts at its beginning, and what is left is told where it was written.
    """
    jql = str(watch.triggers.get("jql") or "").strip()
    if not jql:
        return
    query, cursor, seen, left = f"{query_of(watch)} AND ({jql})", "", 0, 0
    for _ in range(MOST_PAGES):
        page = tracker.search(query, cursor)
        seen += len(page.issues)
        _wish(watch, jql, [one.id for one in page.issues])
        if page.last:
            break
        cursor = page.cursor
        Watch.objects.filter(id=watch.id).update(poll_lease=Now() + LEASE)
    else:
        left = max(1, tracker.count(query) - seen)
    Watch.objects.filter(id=watch.id).update(matches_left=left)


def _wish(watch: Watch, jql: str, ids: list[str]) -> None:
    rows = Ticket.objects.filter(connection=watch.connection, external_id__in=ids)
    busy = set(Run.objects.filter(ticket__in=rows).values_list("ticket_id", flat=True))
    Wish.objects.bulk_create(
        [
            Wish(ticket=row, cause=f"jql:{watch.id}", why="jql", word=jql[:200])
            for row in rows
            if row.id not in busy and row.category != "done" and not row.deleted_at
        ],
        ignore_conflicts=True,
    )
