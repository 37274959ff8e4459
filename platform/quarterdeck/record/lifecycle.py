"""The only writer of Run.phase. Every move writes the phase, one event and one audit row in one transaction.

queued → starting → working ⇄ waiting;  working → sealing → review → publishing → published → merging → merged
paused from every open phase before publishing; queued again when an attempt is lost, a decision wakes a parked run,
or a review sends the work back; failed and cancelled from anywhere open. Ends have no way out: a retry is a new run.
"""

from uuid import UUID

from django.db.models.functions import Now

from deckwire.events import Moved
from deckwire.words import ENDS, Phase
from quarterdeck.errors import Refused
from quarterdeck.record import audit, ledger
from quarterdeck.record.models import Run, StreamHead

P = Phase
_OUT = {P.FAILED, P.CANCELLED}

NEXT: dict[Phase, set[Phase]] = {
    P.QUEUED: {P.STARTING, P.WAITING, P.PAUSED, *_OUT},
    P.STARTING: {P.WORKING, P.QUEUED, P.PAUSED, *_OUT},
    P.WORKING: {P.WAITING, P.SEALING, P.QUEUED, P.PAUSED, *_OUT},
    P.WAITING: {P.WORKING, P.QUEUED, P.PAUSED, *_OUT},
    P.PAUSED: {P.QUEUED, P.WAITING, P.REVIEW, *_OUT},
    P.SEALING: {P.REVIEW, P.QUEUED, P.PAUSED, *_OUT},
    P.REVIEW: {P.PUBLISHING, P.QUEUED, P.PAUSED, *_OUT},
    P.PUBLISHING: {P.PUBLISHED, P.REVIEW, *_OUT},
    P.PUBLISHED: {P.MERGING, P.CLOSED, P.QUEUED, P.REVIEW, *_OUT},
    P.MERGING: {P.MERGED, P.PUBLISHED, P.QUEUED, *_OUT},
    P.MERGED: set(),
    P.CLOSED: set(),
    P.FAILED: set(),
    P.CANCELLED: set(),
}


def hold(run_id: UUID | str) -> Run:
    """The run's row, locked. Locks are taken in one order: site, project, ticket, run, stream head.

    Not its key: a row that only names the run (a model call, written under the stream head's lock) need not wait for us,
    or the two would wait for each other.
    """
    try:
        return Run.objects.select_for_update(no_key=True).get(id=run_id)
    except Run.DoesNotExist as gone:
        raise Refused("There is no such run.", reason="no_such_run", status=404) from gone


def move(
    run: Run, to: Phase, *, reason: str, by: str, text: str = "", remedy: str = "", head: StreamHead | None = None
) -> Run:
    """Changes the phase of a run that the caller has locked with `hold`, and writes down that it changed.

    Raises Refused(not_possible) and writes nothing when the table has no such move.
    """
    was = Phase(run.phase)
    if to not in NEXT[was]:
        raise Refused(f"A run that is {was} cannot become {to}.", reason="not_possible")
    run.phase, run.reason, run.reason_text, run.remedy = to, reason, text, remedy
    Run.objects.filter(id=run.id).update(
        phase=to, reason=reason, reason_text=text, remedy=remedy, phase_since=Now(),
        finished_at=Now() if to in ENDS else None,
    )  # fmt: skip
    ledger.note(run.stream, Moved(was=was, to=to, reason=reason, by=by), by=by, epoch=run.epoch, head=head)
    audit.write(by, "moved", f"run:{run.id}", project=run.project_id, was=was, to=to, reason=reason)
    return run
