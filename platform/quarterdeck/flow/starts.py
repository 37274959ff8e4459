"""Wishes of a tracker become runs: who asked, may they, is the ticket ready, is it blocked. What is missing holds the wish.

A wish waits in the table until its run is open; its cause is the run's key, so that two workers open one.
"""

import logging
from datetime import timedelta
from functools import partial
from itertools import islice

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from deckwire.tokens import digest
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import (
    accounts,
    attachments,
    breakdowns,
    copies,
    edge,
    intake,
    judgements,
    outbox,
    readiness,
    structure,
    trackers,
    which,
)
from quarterdeck.flow.actor import Actor, rule
from quarterdeck.flow.heard import polled
from quarterdeck.outside.tracker.port import Change
from quarterdeck.record.models import OPEN_PHASES, Run, Ticket, Watch, Wish

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)
LOOK_AGAIN = timedelta(seconds=60)
FIELD = {"label": "labels", "assigned": "assignee", "status": "status"}
QUESTIONS = "readiness"


def work(limit: int = 50) -> int:
    """Returns how many runs were opened."""
    return sum(map(_try, islice(iter(_claim, None), limit)))


def _claim() -> Wish | None:
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
    with transaction.atomic():
        rows = Wish.objects.select_for_update(skip_locked=True, of=("self",))
        wish = rows.filter(free, state="waiting", due_at__lte=Now()).order_by("due_at", "id").first()
        if wish:
            Wish.objects.filter(id=wish.id).update(lease_until=Now() + LEASE)
    return Wish.objects.select_related("ticket__connection", "ticket__project").get(id=wish.id) if wish else None


def _try(wish: Wish) -> int:
    return edge.guarded(f"wish {wish.id}", partial(_now_or_later, wish), partial(_hold, wish))


def _now_or_later(wish: Wish) -> int:
    try:
        return _grant(wish)
    except TryLater as later:
        return _hold(wish, later.text, timedelta(seconds=max(5.0, later.after)))
    except (Refused, GaveUp) as no:
        return _hold(wish, no.text)


def _grant(wish: Wish) -> int:
    ticket, watch = wish.ticket, trackers.watch_of(wish.ticket)
    if watch is None or not watch.active or ticket.deleted_at or ticket.category == "done":
        return _end(wish, "refused", "The ticket is not watched any more, or done.")
    who = _who(wish, watch)
    if who is None:
        return 0
    if ticket.kind == "Epic" and wish.playbook == "plan":
        breakdowns.propose(who, ticket.id)
        return _end(wish, "done", breakdowns.WAITS, ticket_note=breakdowns.WAITS)
    if structure.split(wish, watch):
        return _end(wish, "done", "Its sub-tasks are worked instead.")
    _refresh(ticket, watch)
    lacks = [*readiness.lacks(ticket), *which.asks(ticket)]
    waits = structure.waits_for(ticket, wish)
    if not lacks and not waits:
        verdict = judgements.ready(ticket, watch)
        lacks, waits = verdict.says, "A model reads whether it is ready." if verdict.pending else ""
    if lacks or waits:
        if Run.objects.filter(ticket=ticket, lane=0, phase__in=OPEN_PHASES).exists():
            return _overruled(wish)
        _ask(wish, lacks)
        return _hold(wish, waits or f"Not ready: {' '.join(lacks)}")
    attachments.bring(ticket, trackers.at(watch.connection))
    return _open(wish, who)


def _open(wish: Wish, who: Actor) -> int:
    plan = "ask" if wish.playbook == "plan" else None
    try:
        run = intake.open_run(who, f"wish/{wish.cause}", wish.ticket_id, plan_dial=plan)
    except Refused as no:
        if no.reason in ("already_open", "no_such_ticket"):
            return _end(wish, "refused", no.text)
        raise
    _end(wish, "done", f"{who.name} started it.", ticket_note="")
    return int(isinstance(run, Run))


