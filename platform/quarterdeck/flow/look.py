"""A person looks at a run's work: the diff of exactly one head, and everything for the decision about it.

The diff is made by the git service from raw objects; what it says binds the approval by its digest. Nothing here waits for a
remote: where the branch stands is read as it was seen last, and a worker is asked to look again when that is some time ago.
"""

from datetime import timedelta
from uuid import UUID

from django.db.models.functions import Now

from deckwire import views
from deckwire.events import Merged, read_event
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import launch
from quarterdeck.outside import plugs
from quarterdeck.outside.repos.port import Diff
from quarterdeck.record import snapshot
from quarterdeck.record.models import Approval, Event, Proposal, Repository, Run, RunRepository
from quarterdeck.record.views.proposals import evidence, proposal, span
from quarterdeck.record.views.times import ms

COMMITS_KEPT = 200
FRESH = timedelta(seconds=10)
"""So long it counts as known where the branch stands. A merge looks for itself, always."""
STATUS = {"added": "added", "deleted": "removed", "removed": "removed", "renamed": "renamed"}


def project_of(run_id: UUID) -> UUID | None:
    return Run.objects.filter(id=run_id).values_list("project_id", flat=True).first()


def diff(run_id: UUID) -> views.DiffView:
    """From the run's base to its sealed head, or to its newest checkpointed commit.

    Raises Refused(no_commit) 404 when there is nothing to compare yet, TryLater when the git service is away.
    """
    base = RunRepository.objects.filter(run=run_id).values_list("base", flat=True).first() or ""
    standing = Proposal.objects.filter(run=run_id, void=False).first()
    if standing:
        return _diff(run_id, standing.base, standing.head)
    head = Run.objects.filter(id=run_id).values_list("head_commit", flat=True).first() or ""
    if not base or not head:
        raise Refused("There is no commit yet.", reason="no_commit", status=404)
    return _diff(run_id, base, head)


def review(run_id: UUID, *, may_merge: bool) -> views.Review:
    """Raises Refused(no_proposal) 404 when nothing is sealed."""
    standing = Proposal.objects.filter(run=run_id, void=False).prefetch_related("checks").first()
    if standing is None:
        raise Refused("Nothing is sealed yet: there is no proposal to review.", reason="no_proposal", status=404)
    run = snapshot.card_of(run_id)
    preview = _preview(run_id, standing, undecided=run.phase in {"review", "published"})
    why_not = _why_not(run, standing, preview, may_merge)
    approvals = [_approval(row, standing) for row in _approvals(run_id)]
    return views.Review(
        run=run, proposal=proposal(standing), diff=_diff(run_id, standing.base, standing.head),
        evidence=evidence(standing, spent=money(run.spent_micro), cap=money(run.cap_micro), time=_took(standing, run)),
        approvals=approvals, merge_preview=preview, sentence=_sentence(run, standing), may_merge=not why_not,
        why_not=why_not, landed=_landed(run_id, approvals),
    )  # fmt: skip


def _diff(run_id: UUID, base: str, head: str) -> views.DiffView:
    repos = plugs.repos()
    found = repos.diff(str(run_id), base, head)
    commits = [
        views.DiffCommit(sha=one.sha, title=one.title, at=one.at * 1000)
        for one in repos.log(str(run_id), base, head)[:COMMITS_KEPT]
    ]
    return views.DiffView(
        base=base, head=head, digest=found.digest, files=_files(found), commits=commits, truncated=found.truncated
    )


def _files(found: Diff) -> list[views.DiffFile]:
    return [
        views.DiffFile(
            path=one.path, old_path=one.old_path if one.old_path != one.path else "",
            status=STATUS.get(one.status, "changed"), added=one.added, removed=one.removed, badges=one.badges,
            patch=one.patch,
        )
        for one in found.files
    ]  # fmt: skip


def _preview(run_id: UUID, standing: Proposal, *, undecided: bool) -> views.MergePreview | None:
    """What a merge would do on the branch as it was seen last; None while the git service cannot say."""
    row = RunRepository.objects.filter(run=run_id).select_related("repository").first()
    if row is None:
        return None
    origin, looking = row.repository, undecided and _looking(row)
    # What was seen before this head was sealed says less than the base that it was sealed on.
    seen = bool(origin.newest and origin.looked_at and origin.looked_at > standing.sealed_at)
    now = origin.newest if seen else standing.base
    try:
        repos = plugs.repos()
        if now != standing.base:
            repos.adopt(str(run_id), now)
        tried = repos.preview(str(run_id), now, standing.head)
    except (TryLater, Refused, GaveUp):
        return None
    text = _moved(standing, now, origin.branch)
    if origin.fetch_note and not looking:
        text = f"{text} Whether {origin.branch} moved since could not be seen: {origin.fetch_note}".strip()
    return views.MergePreview(clean=tried.clean, conflicts=tried.conflicts, base=now, text=text, looking=looking)


def _looking(row: RunRepository) -> bool:
    """What was seen of the branch is old: a worker looks again."""
    if Repository.objects.filter(id=row.repository_id, looked_at__gt=Now() - FRESH).exists():
        return False
    launch.want(row)
    return True


def _moved(standing: Proposal, now: str, branch: str) -> str:
    return (
        ""
        if now == standing.base
        else f"{branch} moved from {standing.base[:7]} to {now[:7]} since the head was sealed."
    )


def _why_not(run: views.Run, standing: Proposal, preview: views.MergePreview | None, may_merge: bool) -> str:
    if not may_merge:
        return "You watch this project: a supervisor approves."
    if run.phase not in {"review", "published"}:
        return f"The run is {run.phase}."
    if preview is not None and not preview.clean:
        return f"It conflicts with {standing.branch} in {', '.join(preview.conflicts[:3])}."
    return ""


def _sentence(run: views.Run, standing: Proposal) -> str:
    commits = standing.stats.get("commits", 0)
    count = f"{commits} commits" if commits != 1 else "1 commit"
    return (
        f"Merges {count} of {standing.head[:7]} into {standing.branch} after {standing.base[:7]} and moves "
        f"{run.ticket.key} to Done. If the head moves first, nothing is merged; if the branch does, the result is tested first."
    )


def _approvals(run_id: UUID) -> list[Approval]:
    rows = Approval.objects.filter(run=run_id).select_related("decision__person")
    return list(rows.order_by("-created_at")[:20])


def _approval(row: Approval, standing: Proposal) -> views.Approval:
    moved = row.head != standing.head or row.digest != standing.digest
    return views.Approval(
        by=str(row.decision.person or row.decision.actor), at=ms(row.created_at), head=row.head, digest=row.digest,
        words=row.decision.words, stands=row.void_at is None and not moved,
        why=row.void_why or ("the head moved on" if moved else ""),
    )  # fmt: skip


def _landed(run_id: UUID, approvals: list[views.Approval]) -> views.Landed | None:
    """As the ledger tells it, whichever forge merged it."""
    row = Event.objects.filter(stream=f"run:{run_id}", kind="merged").order_by("-seq").first()
    said = read_event(row.body) if row else None
    if row is None or not isinstance(said, Merged):
        return None
    by = next((one.by for one in approvals if one.stands), "")
    return views.Landed(sha=said.sha, branch=said.branch, at=ms(row.at), by=by)


def _took(standing: Proposal, run: views.Run) -> str:
    return span(max(0, (ms(standing.sealed_at) - run.started_at) // 1000))


def money(micro: int) -> str:
    return f"${micro / 1_000_000:.2f}"
