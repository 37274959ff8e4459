"""Tickets become runs: assigned by a person here, later by webhooks and polls too. One open run per ticket and lane."""

from uuid import UUID

from django.db import IntegrityError, transaction

from deckwire.events import Changed, Opened
from deckwire.tokens import digest
from quarterdeck.errors import Refused
from quarterdeck.flow import config, outbox, pokes, readiness, which
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.receipts import Line, Receipt, batch_id
from quarterdeck.record import audit, ledger
from quarterdeck.record.models import OPEN_PHASES, Run, RunRepository, Ticket


def open_runs(
    actor: Actor, key: str, tickets: list[UUID], *, cap_micro: int | None = None, plan_dial: str | None = None,
    model: str | None = None, force: bool = False, words: str = "",
) -> Receipt:  # fmt: skip
    """One run per ticket, each in its own transaction. The same key again gives the same runs.

    Raises Refused only for a key that is none; what one ticket cannot take is a line of the receipt.
    """
    if not key or len(key) > 100:
        raise Refused("An assignment needs a key of 1 to 100 characters.", reason="malformed", status=422)
    lines = []
    for ticket in tickets:
        try:
            run = open_run(actor, key, ticket, cap_micro=cap_micro, plan_dial=plan_dial, model=model, force=force)
            lines.append(Line(run.id, run.ticket.key, "applied", "queued"))
        except Refused as no:
            known = Ticket.objects.filter(id=ticket).values_list("key", flat=True).first()
            lines.append(Line(None, known or str(ticket), "rejected", no.text))
    return Receipt(batch_id(actor.word, key), lines)


def open_run(
    actor: Actor, key: str, ticket_id: UUID, *, cap_micro: int | None = None, plan_dial: str | None = None,
    model: str | None = None, force: bool = False, parent: Run | None = None,
) -> Run:  # fmt: skip
    """Raises Refused: no_such_ticket, not_ready, already_open, no_repository."""
    try:
        with transaction.atomic():
            ticket = _hold(ticket_id)
            again = Run.objects.filter(ticket=ticket, open_key=_once(actor, key)).first()
            if again:
                return again
            _may_open(ticket, force)
            return _open(actor, key, ticket, cap_micro, plan_dial, model, parent)
    except IntegrityError as race:
        raise Refused("This ticket has an open run already.", reason="already_open") from race


def _once(actor: Actor, key: str) -> str:
    """A long key by its digest: cut short, two that begin alike would be one."""
    whole = f"{actor.word}/{key}"
    return whole if len(whole) <= 120 else digest(whole)


def _hold(ticket_id: UUID) -> Ticket:
    rows = Ticket.objects.select_for_update(of=("self",), no_key=True)
    ticket = rows.select_related("project").filter(id=ticket_id).first()
    if ticket is None:
        raise Refused("There is no such ticket.", reason="no_such_ticket", status=404)
    return ticket


def _may_open(ticket: Ticket, force: bool) -> None:
    if Run.objects.filter(ticket=ticket, lane=0, phase__in=OPEN_PHASES).exists():
        raise Refused(
            "This ticket has an open run already.", reason="already_open", remedy="Redirect that one, or stop it."
        )
    if ticket.kind == "Epic" and ticket.connection_id is not None:
        raise Refused(f"Not ready: {readiness.EPIC}", reason="not_ready", remedy="Plan it into tickets.")
    lacks = readiness.lacks(ticket)
    if lacks and not force:
        raise Refused(
            f"Not ready: {lacks[0]}", reason="not_ready", remedy="Complete the ticket, or assign it all the same."
        )


def _open(
    actor: Actor,
    key: str,
    ticket: Ticket,
    cap_micro: int | None,
    plan_dial: str | None,
    model: str | None,
    parent: Run | None,
) -> Run:
    project = ticket.project
    repository = which.repository(ticket)
    if repository is None and project.repositories.count() > 1:
        raise Refused(which.ask(ticket), reason="which_repository", remedy="Say it in the ticket, then start it again.")
    if repository is None:
        raise Refused(
            f"{project.name} has no repository.", reason="no_repository", remedy="Name one in the project's settings."
        )
    run = Run.objects.create(
        ticket=ticket, project=project, opened_by=actor.person, parent=parent, open_key=_once(actor, key),
        priority=parent.priority if parent else "",
        cap_micro=cap_micro or project.cap_micro, config=config.freeze(project, repository, plan_dial=plan_dial, model=model),
    )  # fmt: skip
    RunRepository.objects.create(run=run, repository=repository)
    Ticket.objects.filter(id=ticket.id).exclude(note="").update(note="")  # what held it does not any more
    ledger.note(f"project:{project.id}", Changed(what="run", id=str(run.id), by=actor.name), by=actor.word)
    ledger.note(run.stream, Opened(ticket=ticket.key, by=actor.name), by=actor.word)
    audit.write(actor.word, "opened", f"run:{run.id}", project=project.id, ticket=ticket.key)
    outbox.put(f"tracker:{ticket.id}", "transition", {"ticket": str(ticket.id), "category": "doing"})
    if ticket.facts.get("attachments") and ticket.raw.get("files_of") != ticket.version:
        outbox.put(f"files:{ticket.id}", "files", {"ticket": str(ticket.id)})
    pokes.poke("places")
    return run
