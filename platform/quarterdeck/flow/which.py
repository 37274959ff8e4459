"""Which of a project's repositories a ticket is about: a field or label that says so, its component, the tracker's project, the
text, or ask."""

import re
from collections.abc import Sequence
from uuid import UUID

from quarterdeck.errors import Refused
from quarterdeck.record.models import Repository, Ticket, Watch

LABEL, FIELD = "repo:", "Repository"
"""By which a ticket names its repository where a project's settings say nothing else."""


def repository(ticket: Ticket) -> Repository | None:
    """None when there is none, or when nobody can tell which."""
    rows = list(ticket.project.repositories.order_by("created_at"))
    if len(rows) < 2:
        return rows[0] if rows else None
    return _said(ticket, rows) or _of_component(ticket, rows) or _of_space(ticket, rows) or _in_text(ticket, rows)


def asks(ticket: Ticket) -> list[str]:
    """The question, where there is one."""
    return [ask(ticket)] if ticket.project.repositories.count() > 1 and repository(ticket) is None else []


def ask(ticket: Ticket) -> str:
    """How to say it, as this project's settings want it."""
    label, field = _naming(ticket)
    if label or field:
        how = f"Name it with a label like {label}name." if label else f"Name it in the field {field}."
    else:
        how = "Name it in the text."
    return f"Which repository is it about? {how}"


def _naming(ticket: Ticket) -> tuple[str, str]:
    rules = Watch.objects.filter(project=ticket.project_id).values_list("rules", flat=True).first() or {}
    return str(rules.get("label", LABEL)), str(rules.get("field", FIELD))


def name(row: Repository) -> str:
    return row.url.rstrip("/").rpartition("/")[2].removesuffix(".git").lower()


def _said(ticket: Ticket, rows: Sequence[Repository]) -> Repository | None:
    """An explicit field, or a label that begins as those do that name one."""
    label, field = _naming(ticket)
    begins = label.lower()
    fields = {key.lower(): str(value) for key, value in ticket.facts.get("fields", {}).items()}
    named = [one[len(begins) :] for one in ticket.labels if begins and one.lower().startswith(begins)]
    words = [fields.get(field.lower(), "") if field else "", *named]
    return next(
        (row for word in words if word for row in rows if word.strip().lower() in (name(row), row.url.lower())), None
    )


def _of_component(ticket: Ticket, rows: Sequence[Repository]) -> Repository | None:
    watch = Watch.objects.filter(project=ticket.project_id).first()
    chosen = (watch.rules.get("components") or {}) if watch else {}
    wanted = {chosen[one] for one in ticket.facts.get("components", []) if one in chosen}
    found = [row for row in rows if str(row.id) in wanted]
    return found[0] if len(found) == 1 else None


def _of_space(ticket: Ticket, rows: Sequence[Repository]) -> Repository | None:
    """By the tracker's project that it stands in now."""
    watch = Watch.objects.filter(project=ticket.project_id).first()
    chosen = ((watch.rules.get("spaces") or {}) if watch else {}).get(ticket.facts.get("space", ""))
    return next((row for row in rows if str(row.id) == chosen), None)


def by_name(project: UUID, words: dict[str, str]) -> dict[str, str]:
    """What is mapped to repositories by their names or addresses, as it is kept: by their ids. Raises Refused(malformed)."""
    rows = list(Repository.objects.filter(project=project))
    found = {}
    for word, repository in words.items():
        wanted = repository.strip().lower()
        row = next((one for one in rows if wanted in (name(one), one.url.lower(), str(one.id))), None)
        if row is None:
            known = ", ".join(name(one) for one in rows)
            raise Refused(
                f"This project has no repository {repository!r}; it has {known}.", reason="malformed", status=422
            )
        found[word.strip()] = str(row.id)
    return found


def _in_text(ticket: Ticket, rows: Sequence[Repository]) -> Repository | None:
    """Only one that is named as a whole word, and only when no other is."""
    text = f"{ticket.title}\n{ticket.description}".lower()
    found = [row for row in rows if name(row) and re.search(rf"(?<![\w-]){re.escape(name(row))}(?![\w-])", text)]
    return found[0] if len(found) == 1 else None
