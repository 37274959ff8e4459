"""State and cursors from one read: what a screen starts from. A first load, a reconnect and a gap all end here.

Heads and rows come from one repeatable-read transaction, so a frame is either covered by `heads` or came after it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Prefetch, Q
from django.db.models.functions import Now

from deckwire import views
from quarterdeck.record import ledger
from quarterdeck.record.models import OPEN_PHASES, OPEN_REQUEST, Person, Project, Repository, Request, Run
from quarterdeck.record.views.cards import cards
from quarterdeck.record.views.people import person
from quarterdeck.record.views.projects import project
from quarterdeck.record.views.requests import request
from quarterdeck.record.views.timeline import timeline

ENDED_DAYS = timedelta(days=7)
MOST_RUNS = 1_000
NEWEST_EVENTS = 200


@contextmanager
def one_read() -> Iterator[None]:
    """Everything inside sees one moment. Inside a caller's transaction, that one's isolation counts."""
    nested = connection.in_atomic_block
    with transaction.atomic():
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
        yield


def board(projects: Sequence[UUID]) -> views.Snapshot:
    """Every open run of these projects and what ended in the last seven days, the newest 1,000 at the most."""
    with one_read():
        recent = Q(phase__in=OPEN_PHASES) | Q(finished_at__gt=Now() - ENDED_DAYS)
        runs = Run.objects.filter(recent, project__in=projects).order_by("-created_at")
        return _snapshot(list(runs.values_list("id", flat=True)[:MOST_RUNS]), projects)


def inbox(projects: Sequence[UUID]) -> views.Snapshot:
    """Every run that has an open request."""
    with one_read():
        asked = Request.objects.filter(run__project__in=projects, state__in=OPEN_REQUEST)
        runs = asked.order_by("waiting_since").values_list("run", flat=True)[:MOST_RUNS]
        return _snapshot(list(dict.fromkeys(runs)), projects)


def run(run_id: UUID, projects: Sequence[UUID]) -> views.Snapshot:
    """One run, all its requests (decided ones too), and the newest 200 lines of its timeline."""
    with one_read():
        stream = f"run:{run_id}"
        found = _snapshot([run_id], projects)
        seq = found.heads.get(str(run_id), 0)
        lines = timeline(stream, ledger.before(stream, seq, limit=NEWEST_EVENTS))
        closed = Request.objects.filter(run=run_id).exclude(state__in=OPEN_REQUEST)
        rows = closed.select_related("run", "delegate", "decision__person").order_by("waiting_since", "index")
        decided = [request(row, seq) for row in rows]
        return found.model_copy(update={"timeline": lines, "requests": [*decided, *found.requests]})


def _snapshot(runs: Sequence[UUID], projects: Sequence[UUID]) -> views.Snapshot:
    streams = ["site", *[f"project:{one}" for one in projects]]
    heads = {on_the_wire(stream): seq for stream, seq in ledger.heads(streams).items()}
    shown, requests = cards(runs)
    seqs = {one.id: one.seq for one in shown}
    return views.Snapshot(
        heads={"site": 0, **{str(one): 0 for one in projects}, **heads, **seqs}, runs=shown,
        requests=[request(row, seqs[str(row.run_id)]) for row in requests], projects=projects_of(projects),
        people=people_of(projects),
    )  # fmt: skip


def on_the_wire(stream: str) -> str:
    """The dashboard names a stream by the id of its run or project; the site's is "site"."""
    return stream.partition(":")[2] or stream


def projects_of(ids: Sequence[UUID]) -> list[views.Project]:
    repositories = Prefetch("repositories", Repository.objects.order_by("created_at"))
    rows = Project.objects.filter(id__in=ids).prefetch_related(repositories)
    return [project(row) for row in rows.order_by("name")]


def people_of(projects: Sequence[UUID]) -> list[views.Person]:
    """Who may see these projects: somebody to delegate to."""
    may_see = Q(memberships__project__in=projects) | Q(is_superuser=True)
    rows = Person.objects.filter(may_see, is_active=True).distinct()
    return sorted((person(row) for row in rows), key=lambda one: one.name.lower())


def card_of(run_id: UUID) -> views.Run:
    """The card of one run that is known to be there."""
    with one_read():
        return cards([run_id])[0][0]


def now() -> datetime:
    """The database's moment: leases and signs of life are on its clock."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
