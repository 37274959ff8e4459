"""Stop: the platform's own act, without the agent's help. The epoch rises, tokens die, the place is deleted by uid."""

from deckwire.words import AttemptState, Fate, Phase
from quarterdeck.errors import Refused
from quarterdeck.flow import asks, checks, fencing, mailbox
from quarterdeck.record import lifecycle
from quarterdeck.record.models import Command, Decision, Run


def stop(run: Run, decision: Decision) -> Command:
    if not run.open:
        raise Refused(f"The run is {run.phase} already.", reason="not_possible")
    if run.phase == Phase.MERGING:
        raise Refused("The merge is under way: while a run is merging no other decision enters.", reason="merging")
    Run.objects.filter(id=run.id).update(desired="stop")
    run.desired = "stop"
    drop_attempt(run, "stopped")
    mailbox.supersede(run, "the run was stopped")
    asks.supersede(run, "the run was stopped")
    checks.cancel(run, "the run was stopped")
    lifecycle.move(run, Phase.CANCELLED, reason="stopped", by=decision.actor, text=decision.words)
    return mailbox.put(
        run, decision, fate=Fate.APPLIED, for_agent=False, why="token revoked, its place is being removed"
    )


def drop_attempt(run: Run, reason: str) -> None:
    """Whoever works for this run now does so no more."""
    attempt = fencing.live_attempt(run)
    if attempt is None:
        fencing.fence(run)
    else:
        fencing.end(run, attempt, AttemptState.FENCED, reason=reason)
