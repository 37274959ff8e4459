"""Why a queued run has not started, in words, and how many are before it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from deckwire.words import LIVE_ATTEMPT, Phase
from quarterdeck.record.models import Attempt, Check, Project, Run, RunRepository


@dataclass(frozen=True)
class Place:
    """Where a run stands in its project's queue."""

    ahead: int
    used: int
    places: int
    installing: bool = False
    fetching: str = ""


def reasons(queued: Sequence[Run], now: datetime) -> dict[UUID, str]:
    """One sentence for each queued run. A few queries when there is any, none when there is none."""
    if not queued:
        return {}
    places = line_up({run.project_id for run in queued})
    return {run.id: reason(run, places.get(run.id), now) for run in queued}


def reason(run: Run, place: Place | None, now: datetime) -> str:
    if run.desired == "pause":
        return "It is paused before it starts."
    if run.not_before and run.not_before > now:
        seconds = max(1, round((run.not_before - now).total_seconds()))
        why = run.reason_text.strip() or "The last attempt failed for reasons outside."
        return f"{why} The next starts in {seconds} s."
    if place is None:
        return ""
    if place.fetching:
        return f"{place.fetching[0].upper()}{place.fetching[1:]}."
    if place.installing:
        return "Its packages are being installed."
    if place.used >= place.places:
        return f"{place.used} of {place.places} places are taken; {_ahead(place.ahead)}."
    return f"Next to start; {_ahead(place.ahead)}." if place.ahead else "Next to start."


def line_up(projects: set[UUID]) -> dict[UUID, Place]:
    """Every queued run of these projects, oldest first, with what it waits for."""
    room = dict(Project.objects.filter(id__in=projects).values_list("id", "places"))
    living = Attempt.objects.filter(run__project__in=projects, state__in=[str(state) for state in LIVE_ATTEMPT])
    used = dict(living.values_list("run__project").annotate(n=Count("id")).order_by())
    waiting = Run.objects.filter(project__in=projects, phase=Phase.QUEUED).order_by("created_at", "id")
    installing, fetching = being_installed(projects), being_fetched(projects)
    before: Counter[UUID] = Counter()
    found = {}
    for run, project in waiting.values_list("id", "project_id"):
        found[run] = Place(
            before[project], used.get(project, 0), room[project], run in installing, fetching.get(run, "")
        )
        before[project] += 1
    return found


def being_fetched(projects: set[UUID]) -> dict[UUID, str]:
    """The queued runs of these projects that wait for their repository, and what is to be said of it."""
    rows = RunRepository.objects.filter(run__project__in=projects, run__phase=Phase.QUEUED, base="")
    asked = rows.filter(repository__fetch_due__isnull=False).values_list("run_id", "repository__fetch_note")
    return {run: f"fetching the repository again soon: {note.rstrip('.')}" if note else "fetching the repository"
            for run, note in asked}  # fmt: skip


def being_installed(projects: set[UUID]) -> set[UUID]:
    """The queued runs of these projects that wait for an install: their own, or another run's of the same packages."""
    going_on = Check.objects.filter(run__project__in=projects, name="install").filter(
        Q(state__in=("queued", "running")) | Q(state="passed", gone=False)
    )
    names = set(going_on.values_list("order__environment", flat=True))
    waiting = RunRepository.objects.filter(run__project__in=projects, run__phase=Phase.QUEUED, environment__in=names)
    return set(waiting.values_list("run_id", flat=True)) if names else set()


def _ahead(count: int) -> str:
    return (
        "no run is ahead of it"
        if not count
        else "1 run is ahead of it"
        if count == 1
        else f"{count} runs are ahead of it"
    )
