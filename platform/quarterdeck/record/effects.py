"""What is still to be done outside: what waits, and what is stuck until the owner says what becomes of it."""

from collections import Counter
from uuid import UUID

from deckwire import views
from quarterdeck.record.models import Outbox, Ticket
from quarterdeck.record.views.times import ms

MOST = 200
OF_TICKET = "tracker:"


def open_ones() -> list[views.Effect]:
    """Oldest first, what is stuck before all. Three queries."""
    rows = list(Outbox.objects.filter(state__in=["waiting", "stuck"]).order_by("state", "id")[:MOST])
    stuck = [row.key for row in rows if row.state == "stuck"]
    waiting = Outbox.objects.filter(state="waiting", key__in=stuck).values_list("key", flat=True)
    behind, tickets = Counter(waiting), _tickets({row.key for row in rows})
    return [
        views.Effect(
            id=str(row.id), key=row.key, kind=row.kind, state=row.state, tries=row.tries, since=ms(row.created_at),
            why=row.why, ticket=tickets.get(row.key, ""), behind=behind[row.key] if row.state == "stuck" else 0,
        )
        for row in rows
    ]  # fmt: skip


def _tickets(keys: set[str]) -> dict[str, str]:
    """The effects of a ticket are in order under its id."""
    ids = {key: _id(key.removeprefix(OF_TICKET)) for key in keys if key.startswith(OF_TICKET)}
    found = dict(Ticket.objects.filter(id__in=[id for id in ids.values() if id]).values_list("id", "key"))
    return {key: found[id] for key, id in ids.items() if id in found}


def _id(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None
