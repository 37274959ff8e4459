"""Tells trackers how their tickets' runs go: one status comment kept up to date, a new one for a question or a result.

Looks at what was told against what happened: who dies in between leaves nothing untold, and nothing is told twice.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from deckwire.words import Phase, RequestKind
from quarterdeck.flow import edge, outbox, stages, status
from quarterdeck.outside.tracker.text import visible
from quarterdeck.record.models import OPEN_PHASES, OPEN_REQUEST, Outbox, Proposal, Report, Request, Run, StreamHead

APART = timedelta(seconds=10)
HEARTBEAT = timedelta(minutes=10)
LATELY = timedelta(days=1)
MOST = 500
ASKING = (RequestKind.QUESTION, RequestKind.PLAN, RequestKind.BUDGET)
HOW = {
    RequestKind.QUESTION: "Answer here with a comment",
    RequestKind.PLAN: 'Answer "yes" here to approve it; any other words redirect the agent',
}
ENDED = (Phase.MERGED, Phase.CLOSED, Phase.FAILED)


def work() -> int:
    """Returns how many writes were put on their way."""
    return edge.each("report", _behind(), _report)


def _behind() -> list[UUID]:
    """Runs of connected tickets about which something happened since they were told, or nothing for a while."""
    recent = Q(phase__in=OPEN_PHASES) | Q(finished_at__gt=Now() - LATELY)
    rows = Run.objects.filter(recent, ticket__connection__isnull=False, ticket__deleted_at__isnull=True)
    told = {run: seq for run, seq in rows.order_by("id").values_list("id", "report__seq")[:MOST]}
    heads = StreamHead.objects.filter(stream__in=[f"run:{run}" for run in told]).values_list("stream", "seq")
    newest = {UUID(stream.removeprefix("run:")): seq for stream, seq in heads}
    silent = rows.filter(phase__in=[Phase.STARTING, Phase.WORKING], report__written_at__lt=Now() - HEARTBEAT)
    quiet = set(silent.values_list("id", flat=True))
    return [run for run, seq in told.items() if newest.get(run, 0) != (seq or 0) or run in quiet]


def _report(run_id: UUID) -> int:
    with transaction.atomic():
        Report.objects.bulk_create([Report(run_id=run_id)], ignore_conflicts=True)
        report = Report.objects.select_for_update(no_key=True).get(run=run_id)
        # How far it looked, before it looks: what comes in between is for the next time.
        seen = StreamHead.objects.filter(stream=f"run:{run_id}").values_list("seq", flat=True).first() or 0
        run = Run.objects.select_related("ticket").get(id=run_id)
        put = stages.tell(run, report) + _questions(run, report) + _link(run, report) + _result(run, report)
        Report.objects.filter(run=run_id).update(told=report.told)
        return put + _status(run, report, seen)


def _status(run: Run, report: Report, seen: int) -> int:
    now = status.of(run)
    beat = report.written_at is not None and run.phase in (Phase.STARTING, Phase.WORKING)
    stale = beat and Run.objects.filter(id=run.id, report__written_at__lt=Now() - HEARTBEAT).exists()
    if now.digest == report.digest and not stale:
        Report.objects.filter(run=run.id).update(seq=seen)
        return 0
    key = f"tracker-status:{run.ticket_id}"
    if Outbox.objects.filter(key=key, kind="status", state__in=["waiting", "stuck"], body__run=str(run.id)).exists():
        return 0
    outbox.put(key, "status", {"run": str(run.id)})
    Outbox.objects.filter(key=key, state="waiting", tries=0).update(due_at=_due(report))
    return 1


def _due(report: Report) -> Any:
    """What changes within seconds of the last write waits for its company."""
    return report.written_at + APART if report.written_at else Now()


def _questions(run: Run, report: Report) -> int:
    rows = Request.objects.filter(run=run, kind__in=ASKING, state__in=OPEN_REQUEST).order_by("waiting_since")
    return sum(_tell(run, report, f"question:{row.id}", _question(row, run)) for row in rows)


def _question(row: Request, run: Run) -> str:
    body = row.body
    choices = "".join(f"\n- {visible(one['label'])}" for one in body.get("choices", []))
    how = HOW.get(RequestKind(row.kind), "Answer here in your own words")
    where = f", or [open the run]({status.url(run)})" if status.url(run) else ""
    return f"**A question.** {visible(body.get('ask', ''))[:4_000]}{choices}\n\n{how}{where}."


def _result(run: Run, report: Report) -> int:
    if run.phase not in ENDED:
        return 0
    words = f" {visible(run.reason_text)}" if run.reason_text else ""
    text = f"**{status.WORDS[Phase(run.phase)]}.**{words}"[:4_000]
    return _tell(run, report, f"result:{run.id}", text)


def _tell(run: Run, report: Report, marker: str, text: str) -> int:
    if marker in report.told:
        return 0
    report.told = [*report.told, marker]
    outbox.put(f"tracker:{run.ticket_id}", "comment", {"ticket": str(run.ticket_id), "marker": marker, "text": text})
    return 1


def _link(run: Run, report: Report) -> int:
    """The proposal beside the ticket: one link per run, whose title follows its state."""
    found = Proposal.objects.filter(run=run, void=False).first()
    if found is None or not status.url(run):
        return 0
    marker = f"link:{run.phase}"
    if report.told and marker == next((one for one in reversed(report.told) if one.startswith("link:")), ""):
        return 0
    report.told = [*report.told, marker]
    title = f"Quarterdeck: {status.WORDS[Phase(run.phase)].lower()}, {found.head[:7]}"
    where = (found.pull or {}).get("url") or status.url(run)
    body = {"ticket": str(run.ticket_id), "global_id": f"quarterdeck-run={run.id}", "url": where, "title": title}
    outbox.put(f"tracker:{run.ticket_id}", "link", body)
    return 1
