"""A queued run and a free place become an attempt. The row is the desired state; the reconciler makes the place."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from deckwire.events import Attempted
from deckwire.tokens import digest
from deckwire.words import LIVE_ATTEMPT, AttemptState, Phase
from quarterdeck.errors import Refused, TryLater
from quarterdeck.flow import asks, environments, fencing, mailbox, pokes
from quarterdeck.outside import names, plugs
from quarterdeck.record import fences, ledger, lifecycle, tokens, wakes
from quarterdeck.record.models import Attempt, Project, Repository, Run, RunRepository, SiteSetting
from quarterdeck.record.views.queue import being_fetched, being_installed

BY = "rule:reconciler"
SITE_PLACES = 16


@dataclass(frozen=True)
class Queued:
    """Why a run waits, in words; `ahead` counts the runs before it."""

    run: UUID
    reason: str
    ahead: int


def site_places() -> int:
    row = SiteSetting.objects.filter(name="places").first()
    return int(row.value) if row else SITE_PLACES


def places_used(project: Project | None = None) -> int:
    """Counted from rows, never kept as a counter."""
    rows = Attempt.objects.filter(Q(state__in=LIVE_ATTEMPT) | Q(gone=False, unwanted=True), gone=False)
    return (rows.filter(run__project=project) if project else rows.filter(state__in=LIVE_ATTEMPT)).count()


def due() -> list[Run]:
    """Queued runs whose time has come, longest waiting first."""
    rows = Run.objects.filter(phase=Phase.QUEUED, desired="run").filter(
        Q(not_before__isnull=True) | Q(not_before__lte=Now())
    )
    return list(rows.select_related("project", "ticket").order_by("phase_since", "id")[:200])


def queue() -> list[Queued]:
    """What waits, and for what: so that idle and broken look different."""
    waiting, seen, used = [], dict[UUID, int](), dict[UUID, int]()
    free = site_places() - places_used()
    projects = set(Project.objects.values_list("id", flat=True))
    installing, fetching = being_installed(projects), being_fetched(projects)
    for run in Run.objects.filter(phase=Phase.QUEUED).select_related("project").order_by("phase_since", "id")[:500]:
        ahead = seen.get(run.project_id, 0)
        seen[run.project_id] = ahead + 1
        if not ahead:
            used[run.project_id] = places_used(run.project)
        why = "its packages are being installed" if run.id in installing else _why(run, used[run.project_id], free)
        why = fetching.get(run.id, why)
        waiting.append(Queued(run.id, why, ahead))
    return waiting


def _why(run: Run, used: int, free: int) -> str:
    if run.not_before is not None:
        return f"tries again after a pause: {run.reason_text or run.reason}"
    if used >= run.project.places:
        return f"all {run.project.places} places of {run.project.name} are taken"
    return "all places of this installation are taken" if free <= 0 else "starts now"


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


def admit(run_id: UUID) -> Attempt | None:
    """Reserves a place and makes the attempt, or returns None: no room, or somebody was faster.

    Locks the project first, so that two reconcilers count the same places.
    """
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True, of=("self",)).get(runs=run_id)
        if places_used(project) >= project.places or places_used() >= site_places():
            return None
        run = lifecycle.hold(run_id)
        if run.phase != Phase.QUEUED or run.desired != "run" or fencing.live_attempt(run):
            return None
        return _attempt(run)


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
