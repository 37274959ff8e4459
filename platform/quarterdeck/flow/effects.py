"""What each kind of outbox row does outside. Each may run twice: it looks before it acts."""

from collections.abc import Callable
from typing import Any

from quarterdeck.flow import trackers
from quarterdeck.record.models import Ticket


def _transition(body: dict[str, Any]) -> None:
    ticket = Ticket.objects.get(id=body["ticket"])
    trackers.of(ticket).transition(ticket.external_id, body["category"])


def _comment(body: dict[str, Any]) -> None:
    ticket = Ticket.objects.get(id=body["ticket"])
    trackers.of(ticket).comment(ticket.external_id, body["marker"], body["text"])


DO: dict[str, Callable[[dict[str, Any]], None]] = {"transition": _transition, "comment": _comment}
