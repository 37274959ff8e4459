"""A project's installed packages: which folder a run needs, the one install that fills it, and which folders can go.

What is installed follows from the base alone (the repository's command, its manifests and lock files), never from a ticket
or from an agent's commit. The folders are in the cluster; which are there is told by who calls.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from deckwire.check import CheckTree
from deckwire.events import Checked
from quarterdeck.errors import Refused
from quarterdeck.flow import pokes, wishes
from quarterdeck.outside import names, plugs
from quarterdeck.outside.cluster.port import END_REMEDIES
from quarterdeck.record import ledger, wakes
from quarterdeck.record.models import OPEN_PHASES, Check, Project, Run, RunRepository

NAME = "install"
TREE = "installed"
BY = "rule:installer"
SECONDS = 1800
LAST_WORDS = 40
"""Lines of an install's output that a person is shown when it failed."""
MEND = "Mend the install command in the project's settings, or the lock file, then retry."


@dataclass(frozen=True)
class Keep:
    """The folder that this check's place filled gets its lasting name."""

    filled: str
    name: str
    check: UUID


@dataclass(frozen=True)
class Drop:
    name: str


class InstallFailed(Refused):
    """`quote` holds the last lines that the install said. What its place ended of is told as of any other place."""

    def __init__(self, note: str, quote: str) -> None:
        remedy = END_REMEDIES.get(note.partition(":")[0], MEND)
        super().__init__(f"Its packages could not be installed: {note}", reason="install_failed", remedy=remedy)
        self.quote = quote


def of(run: UUID) -> str:
    """The name of the folder that the run's places see, or "" for none."""
    return RunRepository.objects.values_list("environment", flat=True).get(run=run)


def ready(run: Run, row: RunRepository, there: Collection[str]) -> bool:
    """Whether the run's packages are there, or it needs none. Else one install is under way after this.

    Raises InstallFailed, and what the git service raises.
    """
    name = _wanted(run, row)
    if name != row.environment:
        RunRepository.objects.filter(id=row.id).update(environment=name)
        wakes.tell("card", run=str(run.id))
    if not name or name in there:
        return True
    with transaction.atomic():
        Project.objects.select_for_update().get(id=run.project_id)
        newest = Check.objects.filter(name=NAME, order__environment=name).order_by("-id").first()
        if newest is None or _over(newest, run):
            _order(run, row, name)
        elif newest.state in ("failed", "broken"):
            raise InstallFailed(newest.note, _last_words(newest))
    return False


def _wanted(run: Run, row: RunRepository) -> str:
    command = row.repository.install.strip()
    if not command:
        return ""
    made_from = f"{command}\0{_manifests(str(run.id), row.base)}"
    if image := wishes.of(run).get("image"):  # what one image installs, another may not be able to load
        made_from += f"\0{image}"
    return names.environment(run.project_id, hashlib.sha256(made_from.encode()).hexdigest())


@lru_cache(maxsize=2048)
def _manifests(run: str, base: str) -> str:
    """A commit never changes, and a run that waits is looked at each second."""
    return plugs.repos().manifests(run, base)


def _over(check: Check, run: Run) -> bool:
    """An install that says nothing of this run's packages: its folder is gone again, or it failed before the run waited."""
    if check.state == "passed":
        return check.gone
    return check.ended_at is not None and check.ended_at < run.phase_since


def _order(run: Run, row: RunRepository, name: str) -> None:
    order = {
        "git_path": f"/run/{run.id}.git", "install": row.repository.install, "seconds": SECONDS, "environment": name,
        "trees": {TREE: CheckTree(code=row.base).model_dump(mode="json")},
    }  # fmt: skip
    Check.objects.create(run=run, name=NAME, order=order)
    ledger.note(run.stream, Checked(name=NAME, state="queued", note="Its packages are installed first."), by=BY)
    pokes.poke("places")


def _last_words(check: Check) -> str:
    output = ((check.report or {}).get("trees", {}).get(TREE) or {}).get("output", "")
    return "\n".join(output.strip().splitlines()[-LAST_WORDS:])


def compare(there: Collection[str], places: Collection[str]) -> list[Keep | Drop]:
    """What to do with the folders that are there. A place still has its hands in a folder until it is gone."""
    orders: list[Keep | Drop] = [
        Keep(check.place, check.order["environment"], check.id)
        for check in Check.objects.filter(name=NAME, state="passed", gone=False).order_by("id")
        if check.place not in places
    ]
    if there:
        needed = _needed() | set(places)
        orders += [Drop(name) for name in sorted(there) if name not in needed and names.is_ours(name)]
    return orders


def kept(check: UUID) -> None:
    Check.objects.filter(id=check).update(gone=True)


def _needed() -> set[str]:
    """Of open runs, the newest of each project (the next run will want it), and what is just being filled or kept."""
    of_runs = RunRepository.objects.filter(run__phase__in=OPEN_PHASES).values_list("environment", flat=True)
    passed = Check.objects.filter(name=NAME, state="passed").order_by("run__project_id", "-id")
    newest = passed.distinct("run__project_id").values_list("order__environment", flat=True)
    filling = Check.objects.filter(Q(state="running") | Q(state="passed", gone=False), name=NAME)
    return {*of_runs, *newest, *filling.values_list("place", flat=True)}
