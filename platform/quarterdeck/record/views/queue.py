"""Why a queued run has not started, in words, and who is before it.

Whose turn it is depends on every project; what is said names tickets of the run's own project only, and counts the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from deckwire.words import Phase
from quarterdeck.record import places, turns
from quarterdeck.record.models import Check, Run, RunRepository
from quarterdeck.record.places import Purse, Standing

NAMED = 3
"""Tickets that are named before the rest is counted."""


@dataclass(frozen=True)
class Place:
    """Where a run stands. `own` are the keys of those before it in its own project, nearest to a place first."""

    own: tuple[str, ...] = ()
    others: int = 0
    blocks: tuple[str, ...] = ()
    installing: bool = False
    fetching: str = ""

    @property
    def ahead(self) -> int:
        return len(self.own) + self.others


def reasons(queued: Sequence[Run], now: datetime) -> dict[UUID, str]:
    """One sentence for each queued run. A few queries when there is any, none when there is none."""
    if not queued:
        return {}
    found = line_up({run.project_id for run in queued})
    return {run.id: reason(run, found.get(run.id), now) for run in queued}


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
    if not place.blocks and not place.ahead:
        return "Next to start."
    return f"{'; '.join([_ahead(place), *place.blocks])}."


def line_up(projects: set[UUID]) -> dict[UUID, Place]:
    """Every run of these projects that waits for its turn, with what it waits for. At most ten queries, however many wait."""
    standing = places.standing()
    installing, fetching = being_installed(projects), being_fetched(projects)
    able = [one for one in standing.waiting if standing.solvent(one.project)]
    found, before = {}, {one.run: n for n, one in enumerate(turns.order(standing.shares, able))}
    for project, line in turns.lines(standing.waiting).items():
        if project not in projects:
            continue
        keys = [standing.keys[one.run] for one in line]
        for n, one in enumerate(line):
            # Who is beyond its project's own places waits for its project, and nobody else is in its way.
            others = before[one.run] - n if one.run in before else 0
            blocks = _blocks(standing, project, in_reach=one.run in before)
            found[one.run] = Place(tuple(keys[:n]), others, blocks, one.run in installing, fetching.get(one.run, ""))
    return found


def _blocks(standing: Standing, project: UUID, *, in_reach: bool) -> tuple[str, ...]:
    share, name, found = standing.shares[project], standing.names[project], []
    if standing.purse.empty:
        found.append(_spent("this installation", standing.purse))
    if standing.purses[project].empty:
        found.append(_spent(name, standing.purses[project]))
    if share.used >= share.places or (not in_reach and not found):
        found.append(f"{name} has {share.used} of {share.places} places in use")
    if not standing.free:
        found.append(f"waits for a place in all: {standing.used} of {standing.all} in use")
    return tuple(found)


def _spent(who: str, purse: Purse) -> str:
    return (
        f"{who} has spent ${purse.spent / 1_000_000:.2f} of ${(purse.limit or 0) / 1_000_000:.2f} today: it goes on at "
        "00:00 UTC, or when that is raised"
    )


def _ahead(place: Place) -> str:
    if not place.ahead:
        return "Next in line"
    rest = len(place.own) - NAMED
    named = [", ".join(place.own[:NAMED])] if place.own else []
    if rest > 0:
        named.append(f"{rest} more of its project")
    if place.others:
        named.append(f"{place.others} of other projects")
    return f"{place.ahead} ahead: {' and '.join(named)}"


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
