"""Loads the sample project: its repository, its board with eight tickets, and the dials its story was made for. Repeatable."""

from django.conf import settings
from django.db import transaction

from quarterdeck.record.models import Project, Repository, Ticket
from quarterdeck.sample import repository, tickets


def load() -> Project:
    """What is there already stays as people have changed it."""
    told = tickets.project()
    origin = settings.DATA_DIR / "origins" / f"{told['slug']}.git"
    origin.parent.mkdir(parents=True, exist_ok=True)
    repository.build(origin)
    with transaction.atomic():
        project, made = Project.objects.get_or_create(
            slug=told["slug"],
            defaults={"name": told["name"], "key": told["key"], "sample": True, "places": told["places"],
                      "cap_micro": told["cap_micro"], "dials": _dials()},
        )  # fmt: skip
        if made:
            _fill(project, told, str(origin))
    return project


def _dials() -> dict[str, object]:
    return {"plan": "ask", "permissions": "ask", "merging": "ask", "linger": 10, "own_work": True}


def _fill(project: Project, told: dict[str, str], url: str) -> None:
    Repository.objects.create(
        project=project, url=url, branch=told["branch"], forge="bare", setup=told["setup"], test=told["test"],
        report=told["report"],
    )  # fmt: skip
    for one in tickets.tickets():
        Ticket.objects.create(
            project=project, tracker="board", external_id=f"{project.id}/{one.key}", key=one.key, title=one.title,
            description=one.description, kind=one.kind, priority=one.priority, labels=one.labels, reporter=one.reporter,
            raw={"shows": one.shows},
        )  # fmt: skip
    Project.objects.filter(id=project.id).update(next_number=len(tickets.tickets()) + 1)
