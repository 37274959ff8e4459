"""An epic planned into tickets: a proposal from its own text that a person edits and approves. Only then is anything created.

Each line is created once: it carries a marker that is looked for below the epic, and after a call whose answer was lost the
next look waits until the tracker's index must know of it.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from deckwire.events import Changed
from quarterdeck.errors import Refused, TryLater
from quarterdeck.flow import copies, outbox, outline, pokes, trackers
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.heard import polled
from quarterdeck.flow.text import bounded
from quarterdeck.outside.tracker.port import Draft, Issue
from quarterdeck.record import audit, ledger
from quarterdeck.record.models import Breakdown, Outbox, Ticket
from quarterdeck.record.snapshot import now

MOST_LINES = 30
SETTLES = timedelta(seconds=60)
LINE = re.compile(r"[1-9][0-9]{0,2}")
WAITS = "A proposal of tickets waits for a person."


def of(ticket: UUID) -> Breakdown | None:
    """The one that is open or being created, else the newest."""
    rows = Breakdown.objects.filter(ticket=ticket)
    return rows.filter(state__in=["open", "approved"]).first() or rows.order_by("-id").first()


def propose(actor: Actor, ticket_id: UUID) -> Breakdown:
    """From the epic's own lists and headings; one that is open already stays as people have edited it. Raises Refused(no_epic)."""
    ticket = Ticket.objects.select_related("project").filter(id=ticket_id).first()
    if ticket is None or ticket.kind != "Epic" or ticket.connection_id is None or ticket.deleted_at:
        raise Refused("Only an epic of a connected tracker is planned into tickets.", reason="no_epic", status=422)
    if found := Breakdown.objects.filter(ticket=ticket, state__in=["open", "approved"]).first():
        return found
    lines = [{"id": str(n), **one} for n, one in enumerate(outline.drafts(ticket), 1)]
    try:
        with transaction.atomic():
            made = Breakdown.objects.create(ticket=ticket, lines=lines[:MOST_LINES], made_by=actor.word)
            _note(actor, made, "breakdown proposed")
            Ticket.objects.filter(id=ticket.id).update(note=WAITS)
    except IntegrityError:
        return Breakdown.objects.get(ticket=ticket, state__in=["open", "approved"])  # somebody else was faster
    return made


def edit(actor: Actor, ticket: UUID, version: int, lines: Sequence[dict[str, Any]]) -> Breakdown:
    """Raises Refused: none_open, moved (409), malformed (422)."""
    with transaction.atomic():
        row = hold(ticket, version, "open")
        row.lines = _checked(lines)
        row.version += 1
        row.save(update_fields=["lines", "version"])
        _note(actor, row, "breakdown edited")
    return row


def approve(actor: Actor, ticket: UUID, version: int) -> Breakdown:
    """What was seen is what is created. Again, while it is created: what was refused or given up is tried once more."""
    with transaction.atomic():
        row = hold(ticket, version, "open", "approved")
        _checked(row.lines)
        on_its_way = _on_its_way(row)
        wanted = [one for one in row.lines if not one.get("key") and (one.get("why") or one["id"] not in on_its_way)]
        for one in wanted:
            one.pop("why", None)
            body = {"ticket": str(row.ticket_id), "breakdown": str(row.id), "line": one["id"]}
            outbox.put(f"tracker:{row.ticket_id}", "create", body)
        row.state, row.decided_by, row.decided_at = "approved", actor.word, now()
        row.save(update_fields=["state", "lines", "decided_by", "decided_at"])
        Ticket.objects.filter(id=row.ticket_id, note=WAITS).update(note="")
        _note(actor, row, "breakdown approved", version=row.version, lines=len(wanted))
    return row


def _on_its_way(row: Breakdown) -> set[str]:
    rows = Outbox.objects.filter(kind="create", state__in=["waiting", "stuck"], body__breakdown=str(row.id))
    return set(rows.values_list("body__line", flat=True))


def decline(actor: Actor, ticket: UUID, version: int) -> Breakdown:
    """Nothing more is created; what was created stays."""
    with transaction.atomic():
        row = hold(ticket, version, "open", "approved")
        row.state, row.decided_by, row.decided_at = "declined", actor.word, now()
        row.save(update_fields=["state", "decided_by", "decided_at"])
        Ticket.objects.filter(id=row.ticket_id, note=WAITS).update(note="")
        _note(actor, row, "breakdown declined")
    return row


