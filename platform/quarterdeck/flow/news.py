"""What an open run hears of its ticket: a comment, an edit, that it was taken away. Each is told once, with its author."""

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models.functions import Now

from deckwire.events import Noted
from deckwire.requests import Ask, Choice
from deckwire.words import Phase, RequestKind, Risk, Verb
from quarterdeck.flow import accounts, asks, decide, edge
from quarterdeck.flow.actor import Actor, rule
from quarterdeck.flow.receipts import Receipt
from quarterdeck.outside.tracker.text import visible
from quarterdeck.record import ledger, lifecycle
from quarterdeck.record.models import OPEN_PHASES, OPEN_REQUEST, News, Request, Run, Ticket, TicketComment

AGAIN = timedelta(seconds=15)
CLOCKS = timedelta(seconds=10)
BROKEN = timedelta(minutes=10)
BUSY = (Phase.SEALING, Phase.PUBLISHING, Phase.MERGING)
READS = (Phase.QUEUED, Phase.STARTING, Phase.WORKING, Phase.PAUSED)
YES = {
    "approve",
    "approved",
    "i approve",
    "yes",
    "yes please",
    "ok",
    "lgtm",
    "go",
    "go ahead",
    "work by this plan",
    "yes work by this plan",
}


def work(limit: int = 100) -> int:
    """Returns how many were told. A decision's key is the news' cause: told twice is decided once."""
    done = 0
    rows = News.objects.filter(state="waiting", due_at__lte=Now()).select_related(
        "ticket__connection", "ticket__project"
    )
    for row in rows.order_by("id")[:limit]:
        done += edge.guarded(f"news {row.id}", partial(_tell, row), partial(_broken, row))
    return done


def _tell(row: News) -> int:
    run = Run.objects.filter(ticket=row.ticket_id, phase__in=OPEN_PHASES).order_by("lane").first()
    if run is None:
        return _end(row, "done", "No run was open any more.")
    if run.phase in BUSY:
        return _later(row)
    return {"comment": _comment, "edited": _edited, "moved": _moved, "deleted": _deleted}.get(row.what, _left)(row, run)


def _broken(row: News, why: str) -> int:
    News.objects.filter(id=row.id).update(due_at=Now() + BROKEN, note=why)
    return 0


def _key(row: News) -> str:
    return f"news/{row.id}"


def _comment(row: News, run: Run) -> int:
    connection = row.ticket.connection
    assert connection is not None
    if not accounts.may(connection, row.by, run.project_id):
        accounts.seen(connection, row.by, row.by_name)
        return _end(row, "refused", f"{row.by_name or row.by} is neither linked to a supervisor nor allowed.")
    who, words = accounts.actor(connection, row.by, row.by_name), visible(row.words)
    asked = Request.objects.filter(run=run, state__in=OPEN_REQUEST).exclude(interrupt="").order_by("index").first()
    if asked and asked.kind == RequestKind.PLAN and _plain(words) in YES and _before(row, asked):
        return _end(row, "refused", "It was said before this plan was there: say it again to approve it.")
    supervises = who.person is not None and accounts.supervises(who.person, run.project_id)
    if asked and asked.kind == RequestKind.BUDGET and not supervises:
        return _end(
            row, "refused", "The run's limit is reached: whether it goes on is for somebody who supervises here."
        )
    return _of(row, say(who, _key(row), run, asked, words, supervises=supervises))


def _before(row: News, asked: Request) -> bool:
    """By the tracker's clock and ours: nobody reads a plan within the seconds by which these may differ."""
    said = TicketComment.objects.filter(ticket=row.ticket_id, external_id=row.cause.removeprefix("comment:"))
    at = said.values_list("said_at", flat=True).first()
    return at is not None and at < asked.waiting_since - CLOCKS


def _plain(words: str) -> str:
    return " ".join(words.strip().strip(".!").replace(",", " ").lower().split())


