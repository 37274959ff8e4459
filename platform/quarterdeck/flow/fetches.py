"""Projects' repositories are fetched by the worker, never in the reconciler's pass: a slow remote holds up its own runs alone.

The launcher asks (`want`), one worker at a time fetches a repository, and every run that could start now begins at the
branch's newest commit. Dying anywhere in between leaves a lease that runs out, and a repository that is still due.
"""

import logging
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import edge, launch, logins, pokes
from quarterdeck.outside import plugs
from quarterdeck.record import leases, places, turns, wakes
from quarterdeck.record.models import Repository, RunRepository

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=30)
"""Of who died; while git is at it, minutes for a large one, it is renewed."""
RENEW_S = 10.0
MOST_AT_ONCE = 3
"""Of the worker's threads: the others are there for what people wait for."""
MAX_PAUSE = 300.0


def work(limit: int = 20) -> int:
    """Fetches what is due. Returns how many were fetched."""
    return sum(map(_fetch, islice(iter(_claim, None), limit)))


def _claim() -> Repository | None:
    with transaction.atomic():
        if Repository.objects.filter(fetch_lease__gt=Now()).count() >= MOST_AT_ONCE:
            return None
        free = Q(fetch_lease__isnull=True) | Q(fetch_lease__lte=Now())
        rows = Repository.objects.select_for_update(skip_locked=True, of=("self",)).select_related("project")
        row = rows.filter(free, fetch_due__lte=Now()).order_by("fetch_due", "id").first()
        if row:
            Repository.objects.filter(id=row.id).update(fetch_lease=Now() + LEASE, fetch_tries=F("fetch_tries") + 1)
            row.fetch_tries += 1
        return row


def _fetch(row: Repository) -> int:
    # Chosen before git is asked: who queues up meanwhile is not given a commit older than its ticket.
    waiting = _who_could_start(row)
    again = partial(_again, row, waiting)
    return edge.guarded(f"fetch of {row.id}", partial(_mirror, row, waiting), lambda why: again(TryLater(why)))


def _mirror(row: Repository, waiting: list[RunRepository]) -> int:
    held = Repository.objects.filter(id=row.id)
    try:
        with leases.renewing(RENEW_S, partial(held.update, fetch_lease=Now() + LEASE)):
            heads = plugs.repos().mirror(str(row.id), row.url, access=logins.of(row))
    except Refused as no:
        _end(row, newest="", fetch_note=f"{no.text} {no.remedy}".strip()[:400])
        for one in waiting:
            launch.refuse(one.run, no)
        return 0
    except (TryLater, GaveUp) as later:
        return _again(row, waiting, later)
    for one in waiting:
        _begin_at(one, row, heads)
    _end(row, newest=heads.get(row.branch, ""))
    pokes.poke("places")
    return 1


def _who_could_start(row: Repository) -> list[RunRepository]:
    """As many as there is room for, in their order: one further back would begin at a commit that is old when its turn
    comes."""
    standing = places.standing()
    share = standing.shares[row.project_id]
    line = [one.run for one in turns.lines(standing.waiting).get(row.project_id, [])]
    rows = RunRepository.objects.filter(repository=row, base="", run__in=line).select_related("run", "repository")
    found = sorted(rows, key=lambda one: line.index(one.run_id))
    return found[: max(1, share.places - share.used)]


def _begin_at(one: RunRepository, row: Repository, heads: dict[str, str]) -> None:
    try:
        base = _head_of(row, heads)
        RunRepository.objects.filter(id=one.id, base="").update(base=base)
        one.refresh_from_db(fields=["base"])
        plugs.repos().open_run(str(one.run_id), str(row.id), one.base)
    except Refused as no:
        launch.refuse(one.run, no)
    except TryLater as later:  # the launcher opens it, when it comes by
        log.info("fetches: %s is opened later: %s", one.run_id, later.text)


def _head_of(row: Repository, heads: dict[str, str]) -> str:
    if row.branch not in heads:
        raise Refused(f"The repository has no branch {row.branch!r}.", reason="no_such_branch",
                      remedy="Name one of its branches in the project's settings, then retry.")  # fmt: skip
    return heads[row.branch]


def _end(row: Repository, **seen: str) -> None:
    done = {"fetch_due": None, "fetch_lease": None, "fetch_tries": 0, "fetch_note": "", "looked_at": Now()}
    _keep(row, done | seen)


def _again(row: Repository, waiting: list[RunRepository], later: TryLater | GaveUp) -> int:
    pause = min(MAX_PAUSE, max(getattr(later, "after", 0.0), 2.0 ** min(row.fetch_tries, 9)))
    log.warning("fetches: %s: %s", row.id, later.text)
    # Where only a review or a check of the settings wanted to know, it is asked for again by hand.
    due = Now() + timedelta(seconds=pause) if waiting else None
    _keep(row, {"fetch_due": due, "fetch_lease": None, "fetch_note": later.text[:400], "looked_at": Now()})
    for one in waiting:
        wakes.tell("card", run=str(one.run_id))
    return 0


def _keep(row: Repository, what: dict[str, Any]) -> None:
    """What was seen is kept of the repository that was asked for. Where somebody changed it meanwhile, the new one is still
    due: only the lease ends."""
    same = Repository.objects.filter(id=row.id, url=row.url, branch=row.branch, login=row.login, secret=row.secret)
    if not same.update(**what):
        Repository.objects.filter(id=row.id).update(fetch_lease=None)
