"""A run as its ticket's status comment tells it: plan, progress, question, proposal, cost, and when it last gave a sign."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Max

from deckwire.tokens import digest
from deckwire.words import Phase
from quarterdeck.flow import structure, welcome
from quarterdeck.outside.tracker.text import visible
from quarterdeck.record.models import OPEN_REQUEST, Attempt, Proposal, Request, Run

WORDS = {
    Phase.QUEUED: "Queued", Phase.STARTING: "Starting", Phase.WORKING: "Working", Phase.WAITING: "Waiting for an answer",
    Phase.PAUSED: "Paused", Phase.SEALING: "Checking its work", Phase.REVIEW: "Ready for review",
    Phase.PUBLISHING: "Publishing", Phase.PUBLISHED: "Published", Phase.MERGING: "Merging", Phase.MERGED: "Merged",
    Phase.CLOSED: "Closed", Phase.FAILED: "Failed", Phase.CANCELLED: "Stopped",
}  # fmt: skip
MARKS = {"done": "x", "active": " ", "todo": " ", "changed": " "}
MOST_STEPS = 30


@dataclass(frozen=True)
class Status:
    """`digest` is of what it says but for the sign of life."""

    text: str
    digest: str


def of(run: Run) -> Status:
    run.refresh_from_db()
    lines = [_head(run), *_plan(run), *_asked(run), *_proposal(run), *_money(run)]
    up = structure.roll_up(run.ticket)
    said = "\n".join(line for line in [*lines, up] if line is not None)
    sign = Attempt.objects.filter(run=run).aggregate(at=Max("sign_at"))["at"] if run.open else None
    foot = [f"Last sign of life {_clock(sign)}." if sign else "", f"[Open the run]({url(run)})" if url(run) else ""]
    return Status("\n\n".join(part for part in [said, *foot] if part), digest(said))


def url(run: Run) -> str:
    """Where a person opens it; empty where only this machine could."""
    origin = settings.ORIGINS[0] if settings.ORIGINS else f"http://{settings.HOST}:{settings.PORT}"
    return f"{origin}/runs/{run.id}" if urlsplit(origin).hostname else ""


def _head(run: Run) -> str:
    why = f": {visible(run.reason_text)}" if run.phase in (Phase.FAILED, Phase.CANCELLED) and run.reason_text else ""
    return f"**Quarterdeck: {WORDS[Phase(run.phase)]}**{why}"[:600]


def _plan(run: Run) -> list[str]:
    steps = (run.plan or {}).get("steps", [])[:MOST_STEPS]
    return (
        ["", *(f"- [{MARKS.get(one.get('state', ''), ' ')}] {visible(one['title'])[:200]}" for one in steps), ""]
        if steps
        else []
    )


def _asked(run: Run) -> list[str]:
    rows = Request.objects.filter(run=run, state__in=OPEN_REQUEST).order_by("waiting_since")[:3]
    return [f"Asks: {visible(str(row.body.get('ask', '')))[:500]}" for row in rows]


def _proposal(run: Run) -> list[str]:
    found = Proposal.objects.filter(run=run, void=False).first()
    if found is None:
        return []
    pull = found.pull.get("url") if isinstance(found.pull, dict) else ""
    files = len(found.stats.get("files", []))
    return [f"Proposal: {found.head[:7]} for {found.branch}, {files} files.{f' {pull}' if pull else ''}"]


def _money(run: Run) -> list[str]:
    """While it works in steps of a tenth, rounded up: each cent is no news, and nobody reads less than was spent."""
    spent = welcome.spent(run)
    if run.open and spent:
        return [f"Cost: up to ${-(-spent // 100_000) / 10:.2f} of ${run.cap_micro / 1e6:.2f}."]
    return [f"Cost: ${spent / 1e6:.2f} of ${run.cap_micro / 1e6:.2f}."]


def _clock(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
