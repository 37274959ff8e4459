"""One run, looked at closely: its lines, its diff, where it can go back to, which files it was offered, its review."""

from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from deckwire import bodies, views
from quarterdeck.doors.access import Needs
from quarterdeck.doors.api.asked import Asked
from quarterdeck.doors.api.render import as_is
from quarterdeck.flow import look, priorities
from quarterdeck.record import closeup, snapshot

router = Router(tags=["runs"], by_alias=True)
SEE = Needs("viewer", of="run")
MOST = 500


@router.get("/runs/{uuid:run}/events", response=views.Events, auth=SEE)
def events(
    request: Asked, run: UUID, after: int | None = None, before: int | None = None, limit: int = 200
) -> HttpResponse:
    """In order. `after` a cursor, or the newest `before` one; without both the newest of all."""
    return as_is(closeup.events(run, after=after, before=before, limit=_within(limit)))


@router.get("/runs/{uuid:run}/raw", response=views.RawEvents, auth=SEE)
def raw(request: Asked, run: UUID, after: int = 0, limit: int = 200) -> HttpResponse:
    """Ledger lines as they are stored."""
    return as_is(closeup.raw(run, after=after, limit=_within(limit)))


@router.get("/runs/{uuid:run}/checkpoints", response=list[views.Checkpoint], auth=SEE)
def checkpoints(request: Asked, run: UUID) -> list[views.Checkpoint]:
    """Where a rewind can go back to, newest first."""
    return closeup.checkpoints(run)


@router.get("/runs/{uuid:run}/files", response=list[views.OfferedFile], auth=SEE)
def files(request: Asked, run: UUID) -> list[views.OfferedFile]:
    """What was offered, read and changed."""
    return closeup.files(run)


@router.get("/runs/{uuid:run}/diff", response=views.DiffView, auth=SEE)
def diff(request: Asked, run: UUID) -> HttpResponse:
    """From the run's base to its newest commit, made from raw objects. 404 when there is no commit yet."""
    return as_is(look.diff(run))


@router.patch("/runs/{uuid:run}", response=views.Run, auth=Needs("supervisor", of="run"))
def edit(request: Asked, run: UUID, body: bodies.RunPatch) -> views.Run:
    """Its priority in the queue."""
    if body.priority is not None:
        priorities.prioritise(request.auth.actor, run, body.priority)
    return snapshot.card_of(run)


@router.get("/reviews/{uuid:run}", response=views.Review, auth=SEE)
def review(request: Asked, run: UUID) -> HttpResponse:
    """Everything for one decision: the proposal with its evidence, the diff of exactly that head, what a merge would do."""
    return as_is(look.review(run, may_merge=request.auth.may(look.project_of(run), "supervisor")))


def _within(limit: int) -> int:
    return max(1, min(limit, MOST))
