"""A sealed head becomes a proposal with evidence: freeze the ref, make the diff, run the checks, ask for the review.

Called by the worker for every run that is sealing, as often as it likes: each pass does what is still to be done.
"""

from uuid import UUID

from django.db import transaction

from deckwire import crash
from deckwire.events import Proposed
from deckwire.requests import Ask, Fact
from deckwire.words import Phase, RequestKind, Risk
from quarterdeck.errors import Refused
from quarterdeck.flow import asks, edge, evidence, mailbox, proposals, trees
from quarterdeck.outside import plugs
from quarterdeck.outside.repos.port import Diff
from quarterdeck.record import ledger, lifecycle
from quarterdeck.record.models import Check, Proposal, Run, RunRepository

BY = "rule:sealer"
RISKY = {"protected", "ci", "submodule", "symlink", "bidi", "invisible", "binary", "mode"}


def advance_all() -> int:
    rows = Run.objects.filter(phase=Phase.SEALING).order_by("phase_since")
    return edge.each("seal", rows.values_list("id", flat=True), advance)


def advance(run_id: UUID) -> bool:
    """One run, one pass. True when it came to its review or its end."""
    proposal = Proposal.objects.filter(run_id=run_id, void=False).first()
    if proposal is None:
        return _propose(run_id)
    checks = list(Check.objects.filter(proposal=proposal, name="tests"))
    if any(check.state in ("queued", "running") for check in checks):
        return False
    return _to_review(run_id, proposal, checks[0] if checks else None)


def _propose(run_id: UUID) -> bool:
    row = RunRepository.objects.select_related("repository", "run").get(run_id=run_id)
    try:
        plugs.repos().freeze(str(run_id), row.frozen)
        diff = plugs.repos().diff(str(run_id), row.base, row.frozen)
        crash.point("seal.frozen")
    except Refused as no:
        return _give_up(run_id, no.reason, no.text, no.remedy)
    if not diff.files:
        return _give_up(run_id, "nothing_changed", "The agent sealed a head that changes nothing.",
                        "Redirect a new run with what should change, or close the ticket.")  # fmt: skip
    with transaction.atomic():
        run = lifecycle.hold(run_id)
        if run.phase != Phase.SEALING or proposals.standing(run):
            return False
        proposal = Proposal.objects.create(
            run=run, head=row.frozen, base=row.base, branch=row.repository.branch, digest=diff.digest,
            summary=run.reason_text, stats=_stats(diff),
        )  # fmt: skip
        trees.order_tests(run, proposal, row, diff)
    return False


def _give_up(run_id: UUID, reason: str, text: str, remedy: str) -> bool:
    with transaction.atomic():
        run = lifecycle.hold(run_id)
        if run.phase == Phase.SEALING:
            asks.supersede(run, "the run failed")
            mailbox.supersede(run, "the run failed")
            lifecycle.move(run, Phase.FAILED, reason=reason, by=BY, text=text, remedy=remedy)
            asks.failure(run, text, remedy)
    return True


def _stats(diff: Diff) -> dict[str, object]:
    return {
        "files": [{"path": one.path, "added": one.added, "removed": one.removed, "badges": one.badges} for one in diff.files],
        "added": diff.added, "removed": diff.removed, "commits": diff.commits,
    }  # fmt: skip


def _to_review(run_id: UUID, proposal: Proposal, check: Check | None) -> bool:
    with transaction.atomic():
        run = lifecycle.hold(run_id)
        if run.phase != Phase.SEALING:
            return False
        found = evidence.gather(run, proposal, check)
        Proposal.objects.filter(id=proposal.id).update(evidence=found)
        ledger.note(run.stream, Proposed(head=proposal.head, base=proposal.base), by=BY, epoch=run.epoch)
        lifecycle.move(run, Phase.REVIEW, reason="evidence_ready", by=BY, text=proposal.summary)
        _ask_review(run, proposal, found)
    return True


def ask_again(run: Run) -> None:
    """The proposal stands, its approval does not: the review is open again. The caller holds the run."""
    proposal = proposals.standing(run)
    if proposal and proposal.evidence:
        _ask_review(run, proposal, proposal.evidence)


def _ask_review(run: Run, proposal: Proposal, found: evidence.Found) -> None:
    asks.from_platform(run, RequestKind.REVIEW, _ask(run, proposal, found), key=f"review/{proposal.head}")


def _ask(run: Run, proposal: Proposal, found: evidence.Found) -> Ask:
    """What the person is asked, with facts of the platform's own, never the agent's words alone."""
    stats = proposal.stats
    beyond = len(found["beyond_plan"])
    broken = len(found["broken"])
    badges = {badge for file in stats["files"] for badge in file["badges"]}
    risk = Risk.HIGH if broken or badges & RISKY else Risk.MEDIUM if beyond else Risk.LOW
    return Ask(
        kind=RequestKind.REVIEW, ask=f"Review: {run.ticket.title}", context=proposal.summary[:1200], risk=risk,
        facts=[
            Fact(label="Fails before, passes now", value=str(len(found["f2p"])), tone="good" if found["f2p"] else "plain"),
            Fact(label="Still passes", value=str(found["p2p"]), tone="warn" if broken else "plain"),
            Fact(label="Broken", value=str(broken), tone="warn" if broken else "plain"),
            Fact(label="Beyond the plan", value=str(beyond), tone="warn" if beyond else "plain"),
        ],
        approve_means=f"Merges exactly {proposal.head[:7]} into {proposal.branch}.",
        reversible="A reverting merge undoes it.",
    )  # fmt: skip
