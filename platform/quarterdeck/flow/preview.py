"""What a query matches now, before it is saved: the tracker's own words when it does not understand it."""

from collections.abc import Sequence
from uuid import UUID

from deckwire import views
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import connected, polls, trackers
from quarterdeck.flow.text import bounded
from quarterdeck.outside.tracker.port import Tracker

SHOWN, MOST_SPACES = 20, 50


def find(connection: UUID, query: str, spaces: Sequence[str] = ()) -> views.FoundTickets:
    """In these of the tracker's projects. Raises Refused(no_such_connection), 404. What the tracker answers is part of the
    answer; what it says of a place is about the query as it was typed."""
    row = connected.one("tracker", connection)
    try:
        tracker = trackers.at(row)
    except (Refused, GaveUp) as no:
        return views.FoundTickets(error=no.text)
    try:
        whole = polls.within(list(spaces)[:MOST_SPACES], bounded("The query", query, 2000))
        page = tracker.search(bounded("The query", whole, 6000, least=1))
        count = len(page.issues) if page.last else tracker.count(whole)
    except Refused as no:
        return views.FoundTickets(
            error=_own_words(tracker, query, no) if spaces and no.reason == "bad_query" else no.text
        )
    except (TryLater, GaveUp) as no:
        return views.FoundTickets(error=no.text)
    found = [
        views.FoundTicket(key=one.key, title=one.title, status=one.status, url=one.url) for one in page.issues[:SHOWN]
    ]
    return views.FoundTickets(count=max(count, len(found)), tickets=found)


def _own_words(tracker: Tracker, query: str, no: Refused) -> str:
    """What the tracker says of that part alone; where that part is well, of the whole, without the place."""
    try:
        if query.strip():
            tracker.search(query.strip())
    except Refused as own:
        if own.reason == "bad_query":
            return own.text
    except (TryLater, GaveUp):
        pass
    return polls.without_place(no.text)