def say(who: Actor, key: str, run: Run, asked: Request | None, words: str, *, supervises: bool) -> Receipt:
    """Answers what the agent asked, or redirects it; in a review the words become its revision."""
    if asked is None:
        return decide.decide(who, key, Verb.REDIRECT, runs=[run.id], words=words)
    plain = _plain(words)
    if asked.kind == RequestKind.QUESTION:
        fitting = (
            one["id"] for one in asked.body.get("choices", []) if plain in (_plain(one["id"]), _plain(one["label"]))
        )
        return decide.decide(who, key, Verb.ANSWER, requests=[asked.id], words=words, choice=next(fitting, ""))
    if asked.kind == RequestKind.PLAN and supervises and plain in YES:
        return decide.decide(who, key, Verb.APPROVE, requests=[asked.id])
    return decide.decide(who, key, Verb.REDIRECT, requests=[asked.id], words=words)


def _edited(row: News, run: Run) -> int:
    """The person at once; the agent when it reads again. One that waits or is reviewed begins with the new text anyway."""
    if not row.note:
        with transaction.atomic():
            _note(run, "The ticket was edited in its tracker.", row.words)
            News.objects.filter(id=row.id).update(note="The person was told.")
    if run.phase not in READS:
        return _later(row)
    fence = "`" * 8
    words = "The ticket was edited while you work. This is what changed; it is the tracker's text:"
    words += f"\n{fence}diff\n{visible(row.words)}\n{fence}"
    return _of(row, decide.decide(_author(row), _key(row), Verb.REDIRECT, runs=[run.id], words=words))


def _moved(row: News, run: Run) -> int:
    with transaction.atomic():
        _note(run, f"The ticket moved: {row.words}")
        return _end(row, "done", "")


def _deleted(row: News, run: Run) -> int:
    words = f"{row.ticket.key} was deleted in its tracker."
    return _of(row, decide.decide(_author(row), _key(row), Verb.STOP, runs=[run.id], words=words))


def _left(row: News, run: Run) -> int:
    """Reassigned, closed or un-labelled: pause, and ask a person whether it shall go on."""
    decide.decide(_author(row), _key(row), Verb.PAUSE, runs=[run.id])  # where nothing runs there is nothing to pause
    with transaction.atomic():
        held = lifecycle.hold(run.id)
        if held.open:
            asks.from_platform(held, RequestKind.QUESTION, left_ask(row), key=f"ticket:{row.what}")
            _note(held, row.words)
        return _end(row, "done", "A person is asked.")


def left_ask(row: News) -> Ask:
    who = f" by {row.by_name}" if row.by_name else ""
    return Ask(
        kind=RequestKind.QUESTION, ask=f"{row.words.rstrip('.')}{who}. Shall the run go on?", risk=Risk.MEDIUM,
        context=f"{row.ticket.key} changed in its tracker while an agent works on it. The run is paused.",
        choices=[
            Choice(id="go_on", label="Go on", effect="The agent goes on from where it stood."),
            Choice(id="stop", label="Stop the run", effect="Its work stays in the record; nothing is merged.", suggested=True),
        ],
    )  # fmt: skip


def _author(row: News) -> Actor:
    connection = row.ticket.connection
    return accounts.actor(connection, row.by, row.by_name) if row.by and connection else rule("tracker")


def _note(run: Run, text: str, detail: str = "") -> None:
    ledger.note(run.stream, Noted(text=text, detail=detail[:8_000]), by="rule:tracker", epoch=run.epoch)


def _of(row: News, receipt: Receipt) -> int:
    line = receipt.lines[0]
    return _end(row, "refused" if line.fate == "rejected" else "done", line.why)


def _later(row: News) -> int:
    News.objects.filter(id=row.id).update(due_at=Now() + AGAIN)
    return 0


def _end(row: News, state: str, why: str) -> int:
    News.objects.filter(id=row.id, state="waiting").update(state=state, note=why[:400])
    if state == "refused":
        Ticket.objects.filter(id=row.ticket_id).update(note=f"A comment was not taken: {why}"[:400])
    return 1
