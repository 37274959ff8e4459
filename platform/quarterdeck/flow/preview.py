"""What a query matches now, before it is saved: the tracker's own words when it does not understand it."""

from uuid import UUID

from deckwire import views
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import trackers
from quarterdeck.flow.text import bounded
from quarterdeck.record.models import Connection

SHOWN = 20


def find(connection: UUID, query: str) -> views.FoundTickets:
    """Raises Refused(no_such_connection), 404. What the tracker answers is part of the answer."""
    row = Connection.objects.filter(id=connection, kind="tracker").first()
    if row is None:
        raise Refused("There is no such connection.", reason="no_such_connection", status=404)
    try:
        tracker = trackers.at(row)
        page = tracker.search(bounded("The query", query, 2000, least=1))
        count = len(page.issues) if page.last else tracker.count(query)
    except (Refused, TryLater, GaveUp) as no:
        return views.FoundTickets(error=no.text)
    found = [
        views.FoundTicket(key=one.key, title=one.title, status=one.status, url=one.url) for one in page.issues[:SHOWN]
    ]
    return views.FoundTickets(count=max(count, len(found)), tickets=found)
