"""A queued run and a free place become an attempt. The row is the desired state; the reconciler makes the place.

Whose turn it is says record/turns.py; places and money are counted in record/places.py, under the lock of `give_all`.
"""

from collections.abc import Collection
from itertools import islice
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from deckwire.events import Attempted
from deckwire.tokens import digest
from deckwire.words import AttemptState, Phase
from quarterdeck.errors import Refused, TryLater
from quarterdeck.flow import asks, environments, fencing, mailbox, pokes
from quarterdeck.outside import names, plugs
from quarterdeck.record import fences, ledger, lifecycle, places, tokens, turns, wakes
from quarterdeck.record.models import Attempt, Project, Repository, Run, RunRepository

BY = "rule:reconciler"
GIVING = 0x70_6C_61_63
"""The advisory lock of whoever gives places."""
MOST = 200
"""Runs that one pass looks at."""


def in_turn() -> tuple[list[Run], int]:
    """Queued runs whose time has come and for whom there is a place and money now, in their order; and how many places."""
    standing = places.standing()
    if not standing.free:
        return [], 0
    able = [one for one in standing.waiting if standing.solvent(one.project)]
    chosen = [one.run for one in islice(turns.order(standing.shares, able), MOST)]
    rows = Run.objects.filter(id__in=chosen).select_related("project", "ticket").in_bulk()
    return [rows[id] for id in chosen if id in rows], standing.free


def prepare(run: Run, there: Collection[str] = ()) -> bool:
    """The run's repository, base and packages, before any lock. False when the run cannot start yet. `there` names the
    environments of packages that are there.

    Asks the git service for what is on its own disk only: remotes are fetched by the worker. What cannot be opened ends the
    run in words that say what to mend; a git service that is away only delays it.
    """
    row = RunRepository.objects.select_related("repository").get(run=run)
    if not row.base:
        want(row)
        return False
    try:
        plugs.repos().open_run(str(run.id), str(row.repository_id), row.base)
        if run.forks and not row.frozen:
            # It may have been sealed before it was sent back: the service's own lock on the ref is taken off here.
            plugs.repos().thaw(str(run.id))
        return environments.ready(run, row, there)
    except TryLater:
        return False
    except Refused as no:
        refuse(run, no)
        return False


def want(row: RunRepository) -> None:
    """The worker fetches the repository soon (`flow/fetches.py`), unless it was asked already."""
    if Repository.objects.filter(id=row.repository_id, fetch_due__isnull=True).update(fetch_due=Now()):
        pokes.poke("fetches")
        wakes.tell("card", run=str(row.run_id))


def refuse(run: Run, no: Refused) -> None:
    """A start that cannot succeed until somebody mends the configuration."""
    with transaction.atomic():
        held = lifecycle.hold(run.id)
        if held.phase not in (Phase.QUEUED, Phase.STARTING):
            return
        remedy = no.remedy or "Mend it in the project's settings, then retry."
        asks.supersede(held, "the run failed")
        mailbox.supersede(held, "the run failed")
        lifecycle.move(held, Phase.FAILED, reason=no.reason, by=BY, text=no.text, remedy=remedy)
        asks.failure(held, no.text, remedy, no.quote if isinstance(no, environments.InstallFailed) else "")


def give_all(ready: Collection[UUID], most: int = MOST) -> list[Attempt]:
    """Reserves the places that are free for those of these runs whose turn it is, and makes their attempts.

    The only giver. Its lock is one for the whole site, so that two reconcilers count the same places and see the same order.
    Who waits and who has money is asked once; places and turns anew for each place, whose attempt is a transaction of its
    own: no run is held while another gets its place, and a pooler between us and the database may hand out connections by
    the transaction.
    """
    standing = places.standing()
    able = [one for one in standing.waiting if one.run in ready and standing.solvent(one.project)]
    given: list[Attempt] = []
    while able and len(given) < most and (tried := _give_next(standing.all, able)) is not None:
        given += tried
    return given


def _give_next(all_places: int, able: list[turns.Waiting]) -> list[Attempt] | None:
    """To whose turn it is, who is taken out of `able`; empty when that one does not wait any more. None: nobody has room."""
    with transaction.atomic():
        _lock()
        shares = places.shares()
        first = next(turns.order(shares, able), None)
        if first is None or sum(share.used for share in shares.values()) >= all_places:
            return None
        able.remove(first)
        attempt = _give(first, turns.caught_up(shares)[first.project].given().turn)
        return [attempt] if attempt else []


def _give(one: turns.Waiting, turn: int) -> Attempt | None:
    """None when it does not wait any more."""
    Project.objects.select_for_update(no_key=True, of=("self",)).get(id=one.project)
    run = lifecycle.hold(one.run)
    if run.phase != Phase.QUEUED or run.desired != "run" or fencing.live_attempt(run):
        return None
    Project.objects.filter(id=one.project).update(turn=turn)
    return _attempt(run)


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [GIVING])


def _attempt(run: Run) -> Attempt:
    if run.epoch == 0 or Attempt.objects.filter(run=run, epoch=run.epoch).exists():
        run.epoch += 1
    Run.objects.filter(id=run.id).update(epoch=run.epoch, not_before=None)
    head = fences.raise_epoch(run.id, run.epoch)
    attempt = Attempt.objects.create(run=run, epoch=run.epoch, place=names.attempt(run.id, run.epoch))
    attempt.secret_digest = digest(tokens.one_time_secret(attempt.id))
    Attempt.objects.filter(id=attempt.id).update(secret_digest=attempt.secret_digest)
    made = Attempted(epoch=run.epoch, state=AttemptState.CREATED)
    ledger.note(run.stream, made, by=BY, epoch=run.epoch, head=head)
    lifecycle.move(run, Phase.STARTING, reason="place_found", by=BY, head=head)
    return attempt
