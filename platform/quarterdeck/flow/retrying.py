"""Retry: ends have no way out, so a retry is a new run of the same ticket, with the failed one as its parent."""

from deckwire.words import Fate
from quarterdeck.errors import Refused
from quarterdeck.flow import actor, intake, mailbox, proposals
from quarterdeck.record.models import Command, Decision, Run


def retry(run: Run, decision: Decision) -> Command:
    if run.open:
        raise Refused("The run is not at its end: redirect or rewind it.", reason="not_possible")
    who = actor.person(decision.person) if decision.person else actor.rule("retry")
    child = intake.open_run(who, f"retry/{decision.id}", run.ticket_id, cap_micro=run.cap_micro, force=True, parent=run)
    proposals.close_requests(run, decision)
    return mailbox.put(
        run, decision, fate=Fate.APPLIED, for_agent=False, why=f"a new run of {run.ticket.key} is {child.phase}"
    )
