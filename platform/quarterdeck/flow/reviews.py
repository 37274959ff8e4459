"""What a person says to a sealed proposal: approve exactly this. (Sending it back is rewind.send_back.)"""

from typing import TYPE_CHECKING

from deckwire.words import Fate, Phase, RequestKind
from quarterdeck.errors import Refused
from quarterdeck.flow import mailbox, pokes, proposals, retrying
from quarterdeck.record import lifecycle
from quarterdeck.record.models import Approval, Command, Decision, Proposal, Request, Run

if TYPE_CHECKING:
    from quarterdeck.flow.decide import Said


def approve(run: Run, decision: Decision, said: "Said", request: Request | None) -> Command:
    """Binds head, base, diff digest and policy. Without a review it answers a failure: retry."""
    if request is not None and request.kind == RequestKind.FAILURE:
        return retrying.retry(run, decision)
    proposal = proposals.standing(run)
    if run.phase != Phase.REVIEW or proposal is None:
        raise Refused(f"There is no sealed head to approve: the run is {run.phase}.", reason="not_possible")
    _same_as_seen(proposal, said)
    if not run.project.dials.get("own_work", True) and run.opened_by_id == decision.person_id:
        raise Refused("A dial of this project asks for another person than who opened the run.", reason="own_work")
    Approval.objects.create(
        run=run,
        decision=decision,
        head=proposal.head,
        base=proposal.base,
        digest=proposal.digest,
        policy=proposals.policy(run),
    )
    proposals.close_requests(run, decision)
    lifecycle.move(run, Phase.PUBLISHING, reason="approved", by=decision.actor)
    pokes.poke("merges")
    return mailbox.put(
        run,
        decision,
        fate=Fate.APPLIED,
        for_agent=False,
        why=f"{proposal.head[:7]} is approved and goes to {proposal.branch}",
    )


def _same_as_seen(proposal: Proposal, said: "Said") -> None:
    """What the person saw must be what stands: an approval never covers a head that nobody looked at."""
    if said.head and said.head != proposal.head:
        raise Refused(
            f"{said.head[:7]} is no longer the head; {proposal.head[:7]} is.",
            reason="head_moved",
            remedy="Review the new head.",
        )
    if said.digest and said.digest != proposal.digest:
        raise Refused("The diff is not the one you saw.", reason="diff_changed", remedy="Review it again.")
    if not said.head:
        raise Refused(
            "An approval names the head it approves.", reason="malformed", status=422, remedy="Open the review."
        )


def decline(run: Run, decision: Decision, said: "Said", request: Request | None) -> Command:
    """No to a failure's retry: it has been looked at. No to a review: send it back with words, or stop the run."""
    if request is None or request.kind != RequestKind.FAILURE:
        raise Refused("Say what should be different (redirect), or stop the run.", reason="not_possible")
    proposals.close_requests(run, decision)
    return mailbox.put(run, decision, fate=Fate.APPLIED, for_agent=False, why="seen; the run stays as it ended")
