"""What each kind of outbox row does outside. Each may run twice: it looks before it acts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db.models.functions import Now

from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import attachments, breakdowns, status, trackers
from quarterdeck.outside.tracker.text import visible
from quarterdeck.record.models import Connection, Outbox, Report, Ticket, Watch

BUDGET, STATUS_BUDGET = 120, 60
"""Writes to one ticket in an hour; what only tells how it goes stops earlier than what asks or answers."""
ONE_TICKET = ("rate:jira-per-issue-on-write", "settling")
"""Waits that are about one ticket: the others of the connection go on."""


def _transition(body: dict[str, Any]) -> None:
    ticket = _ticket(body)
    stage = body.get("stage", "")
    with _writing(ticket, "transition") as watch:
        writes = watch.writes if watch else {}
        names = (writes.get("names") or {}).get(stage or body["category"], [])
        if stage and not names:
            return  # nobody names a status for this stage any more
        trackers.of(ticket).transition(
            ticket.external_id, body["category"], names=tuple(names), fields=writes.get("fields") or None,
            sideways=bool(stage),
        )  # fmt: skip


def _comment(body: dict[str, Any]) -> None:
    ticket = _ticket(body)
    with _writing(ticket, "comment"):
        trackers.of(ticket).comment(ticket.external_id, body["marker"], visible(body["text"]))


def _link(body: dict[str, Any]) -> None:
    ticket = _ticket(body)
    with _writing(ticket, "link"):
        trackers.of(ticket).link(ticket.external_id, body["global_id"], body["url"], body["title"])


def _labels(body: dict[str, Any]) -> None:
    """Sets and not steps: twice is as good as once."""
    ticket = _ticket(body)
    with _writing(ticket, "labels"):
        trackers.of(ticket).label(ticket.external_id, add=body["add"], remove=body["remove"])


def _worklog(body: dict[str, Any]) -> None:
    ticket = _ticket(body)
    with _writing(ticket, "worklog"):
        at = datetime.fromisoformat(body["at"])
        trackers.of(ticket).worklog(ticket.external_id, body["marker"], body["seconds"], visible(body["words"]), at)


def _status(body: dict[str, Any]) -> None:
    """The text is made now, not when it was asked for: what happened in between costs no status of its own. What else is to be
    told of that is the report's to find: how far it looked stays as it is."""
    report = Report.objects.select_related("run__ticket__connection").get(run=body["run"])
    now = status.of(report.run)
    done = {"digest": now.digest, "written_at": Now()}
    try:
        with _writing(report.run.ticket, "status"):
            trackers.of(report.run.ticket).comment(report.run.ticket.external_id, "status", now.text)
    except (Refused, GaveUp):
        Report.objects.filter(run=report.run).update(**done)  # asked again when there is something new to say
        raise
    Report.objects.filter(run=report.run).update(**done)


def _files(body: dict[str, Any]) -> None:
    """Reads only, so what may be written does not matter. A ticket that somebody here started was not asked for its files."""
    ticket = _ticket(body)
    if trackers.watch_of(ticket) is not None and not ticket.deleted_at:
        attachments.bring(ticket, trackers.of(ticket))


def _create(body: dict[str, Any]) -> None:
    try:
        with _writing(_ticket(body), "create"):
            breakdowns.create(body)
    except (Refused, GaveUp) as no:
        breakdowns.refuse(body, no.text)
        raise


def _ticket(body: dict[str, Any]) -> Ticket:
    return Ticket.objects.select_related("connection").get(id=body["ticket"])


@contextmanager
def _writing(ticket: Ticket, write: str) -> Iterator[Watch | None]:
    """Raises Refused(switched_off) and TryLater before anything is sent; what the other side says is noted where people look."""
    if ticket.connection is None:
        yield None
        return
    watch = trackers.watch_of(ticket)
    if watch is None or not watch.active or not watch.writes.get(write, True):
        raise Refused(f"Writing to the tracker ({write}) is switched off.", reason="switched_off")
    if ticket.deleted_at:
        raise Refused("The ticket was deleted in its tracker.", reason="no_such_ticket", status=404)
    _within_budget(ticket, write)
    _not_quiet(ticket.connection)
    try:
        yield watch
    except (Refused, GaveUp) as no:
        Ticket.objects.filter(id=ticket.id).update(note=f"Not written to the tracker ({write}): {no.text}"[:400])
        raise
    except TryLater as later:
        if later.reason not in ONE_TICKET:
            until = Now() + timedelta(seconds=max(1.0, later.after))
            Connection.objects.filter(id=ticket.connection.id).update(writes_quiet_until=until)
        raise


def _not_quiet(connection: Connection) -> None:
    if Connection.objects.filter(id=connection.id, writes_quiet_until__gt=Now()).exists():
        raise TryLater(f"{connection.name} asked for a pause, or does not answer.", after=5.0, reason="quiet")


def _within_budget(ticket: Ticket, write: str) -> None:
    keys = [f"tracker:{ticket.id}", f"tracker-status:{ticket.id}"]
    spent = Outbox.objects.filter(key__in=keys, state="done", done_at__gt=Now() - timedelta(hours=1)).count()
    if spent >= (STATUS_BUDGET if write == "status" else BUDGET):
        raise TryLater("This ticket was written to often enough in the last hour.", after=120.0, reason="budget")


DO: dict[str, Callable[[dict[str, Any]], None]] = {
    "transition": _transition, "comment": _comment, "link": _link, "status": _status,
    "create": _create, "labels": _labels, "worklog": _worklog, "files": _files,
}  # fmt: skip