def create(body: dict[str, Any]) -> None:
    """The outbox's part: one line becomes one ticket below its epic. Raises what the tracker says."""
    line = _asked(body)
    if line is None:
        return
    ticket = Ticket.objects.select_related("connection").get(id=body["ticket"])
    assert ticket.connection is not None
    draft = Draft(str(ticket.facts.get("space") or ticket.key.rpartition("-")[0]), line["kind"], line["title"],
                  line["description"], ticket.external_id)  # fmt: skip
    made = trackers.of(ticket).create(f"{body['breakdown']}/{line['id']}", draft)
    copies.take(ticket.connection, [polled(made)], trackers.me(ticket.connection).id)
    _became(body, made)


def refuse(body: dict[str, Any], why: str) -> None:
    """It is not created: the tracker says no, or creating is switched off."""
    _became(body, why=why[:400])


def _asked(body: dict[str, Any]) -> dict[str, Any] | None:
    """The line that is still to be created, marked as asked for. Raises TryLater while an earlier call may not be seen yet."""
    with transaction.atomic():
        row = Breakdown.objects.select_for_update().get(id=body["breakdown"])
        line: dict[str, Any] | None = next((one for one in row.lines if one["id"] == body["line"]), None)
        if line is None or line.get("key") or row.state != "approved":
            return None
        if line.get("asked"):
            left = datetime.fromisoformat(line["asked"]) + SETTLES - now()
            if left > timedelta():
                raise TryLater("What became of the last call is looked for in a minute.", after=left.total_seconds(),
                               reason="settling")  # fmt: skip
        line["asked"] = now().isoformat()
        row.save(update_fields=["lines"])
        return line


def drafted(ticket: UUID, version: int, lines: Sequence[dict[str, Any]]) -> None:
    """A model's lines take the place of those that were seen when it was asked; a proposal that moved on stays as it is."""
    with transaction.atomic():
        row = Breakdown.objects.select_for_update().filter(ticket=ticket, state="open", version=version).first()
        if row is not None:
            row.lines = [{**one, "origin": "model"} for one in _checked(lines[:MOST_LINES])]
            row.version += 1
            row.save(update_fields=["lines", "version"])
    told(ticket)


def told(ticket: UUID) -> None:
    """What a model answered, or did not, is there to be looked at."""
    row = of(ticket)
    if row is not None:
        _tell(row, "rule:model")


def _became(body: dict[str, Any], made: Issue | None = None, why: str = "") -> None:
    with transaction.atomic():
        row = Breakdown.objects.select_for_update().get(id=body["breakdown"])
        for one in row.lines:
            if one["id"] == body["line"]:
                one |= {"key": made.key, "external_id": made.id} if made else {"why": why}
                one.pop("asked", None)
        if all(one.get("key") for one in row.lines) and row.state == "approved":
            row.state = "done"
        row.save(update_fields=["lines", "state"])
        _tell(row, row.decided_by)


def hold(ticket: UUID, version: int, *states: str) -> Breakdown:
    row = Breakdown.objects.select_for_update().filter(ticket=ticket, state__in=states).first()
    if row is None:
        raise Refused("No proposal of tickets is open.", reason="none_open")
    if row.version != version:
        raise Refused("Somebody edited it meanwhile.", reason="moved", remedy="Look at it again.")
    return row


def _checked(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """New lines get the next free id: an id is part of the marker that is looked for, and serves once."""
    if not 1 <= len(lines) <= MOST_LINES:
        raise Refused(f"A proposal has 1 to {MOST_LINES} tickets.", reason="malformed", status=422)
    highest = max((int(one["id"]) for one in lines if LINE.fullmatch(str(one.get("id") or ""))), default=0)
    found: list[dict[str, Any]] = []
    for one in lines:
        id = str(one.get("id") or "")
        if not LINE.fullmatch(id) or id in {each["id"] for each in found}:
            highest += 1
            id = str(highest)
        title = " ".join(bounded("A ticket's title", one.get("title", ""), 250, least=1).split())
        found.append({
            "id": id, "title": title, "description": bounded("A ticket's description", one.get("description", ""), 20_000),
            "kind": bounded("A ticket's kind", one.get("kind") or "Task", 60),
        })  # fmt: skip
    return found


def _note(actor: Actor, row: Breakdown, verb: str, **body: Any) -> None:
    project = row.ticket.project_id
    audit.write(actor.word, verb, f"ticket:{row.ticket_id}", project=project, **body)
    _tell(row, actor.word)


def _tell(row: Breakdown, by: str) -> None:
    stream = f"project:{row.ticket.project_id}"
    ledger.note(stream, Changed(what="ticket", id=str(row.ticket_id), by=by), by=by or "rule:platform")
    pokes.poke("outbox")
