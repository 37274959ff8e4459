"""Which tracker a ticket came from. Today the board; Jira stands behind the same port."""

from quarterdeck.errors import Refused
from quarterdeck.flow import board
from quarterdeck.outside.tracker.port import Tracker
from quarterdeck.record.models import Ticket


def of(ticket: Ticket) -> Tracker:
    if ticket.tracker == "board":
        return board.tracker()
    raise Refused(f"No tracker named {ticket.tracker!r} is connected.", reason="no_such_tracker")