def _overruled(wish: Wish) -> int:
    """A person started it all the same: nothing is asked any more, and what we said ourselves is taken back."""
    Ticket.objects.filter(id=wish.ticket_id, note=wish.note).update(note="")
    return _end(wish, "refused", "A person started it all the same.")


def _who(wish: Wish, watch: Watch) -> Actor | None:
    """Who asked, if they may. Ends the wish otherwise, in words on the ticket."""
    if wish.why == "jql":
        return rule("query")
    by, name = (wish.by, wish.by_name) if wish.by else _author(wish, watch)
    if not by or by == trackers.me(watch.connection).id:
        _end(wish, "refused", "It was asked for before the tracker was watched, or by ourselves.")
        return None
    Wish.objects.filter(id=wish.id).update(by=by[:120], by_name=name[:120])
    if not accounts.may(watch.connection, by, watch.project_id):
        accounts.seen(watch.connection, by, name)
        text = f"{name or by} asked for a run, but is neither linked to a person who supervises here nor allowed."
        _end(wish, "refused", text, ticket_note=text)
        return None
    return accounts.actor(watch.connection, by, name)


def _author(wish: Wish, watch: Watch) -> tuple[str, str]:
    """The tracker's own log knows. A ticket that was made with the label on it: its creator, for a reporter is whom that one
    named."""
    field = FIELD.get(wish.why, "")
    log = trackers.at(watch.connection).changes(wish.ticket.external_id, None)
    fitting = [one for one in log if one.field.lower() == field and _fits(wish, one)]
    newest = max(fitting, key=lambda one: one.at, default=None)
    if newest is not None:
        return (newest.author_id, newest.author) if newest.at >= watch.began_at else ("", "")
    facts = wish.ticket.facts
    if facts.get("creator_id"):
        return str(facts["creator_id"]), str(facts.get("creator", ""))
    return str(facts.get("reporter_id", "")), wish.ticket.reporter


def _fits(wish: Wish, change: Change) -> bool:
    if wish.why == "label":
        return wish.word in change.added()
    return wish.why != "status" or change.now == wish.word


def _refresh(ticket: Ticket, watch: Watch) -> None:
    """A blocker that moved on does not touch the ticket it blocked: what stands beside it is asked for anew."""
    fresh = trackers.at(watch.connection).fetch(ticket.external_id)
    copies.take(watch.connection, [polled(fresh)], trackers.me(watch.connection).id)
    ticket.refresh_from_db()


def _ask(wish: Wish, lacks: list[str]) -> None:
    """The missing questions as one comment, again only when they are others."""
    mark = digest("\n".join(lacks))
    if not lacks or wish.asked == mark:
        return
    text = "This ticket is not ready for an agent yet:\n\n" + "\n".join(f"- {one}" for one in lacks)
    text += "\n\nIt starts by itself when the answers stand in the ticket. A person can start it all the same in Quarterdeck."
    with transaction.atomic():
        if Wish.objects.filter(id=wish.id, asked=wish.asked).update(asked=mark):
            body = {"ticket": str(wish.ticket_id), "marker": QUESTIONS, "text": text}
            outbox.put(f"tracker:{wish.ticket_id}", "comment", body)


def _hold(wish: Wish, why: str, wait: timedelta = LOOK_AGAIN) -> int:
    Wish.objects.filter(id=wish.id, state="waiting").update(note=why[:400], lease_until=None, due_at=Now() + wait)
    Ticket.objects.filter(id=wish.ticket_id).exclude(note=why[:400]).update(note=why[:400])
    return 0


def _end(wish: Wish, state: str, why: str, *, ticket_note: str | None = None) -> int:
    Wish.objects.filter(id=wish.id, state="waiting").update(state=state, note=why[:400], lease_until=None)
    if ticket_note is not None:
        Ticket.objects.filter(id=wish.ticket_id).update(note=ticket_note[:400])
    return 0
