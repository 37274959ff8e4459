"""Who must act: the one word (and the words beside it) that every row, card and header starts with.

Pure: the run's phase, its open request, its living attempt and the moment go in. Nothing here is stored.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from deckwire.views import Attention
from deckwire.words import Phase, RequestKind
from quarterdeck.record.models import Attempt, Request, RequestState, Run

SILENT_AFTER = 3
"""Heartbeats missed before a working attempt is shown as out of contact."""

ASKS = {
    RequestKind.PLAN: "Plan",
    RequestKind.QUESTION: "Question",
    RequestKind.PERMISSION: "Permission",
    RequestKind.BUDGET: "Budget",
    RequestKind.REVIEW: "Review",
    RequestKind.CONFLICT: "Conflict",
    RequestKind.FAILURE: "Retry or stop",
}
DOING = {
    Phase.STARTING: "Starting",
    Phase.WORKING: "Working",
    Phase.WAITING: "Working",
    Phase.SEALING: "Checks on the sealed head",
    Phase.PUBLISHING: "Publishing",
    Phase.MERGING: "Merging",
}
ENDED = {Phase.MERGED: "Merged", Phase.CLOSED: "Closed", Phase.CANCELLED: "Stopped"}


@dataclass(frozen=True)
class Who:
    attention: Attention
    actor: str


def who_must_act(
    run: Run, request: Request | None, attempt: Attempt | None, now: datetime, *, heartbeat: timedelta, retried: bool
) -> Who:
    """`request` is the run's first open one, `attempt` its living one, `retried` whether a newer run took over."""
    phase = Phase(run.phase)
    if phase == Phase.FAILED:
        return Who("done", "Retried") if retried else Who("failed", "Retry or stop")
    if phase in ENDED:
        return Who("done", ENDED[phase])
    if run.desired == "stop":
        return Who("working", "Stopping")
    if phase == Phase.PAUSED:
        return Who("paused", "Paused")
    if request is not None:
        return _asked(request)
    if phase == Phase.REVIEW:
        return Who("ready", "Review")
    return _unasked(run, phase, attempt, now, heartbeat)


def _asked(request: Request) -> Who:
    if request.state == RequestState.DELEGATED:
        return Who("elsewhere", f"{request.delegate or 'Somebody else'}: {ASKS[RequestKind(request.kind)].lower()}")
    if request.state == RequestState.SNOOZED:
        return Who("elsewhere", f"Snoozed: {ASKS[RequestKind(request.kind)].lower()}")
    if request.kind == RequestKind.REVIEW:
        return Who("ready", "Review")
    if request.kind == RequestKind.FAILURE:
        return Who("failed", "Retry or stop")
    return Who("needs-you", ASKS[RequestKind(request.kind)])


def _unasked(run: Run, phase: Phase, attempt: Attempt | None, now: datetime, heartbeat: timedelta) -> Who:
    if phase == Phase.QUEUED:
        return Who("elsewhere", "Queued")
    if phase == Phase.PUBLISHED:
        return Who("elsewhere", "Published, not merged")
    if attempt is not None and attempt.state == "running" and now - attempt.sign_at > SILENT_AFTER * heartbeat:
        return Who("broken", "No contact")
    return Who("working", "Pausing" if run.desired == "pause" else DOING[phase])
