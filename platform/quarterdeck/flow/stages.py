"""What else a run does to its ticket, by dials that are off at first: a status or a label for each stage, and the time it took."""

from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce, Now

from deckwire.words import Phase
from quarterdeck.flow import outbox, trackers
from quarterdeck.record.models import Attempt, Report, Run

STAGES = ("doing", "waiting", "review", "done")
OF: dict[Phase, str] = {
    Phase.QUEUED: "doing", Phase.STARTING: "doing", Phase.WORKING: "doing", Phase.SEALING: "doing", Phase.WAITING: "waiting",
    Phase.REVIEW: "review", Phase.PUBLISHING: "review", Phase.PUBLISHED: "review", Phase.MERGING: "review", Phase.MERGED: "done",
}  # fmt: skip
"""Who paused it keeps it where it stands; a run that ended otherwise has no stage."""
LEFT = "left"


def tell(run: Run, report: Report) -> int:
    """Puts what a new stage asks for on its way. Returns how many writes. In the transaction that holds the report."""
    watch = trackers.watch_of(run.ticket) if run.phase != Phase.PAUSED else None
    if watch is None:
        return 0
    stage = OF.get(Phase(run.phase), LEFT)
    before = next((one.partition(":")[2] for one in reversed(report.told) if one.startswith("stage:")), "")
    put = _worked(run, report, watch.writes)
    if stage == before:
        return put
    report.told = [*report.told, f"stage:{stage}"]
    return put + _moved(run, stage, before, watch.writes) + _labelled(run, stage, before, watch.writes)


def _moved(run: Run, stage: str, before: str, writes: dict[str, Any]) -> int:
    """The first step and the last are moves of their own; between them a ticket goes only to statuses that have a name."""
    names = (writes.get("names") or {}).get(stage)
    if not names or stage in ("done", LEFT) or (stage == "doing" and not before):
        return 0
    _put(run, "transition", category="doing", stage=stage)
    return 1


def _labelled(run: Run, stage: str, before: str, writes: dict[str, Any]) -> int:
    labels = {name: label for name, label in (writes.get("labels") or {}).items() if label}
    if not labels or (stage == LEFT and not before):
        return 0
    keep = labels.get(stage, "")
    _put(run, "labels", add=[keep] if keep else [], remove=sorted(set(labels.values()) - {keep}))
    return 1


def _worked(run: Run, report: Report, writes: dict[str, Any]) -> int:
    """One entry per run, when it is over."""
    if run.open or not writes.get("worklog") or "worklog" in report.told:
        return 0
    report.told = [*report.told, "worklog"]
    words = f"Quarterdeck: an agent worked {minutes(run)} minutes, {Phase(run.phase).value}."
    _put(run, "worklog", marker=f"run:{run.id}", seconds=minutes(run) * 60, at=run.created_at.isoformat(), words=words)
    return 1


def minutes(run: Run) -> int:
    """That its attempts had a place, rounded up; at least one: no tracker keeps less."""
    rows = Attempt.objects.filter(Q(run=run), started_at__isnull=False).annotate(end=Coalesce("ended_at", Now()))
    seconds = sum((row.end - row.started_at).total_seconds() for row in rows)
    return max(1, -(-int(seconds) // 60))


def _put(run: Run, kind: str, **body: Any) -> None:
    outbox.put(f"tracker:{run.ticket_id}", kind, {"ticket": str(run.ticket_id), **body})
