"""An admin asks whether a project's repository can be read: a worker looks, and whoever asked reads what it found.

Nothing here waits for a remote. What is told is what the last fetch saw (`flow/fetches.py`), whoever wanted it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Now

from quarterdeck.flow import pokes
from quarterdeck.record.models import Repository

Fact = tuple[str, bool, str]
"""What was looked at, whether it is good, and what was seen or how it is mended."""


@dataclass(frozen=True)
class Look:
    """`at`: when a remote was asked last, also in vain. `looking`: a worker is at it, or will be."""

    looking: bool = False
    at: datetime | None = None
    facts: list[Fact] = field(default_factory=list)


def order(project_id: UUID) -> Look:
    """A worker looks soon, whatever pause an earlier failure had earned. Twice is once."""
    row = _of(project_id)
    if row is not None and row.url:
        Repository.objects.filter(id=row.id).update(fetch_due=Now(), fetch_note="", looked_at=None)
        pokes.poke("fetches")
    return found(project_id)


def found(project_id: UUID) -> Look:
    """It runs nothing that is in the repository."""
    row = _of(project_id)
    if row is None or not row.url:
        return Look(facts=[("No repository is set.", False, "Enter its address.")])
    if row.looked_at is None:
        return Look(looking=row.fetch_due is not None)
    return Look(at=row.looked_at, facts=_facts(row))


def _of(project_id: UUID) -> Repository | None:
    return Repository.objects.filter(project=project_id).order_by("created_at").first()


def _facts(row: Repository) -> list[Fact]:
    if row.fetch_note:
        return [("The repository can be read.", False, row.fetch_note)]
    branch = row.newest[:7] if row.newest else "Choose one that is there."
    tests = "A test command is set." if row.test else "There is no test command."
    told = f"{row.test}: run for the first time when a head is sealed, in a place of its own; not by this check."
    return [
        ("The repository can be read.", True, ""),
        (f"It has a branch {row.branch}.", bool(row.newest), branch),
        (tests, bool(row.test), told if row.test else "Without one nothing is re-run as evidence."),
    ]
