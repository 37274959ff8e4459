"""Places and money as they stand: what is in use, what may be, and who waits. Counted from rows, never kept as counters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from uuid import UUID

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Now

from deckwire.words import LIVE_ATTEMPT, Phase
from quarterdeck.record.models import Attempt, Judgement, ModelCall, Project, Run, SiteSetting
from quarterdeck.record.models.plumbing import CallState
from quarterdeck.record.turns import PRIORITIES, Share, Waiting

SITE_PLACES = 16
PLACES, DAILY = "places", "daily_micro"
"""The site's own settings: places in all, and what may be spent in a day (micro-units; none: no limit)."""


@dataclass(frozen=True)
class Purse:
    """What may be spent in a day (UTC), and what was, in micro-units. No limit: None."""

    limit: int | None = None
    spent: int = 0

    @property
    def empty(self) -> bool:
        return self.limit is not None and self.spent >= self.limit


@dataclass(frozen=True)
class Standing:
    """`keys` names each waiting run's ticket."""

    all: int
    shares: dict[UUID, Share]
    names: dict[UUID, str]
    purses: dict[UUID, Purse]
    purse: Purse
    waiting: list[Waiting]
    keys: dict[UUID, str] = field(default_factory=dict)

    @property
    def used(self) -> int:
        return sum(share.used for share in self.shares.values())

    @property
    def free(self) -> int:
        return max(0, self.all - self.used)

    def solvent(self, project: UUID) -> bool:
        return not (self.purse.empty or self.purses[project].empty)


def standing() -> Standing:
    """Of the whole site, whoever looks: whose turn it is depends on everybody. Six queries at the most."""
    projects = list(Project.objects.only("id", "name", "places", "weight", "turn", "daily_micro"))
    shares, site = _shares(projects), _site()
    waiting, keys = _waiting()
    limits = {one.id: one.daily_micro for one in projects}
    spent = spent_today() if site[DAILY] is not None or any(limit is not None for limit in limits.values()) else {}
    purses = {id: Purse(limit, spent.get(id, 0)) for id, limit in limits.items()}
    return Standing(
        all=site[PLACES] or 0, shares=shares, names={one.id: one.name for one in projects}, purses=purses,
        purse=Purse(site[DAILY], sum(spent.values())), waiting=waiting, keys=keys,
    )  # fmt: skip


def shares() -> dict[UUID, Share]:
    """What each project has and may have, now. Two queries."""
    return _shares(Project.objects.only("id", "places", "weight", "turn"))


def _shares(projects: Iterable[Project]) -> dict[UUID, Share]:
    used = in_use()
    return {one.id: Share(used.get(one.id, 0), one.places, one.weight, one.turn) for one in projects}


def in_use() -> dict[UUID, int]:
    """By project. A place that is to go is in use until it is known to be gone."""
    held = Q(state__in=[str(state) for state in LIVE_ATTEMPT]) | Q(unwanted=True)
    rows = Attempt.objects.filter(held, gone=False).values_list("run__project")
    return dict(rows.annotate(n=Count("id")).order_by())


def site_places() -> int:
    return _site()[PLACES] or 0


def site_daily() -> int | None:
    return _site()[DAILY]


def _site() -> dict[str, int | None]:
    rows = dict(SiteSetting.objects.filter(name__in=[PLACES, DAILY]).values_list("name", "value"))
    return {PLACES: int(rows.get(PLACES, SITE_PLACES)), DAILY: int(rows[DAILY]) if rows.get(DAILY) else None}


def _waiting() -> tuple[list[Waiting], dict[UUID, str]]:
    rows = Run.objects.filter(phase=Phase.QUEUED, desired="run").filter(
        Q(not_before__isnull=True) | Q(not_before__lte=Now())
    )
    found, keys = [], {}
    for run, project, own, ticket, since, key in rows.values_list(
        "id", "project_id", "priority", "ticket__priority", "created_at", "ticket__key"
    ):
        found.append(Waiting(run, project, step(own or ticket), since))
        keys[run] = key
    return found, keys


def step(priority: str) -> int:
    """A tracker's own word that we do not know is in the middle."""
    return PRIORITIES.get(priority, PRIORITIES["Medium"])


def spent_today(projects: Sequence[UUID] | None = None) -> dict[UUID, int]:
    """By project, since midnight UTC: what is settled, and what is set aside for calls on their way."""
    midnight = datetime.combine(datetime.now(UTC).date(), time(), UTC)
    rows = ModelCall.objects.filter(created_at__gte=midnight)
    if projects is not None:
        rows = rows.filter(run__project__in=projects)
    flying = Sum("reserved", filter=Q(state__in=[CallState.OPEN, CallState.STREAMING]), default=0)
    sums = rows.values_list("run__project").annotate(n=Sum("settled", default=0) + flying).order_by()
    found = dict(sums)
    judged = Judgement.objects.filter(created_at__gte=midnight)
    if projects is not None:
        judged = judged.filter(project__in=projects)
    for project, n in judged.values_list("project").annotate(n=Sum(F("settled") + F("reserved"), default=0)).order_by():
        found[project] = found.get(project, 0) + n
    return found


def affords(project: Project, most: int) -> bool:
    """Whether the project's day, and the site's, cover this much more."""
    spent, site = spent_today(), site_daily()
    own = project.daily_micro is None or spent.get(project.id, 0) + most <= project.daily_micro
    return own and (site is None or sum(spent.values()) + most <= site)
