"""Commands: one row per run that a decision made. The agent takes its own in order; every one ends."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from deckwire.commands import Command as Wire
from deckwire.words import Fate
from quarterdeck.record import wakes
from quarterdeck.record.models import Command, Decision, Run

WAITING = (Fate.PENDING, Fate.DELIVERED)


def put(
    run: Run, decision: Decision, *, body: dict[str, Any] | None = None, mode: str = "enqueue", fate: Fate = Fate.PENDING,
    why: str = "", for_agent: bool = True,
) -> Command:  # fmt: skip
    """Numbers the command in the run's order. The caller holds the run's row. Wakes the agent after commit."""
    n = run.next_command
    run.next_command = n + 1
    Run.objects.filter(id=run.id).update(next_command=n + 1)
    ended = Now() if fate not in WAITING else None
    command = Command.objects.create(
        run=run, n=n, decision=decision, verb=decision.verb, mode=mode, body=body or {}, fate=fate, why=why[:400],
        made_for_phase=run.phase, made_for_head=run.head, for_agent=for_agent, ended_at=ended,
    )  # fmt: skip
    if for_agent and fate == Fate.PENDING:
        run_id = str(run.id)
        transaction.on_commit(lambda: wakes.tell("mail", run=run_id))
    return command


def end(run: Run, ids: list[str], fate: Fate, why: str) -> list[Command]:
    """Marks the agent's own commands; those that ended before stay as they ended."""
    rows = list(Command.objects.filter(run=run, id__in=ids, fate__in=WAITING))
    Command.objects.filter(id__in=[row.id for row in rows]).update(fate=fate, why=why[:400], ended_at=Now())
    return rows


def supersede(run: Run, why: str) -> int:
    """What nobody has applied yet never will be."""
    return Command.objects.filter(run=run, fate__in=WAITING).update(fate=Fate.SUPERSEDED, why=why[:400], ended_at=Now())


def open_for_agent(run_id: UUID, after: int = 0) -> list[Command]:
    rows = Command.objects.filter(run_id=run_id, for_agent=True, fate__in=WAITING, n__gt=after)
    return list(rows.select_related("decision__person").order_by("n"))


def wire(command: Command) -> Wire:
    """As the agent gets it. A rewind's or a budget's own act never comes here."""
    verb = command.body.get("verb", command.verb)
    return Wire(
        id=str(command.id), n=command.n, verb=verb, mode=command.mode, words=command.decision.words,
        answers=command.body.get("answers", {}), by=str(command.decision.person or command.decision.actor),
    )  # fmt: skip
