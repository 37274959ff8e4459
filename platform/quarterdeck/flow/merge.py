"""An approved head goes into the branch, once: publish, prepare, write the intent down, move the branch, record it.

Dying between any two lines is repaired by the next pass: each looks at what is before it acts.
"""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from deckwire import crash
from deckwire.events import Merged
from deckwire.words import Phase
from quarterdeck.errors import Refused
from quarterdeck.flow import edge, logins, outbox, proposals, rewind, seal, trees
from quarterdeck.outside import plugs
from quarterdeck.outside.forge.port import Forge, Prepared, Target
from quarterdeck.record import ledger, lifecycle
from quarterdeck.record.models import Approval, Check, Proposal, Run, RunRepository

BY = "rule:merger"


def advance_all() -> int:
    """Every run on its way into a branch, oldest approval first. A run that must wait does not hold up the others."""
    rows = Run.objects.filter(phase__in=[Phase.PUBLISHING, Phase.PUBLISHED, Phase.MERGING]).order_by("phase_since")
    return edge.each("merge", rows.values_list("id", flat=True), advance)


def advance(run_id: UUID) -> bool:
    """Takes one run as far as it goes now. True when it is merged."""
    run = Run.objects.select_related("ticket", "project").get(id=run_id)
    row = RunRepository.objects.select_related("repository").get(run=run)
    forge = plugs.forge(row.repository.forge)
    try:
        target = logins.target(row.repository)
        if run.phase == Phase.PUBLISHING:
            run = _publish(run, forge, target)
        if run.phase == Phase.PUBLISHED:
            run = _prepare(run, row, forge, target)
        return run.phase == Phase.MERGING and _land(run, row, forge, target)
    except Refused as no:
        _back(run_id, no)
        return False


def _approved(run: Run) -> Proposal:
    """The proposal, if exactly what was approved still stands, under the same policy."""
    proposal = proposals.standing(run)
    approval = _newest_approval(run)
    if proposal is None or approval is None:
        raise Refused("Nothing that stands here is approved.", reason="not_approved")
    bound = (approval.head, approval.base, approval.digest, approval.policy)
    if bound != (proposal.head, proposal.base, proposal.digest, proposals.policy(run)):
        raise Refused("The approval was for another head, base, diff or policy.", reason="approval_void")
    return proposal


def _newest_approval(run: Run) -> Approval | None:
    rows = Approval.objects.filter(run=run, void_at__isnull=True).select_related("decision__person")
    return rows.order_by("-id").first()


def _publish(run: Run, forge: Forge, target: Target) -> Run:
    head = Proposal.objects.get(run=run, void=False).head
    pull = forge.publish(
        str(run.id), target, head=head, title=f"{run.ticket.key}: {run.ticket.title}", body=run.reason_text
    )
    with transaction.atomic():
        held = lifecycle.hold(run.id)
        if held.phase == Phase.PUBLISHING:
            proposal = _approved(held)
            Proposal.objects.filter(id=proposal.id).update(
                pull={"number": pull.number, "url": pull.url, "state": pull.state}
            )
            lifecycle.move(held, Phase.PUBLISHED, reason="published", by=BY)
        return held


def _prepare(run: Run, row: RunRepository, forge: Forge, target: Target) -> Run:
    """Computes the merge in scratch, outside any transaction, and writes the intent down."""
    proposal = Proposal.objects.get(run=run, void=False)
    approval = _newest_approval(run)
    if approval is None:
        raise Refused("Nothing that stands here is approved.", reason="not_approved")
    prepared = forge.prepare(
        str(run.id), target, head=proposal.head, message=_message(run, proposal, approval),
        author="Quarterdeck <quarterdeck@localhost>", at=int(approval.created_at.timestamp()),
    )  # fmt: skip
    crash.point("merge.made")
    if prepared.conflicts:
        return _conflict(run.id, prepared)
    with transaction.atomic():
        held = lifecycle.hold(run.id)
        if held.phase != Phase.PUBLISHED:
            return held
        proposal = _approved(held)
        Proposal.objects.filter(id=proposal.id).update(merge_old=prepared.old, merge_new=prepared.new)
        return lifecycle.move(held, Phase.MERGING, reason="merging", by=BY)


def _message(run: Run, proposal: Proposal, approval: Approval) -> str:
    by = str(approval.decision.person or approval.decision.actor)
    trailers = f"Approved-by: {by}\nQuarterdeck-Run: {run.id}"
    parts = [f"Merge {run.ticket.key}: {run.ticket.title}", proposal.summary.strip(), trailers]
    return "\n\n".join(part for part in parts if part) + "\n"


