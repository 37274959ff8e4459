"""Our copies of a tracker's tickets, brought up to what was told of them; in one transaction with what follows from it.

The copy rises only: a late, older state changes nothing, and nothing brings back what was deleted. Whoever dies in here has
changed nothing; whoever comes twice finds it done.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from deckwire.events import Changed
from quarterdeck.flow import copied_comments, differences, follow, pokes
from quarterdeck.flow.heard import Told, newer, storable
from quarterdeck.flow.text import clean
from quarterdeck.outside.tracker.port import Issue
from quarterdeck.record import ledger
from quarterdeck.record.models import Connection, Ticket, Watch

CHUNK = 200
FIELDS = [
    "key", "title", "description", "kind", "priority", "status", "category", "reporter", "assignee", "assignee_id",
    "labels", "raw", "facts", "version", "updated_at", "deleted_at",
]  # fmt: skip


@dataclass
class Taken:
    """One ticket under its lock. `was` is None for one that we did not know."""

    row: Ticket
    told: Told
    was: differences.Copy | None
    moved: bool = False
    deleted: bool = False


def take(connection: Connection, told: Iterable[Told], me: str, *, quiet: bool = False) -> int:
    """Returns how many tickets changed. Issues of projects that nobody watches are left alone.

    `quiet`: the first look at a tracker. What stands there already asks for nothing.
    """
    watches = list(Watch.objects.filter(connection=connection, active=True).select_related("project"))
    ordered = sorted(map(storable, told), key=lambda one: one.id)  # locks are always taken in one order
    changed = 0
    for at in range(0, len(ordered), CHUNK):
        with transaction.atomic():
            changed += _chunk(connection, watches, ordered[at : at + CHUNK], me, quiet)
    return changed


def _chunk(connection: Connection, watches: Sequence[Watch], told: Sequence[Told], me: str, quiet: bool) -> int:
    _make_room(connection, watches, told)
    taken = _locked(connection, told)
    for one in taken:
        _bring_up(one)
    risen = [one for one in taken if one.moved]
    # An upsert of rows that we hold: bulk_update asks each row and each field for all the others, a hundred times a hundred.
    Ticket.objects.bulk_create(
        [one.row for one in risen], update_conflicts=True, unique_fields=["id"], update_fields=FIELDS
    )
    comments = copied_comments.take([(one.row, one.told) for one in taken], me)
    if not quiet:
        follow.note(watches, taken, comments, me)
    _tell(risen + [one for one in taken if not one.moved and comments.get(one.row.id)])
    return len(risen)


def space_of(issue: Issue) -> str:
    return issue.project or issue.key.rpartition("-")[0]


def watching(watches: Sequence[Watch], issue: Issue) -> Watch | None:
    return next((one for one in watches if space_of(issue) in one.spaces), None)


def _make_room(connection: Connection, watches: Sequence[Watch], told: Sequence[Told]) -> None:
    """A row for each that we do not know and want to; two workers may both try. Version 0: nothing is known yet."""
    known = set(
        Ticket.objects.filter(connection=connection, external_id__in=[one.id for one in told]).values_list(
            "external_id", flat=True
        )
    )
    rows = []
    for one in told:
        watch = watching(watches, one.issue) if one.issue and one.id not in known else None
        if watch is not None:
            rows.append(
                Ticket(project=watch.project, connection=connection, tracker="jira", external_id=one.id, key=one.key[:40],
                       title=one.key[:500], version=0)
            )  # fmt: skip
    Ticket.objects.bulk_create(rows, ignore_conflicts=True)


def _locked(connection: Connection, told: Sequence[Told]) -> list[Taken]:
    by_id = {one.id: one for one in told}
    rows = Ticket.objects.select_for_update(no_key=True, of=("self",)).filter(
        connection=connection, external_id__in=by_id
    )
    found = []
    for row in rows.select_related("project").order_by("external_id"):
        was = None if row.version == 0 else _copy(row)
        found.append(Taken(row, by_id[row.external_id], was))
    return found


def _bring_up(one: Taken) -> None:
    row, told = one.row, one.told
    if not newer(row.version, row.deleted_at is not None, told):
        return
    before = _values(row)
    if told.issue is not None and told.issue.version >= row.version:
        for name, value in _fields(told.issue).items():
            setattr(row, name, row.raw | value if name == "raw" else value)
    if told.deleted:
        row.deleted_at = row.deleted_at or row.updated_at
        one.deleted = True
    one.moved = before != _values(row)


def _values(row: Ticket) -> list[Any]:
    return [getattr(row, name) for name in FIELDS]


def _fields(issue: Issue) -> dict[str, Any]:
    return {
        "key": clean(issue.key)[:40], "title": clean(issue.title)[:500], "description": clean(issue.description)[:200_000],
        "kind": clean(issue.kind)[:20], "priority": clean(issue.priority)[:20], "status": clean(issue.status)[:60],
        "category": issue.status_category, "reporter": clean(issue.reporter)[:120], "assignee": clean(issue.assignee)[:120],
        "assignee_id": issue.assignee_id[:120], "labels": [clean(one)[:255] for one in issue.labels][:200],
        "raw": {"url": issue.url}, "facts": _facts(issue), "version": issue.version, "updated_at": issue.updated,
    }  # fmt: skip


def _facts(issue: Issue) -> dict[str, Any]:
    """What the agent's context, the repository's rules and the structure need; texts as they came."""
    return {
        "space": space_of(issue), "reporter_id": issue.reporter_id, "creator": issue.creator,
        "creator_id": issue.creator_id, "components": issue.components[:100],
        "links": [
            {"how": one.how, "id": one.id, "key": one.key, "title": clean(one.title)[:300], "status": one.status,
             "category": one.status_category}
            for one in issue.links[:200]
        ],
        "attachments": [
            {"id": one.id, "name": clean(one.name)[:200], "mime": one.mime, "size": one.size, "url": one.url}
            for one in issue.attachments[:100]
        ],
        "fields": {clean(name)[:100]: _plain(value) for name, value in list(issue.fields.items())[:50]},
    }  # fmt: skip


def _plain(value: Any) -> str:
    return clean(str(value if not isinstance(value, list) else ", ".join(map(str, value))))[:8_000]


def _copy(row: Ticket) -> differences.Copy:
    return differences.Copy(
        row.key, row.title, row.description, row.status, row.category, row.assignee_id, frozenset(row.labels)
    )


def _tell(taken: Sequence[Taken]) -> None:
    """One line each on the project's stream, in one go per project."""
    by_project: dict[Any, list[ledger.Line]] = {}
    for one in taken:
        told = Changed(what="ticket", id=str(one.row.id), by="rule:tracker")
        by_project.setdefault(one.row.project_id, []).append(ledger.Line(told, "rule:tracker"))
    for project in sorted(by_project, key=str):
        ledger.append(f"project:{project}", by_project[project])
    if taken:
        pokes.poke("starts")
        pokes.poke("news")


def gone(connection: Connection, ids: Sequence[str], me: str) -> int:
    """Those that the tracker no longer has, though nobody said so."""
    return take(connection, [Told(id, deleted=True) for id in ids], me)


def known(connection: Connection) -> list[str]:
    rows = Ticket.objects.filter(connection=connection, deleted_at__isnull=True)
    return list(rows.order_by("external_id").values_list("external_id", flat=True))
