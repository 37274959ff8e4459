"""What the live socket reads: which streams moved, and the cards, requests and lines of those that did.

Every call is one read of one moment and a fixed number of queries, however many runs are asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from deckwire import views
from deckwire.events import Changed, read_event
from deckwire.words import Phase
from quarterdeck.record import ledger
from quarterdeck.record.models import OPEN_PHASES, OPEN_REQUEST, Attempt, Event, Member, Person, Project, Request, Run
from quarterdeck.record.snapshot import one_read
from quarterdeck.record.views.cards import cards
from quarterdeck.record.views.requests import request
from quarterdeck.record.views.timeline import timeline

LINGER = timedelta(hours=1)
"""How long after its end a run is still watched: its last lines and the ticket's closing come late."""
CLOSED_LATELY = timedelta(minutes=10)
QUEUE_WATCHED = 200
SILENT = timedelta(seconds=10)
LINES = 500


@dataclass
class Standing:
    """Where every watched stream stands, and which runs may look different without a new line."""

    runs: dict[UUID, tuple[UUID, int]] = field(default_factory=dict)
    streams: dict[str, int] = field(default_factory=dict)
    signs: dict[UUID, datetime] = field(default_factory=dict)
    restless: set[UUID] = field(default_factory=set)


@dataclass(frozen=True)
class Lines:
    """`first` to `last` without a gap; `more` when the stream goes on."""

    run: UUID
    first: int
    last: int
    lines: list[views.TimelineEvent]
    more: bool


@dataclass(frozen=True)
class News:
    cards: list[views.Run]
    requests: list[views.Request]
    lines: list[Lines]


def standing(projects: Iterable[UUID], opened: Iterable[UUID] = ()) -> Standing:
    """One comparison of everything watched: four queries."""
    watched, extra = list(projects), list(opened)
    found = Standing()
    with one_read():
        lately = Q(phase__in=OPEN_PHASES) | Q(finished_at__gt=Now() - LINGER)
        rows = Run.objects.filter(lately & Q(project__in=watched) | Q(id__in=extra))
        heads = ledger.heads(["site", *[f"project:{one}" for one in watched]])
        found.streams = {"site": 0, **{f"project:{one}": 0 for one in watched}, **heads}
        listed = list(rows.values_list("id", "project_id", "phase"))
        seqs = ledger.heads([f"run:{run}" for run, _, _ in listed])
        found.runs = {run: (project, seqs.get(f"run:{run}", 0)) for run, project, _ in listed}
        found.restless = {run for run, _, phase in listed if phase == Phase.QUEUED and run not in extra}
        _signs(found, watched)
    return found


def _signs(found: Standing, projects: Sequence[UUID]) -> None:
    """Signs of life come without a line, and so does their absence."""
    silent = Q(sign_at__lt=Now() - SILENT)
    living = Attempt.objects.filter(state="running", run__project__in=projects)
    found.signs = dict(living.values_list("run", "sign_at"))
    found.restless |= set(living.filter(silent).values_list("run", flat=True))
    found.restless = set(sorted(found.restless)[:QUEUE_WATCHED])


def news(runs: Sequence[UUID], after: Mapping[UUID, int]) -> News:
    """Cards and requests of `runs`, and for each opened run in `after` the lines that follow that number."""
    with one_read():
        shown, asked = cards(runs)
        seqs = {one.id: one.seq for one in shown}
        rows = [*asked, *_closed(runs)]
        requests = [request(row, seqs.get(str(row.run_id), 0)) for row in rows]
        return News(shown, requests, [_lines(run, seq) for run, seq in after.items()])


def _closed(runs: Sequence[UUID]) -> list[Request]:
    """What has just left the inbox: whoever still shows it must hear of it."""
    lately = Q(closed_at__isnull=True) | Q(closed_at__gt=Now() - CLOSED_LATELY)
    rows = Request.objects.filter(lately, run__in=runs).exclude(state__in=OPEN_REQUEST)
    return list(rows.select_related("run", "delegate", "decision__person"))


def _lines(run: UUID, seq: int) -> Lines:
    rows = ledger.after(f"run:{run}", seq, limit=LINES)
    last = rows[-1].seq if rows else seq
    return Lines(run, seq + 1, last, timeline(f"run:{run}", rows), more=len(rows) == LINES)


def changes(after: Mapping[str, int]) -> dict[str, list[tuple[int, Changed]]]:
    """What changed in these project and site streams since those numbers."""
    behind = Q(pk__in=[])
    for stream, seq in after.items():
        behind |= Q(stream=stream, seq__gt=seq)
    found: dict[str, list[tuple[int, Changed]]] = {stream: [] for stream in after}
    for row in Event.objects.filter(behind, kind="changed").order_by("stream", "seq")[:LINES]:
        said = read_event(row.body)
        if isinstance(said, Changed):
            found[row.stream].append((row.seq, said))
    return found


def roles(people: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """Person → the projects he may see now. Somebody who was switched off sees none."""
    active = dict(Person.objects.filter(id__in=list(people), is_active=True).values_list("id", "is_superuser"))
    found: dict[UUID, set[UUID]] = {one: set() for one in active}
    for person, project in Member.objects.filter(person__in=active).values_list("person", "project"):
        found[person].add(project)
    if any(active.values()):
        every = set(Project.objects.values_list("id", flat=True))
        found |= {one: every for one, owner in active.items() if owner}
    return found