def _land(run: Run, row: RunRepository, forge: Forge, target: Target) -> bool:
    proposal = Proposal.objects.get(run=run, void=False)
    _same_change(run, proposal)
    prepared = Prepared(proposal.merge_old, proposal.merge_new)
    if not _may_land(run, row, proposal, lambda: forge.landed(str(run.id), target, prepared)):
        return False
    crash.point("merge.meant")
    landed = forge.land(str(run.id), target, prepared)
    crash.point("merge.moved")
    with transaction.atomic():
        held = lifecycle.hold(run.id)
        if held.phase != Phase.MERGING:
            return False
        if not landed:
            lifecycle.move(
                held,
                Phase.PUBLISHED,
                reason="base_moved",
                by=BY,
                text="The branch moved first; the merge is made anew.",
            )
            return False
        _record(held, proposal)
    return True


def _same_change(run: Run, proposal: Proposal) -> None:
    """The merge must change exactly what was approved: the same trees, or on a moved base no line more and no line less.

    On the very base too: a head that does not grow from it shows one change beside it, and merges as another.
    """
    repos = plugs.repos()
    merging = repos.diff(str(run.id), proposal.merge_old, proposal.merge_new)
    if proposal.merge_old == proposal.base:
        same = merging.digest == proposal.digest
    else:
        same = merging.change == repos.diff(str(run.id), proposal.base, proposal.head).change
    if not same:
        raise Refused("On the branch as it is now, this head makes another change than the one that was approved.",
                      reason="diff_changed", remedy="Review it against the branch as it is now.")  # fmt: skip


def _may_land(run: Run, row: RunRepository, proposal: Proposal, landed: Callable[[], bool]) -> bool:
    """Where the base moved since the evidence the approval holds only if the tests pass on the tree that will be.

    `landed` asks the forge: whoever died right after his push landed it under the rules of then, and a test command of
    now takes nothing back. Raises Refused(merged_tests_failed).
    """
    if proposal.merge_old == proposal.base or not row.repository.test:
        return True
    check = Check.objects.filter(proposal=proposal, name=trees.merged_name(proposal)).order_by("-id").first()
    if check is not None and check.state in ("queued", "running"):
        return False
    if (check is not None and check.state == "passed") or landed():
        return True
    if check is not None:
        raise Refused("The tests fail on the branch as it is now together with this head.", reason="merged_tests_failed",
                      remedy="Send it back with words, or merge after the branch is mended.")  # fmt: skip
    with transaction.atomic():
        trees.order_merged(lifecycle.hold(run.id), proposal, row)
    return False


def _record(run: Run, proposal: Proposal) -> None:
    Proposal.objects.filter(id=proposal.id).update(merged=True, pull=proposal.pull | {"state": "merged"})
    ledger.note(run.stream, Merged(sha=proposal.merge_new, branch=proposal.branch), by=BY, epoch=run.epoch)
    lifecycle.move(run, Phase.MERGED, reason="merged", by=BY, text=f"{proposal.merge_new[:7]} is in {proposal.branch}.")
    crash.point("merge.recorded")
    outbox.put(f"tracker:{run.ticket_id}", "transition", {"ticket": str(run.ticket_id), "category": "done"})


def _conflict(run_id: UUID, prepared: Prepared) -> Run:
    """Back to its agent with both sides: the run forks at its head, and `theirs` is where the branch stands now."""
    with transaction.atomic():
        run = lifecycle.hold(run_id)
        if run.phase != Phase.PUBLISHED:
            return run
        base = RunRepository.objects.get(run=run).base
        proposals.withdraw(run, "conflicts with the branch as it is now")
        run.conflict = {"base": base, "theirs": prepared.old, "paths": prepared.conflicts}
        Run.objects.filter(id=run.id).update(conflict=run.conflict)
        RunRepository.objects.filter(run=run).update(base=prepared.old)
        rewind.restart(run, None, run.head, None, commit=run.head_commit, seq=run.head_seq, reason="conflict", by=BY)
        return run


def _back(run_id: UUID, no: Refused) -> None:
    """What cannot go on returns to a person: to the review where the head stands, with the reason."""
    with transaction.atomic():
        run = lifecycle.hold(run_id)
        Approval.objects.filter(run=run, void_at__isnull=True).update(void_at=Now(), void_why=no.text[:200])
        if run.phase == Phase.MERGING:
            lifecycle.move(run, Phase.PUBLISHED, reason=no.reason, by=BY, text=no.text, remedy=no.remedy)
        if run.phase in (Phase.PUBLISHING, Phase.PUBLISHED):
            lifecycle.move(run, Phase.REVIEW, reason=no.reason, by=BY, text=no.text, remedy=no.remedy)
            seal.ask_again(run)
