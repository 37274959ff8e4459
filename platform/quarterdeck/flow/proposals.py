"""The standing proposal of a run: at most one, void as soon as anything it was made of changes."""

import hashlib
import json

from django.db.models.functions import Now

from quarterdeck.flow import checks
from quarterdeck.record import fences
from quarterdeck.record.models import (
    OPEN_REQUEST,
    Approval,
    Decision,
    Proposal,
    Request,
    RequestState,
    Run,
    RunRepository,
)


def standing(run: Run) -> Proposal | None:
    return Proposal.objects.select_for_update().filter(run=run, void=False).first()


def policy(run: Run) -> str:
    """The dials an approval was given under. Another value: another policy, and the approval is void."""
    text = json.dumps([run.project.dials.get("merging"), run.project.dials.get("own_work")], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def close_requests(run: Run, decision: Decision) -> None:
    """The platform's own requests of this run (review, failure, conflict) are decided."""
    Request.objects.filter(run=run, interrupt="", state__in=OPEN_REQUEST).update(
        state=RequestState.DECIDED, decision=decision, closed_at=Now()
    )


def withdraw(run: Run, why: str) -> None:
    """Approvals and the proposal are void, its checks are called off; the ref takes commits again from the next attempt."""
    Approval.objects.filter(run=run, void_at__isnull=True).update(void_at=Now(), void_why=why[:200])
    Proposal.objects.filter(run=run, void=False).update(void=True)
    checks.cancel(run, why)
    RunRepository.objects.filter(run=run).update(frozen="")
    Request.objects.filter(run=run, interrupt="", state__in=OPEN_REQUEST).update(
        state=RequestState.SUPERSEDED, closed_at=Now()
    )
    fences.freeze(run.id, False)
