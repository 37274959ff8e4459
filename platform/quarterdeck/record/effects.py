"""What is still to be done outside: what waits, and what is stuck until the owner says what becomes of it."""

from deckwire import views
from quarterdeck.record.models import Outbox
from quarterdeck.record.views.times import ms

MOST = 200


def open_ones() -> list[views.Effect]:
    """Oldest first, what is stuck before all."""
    rows = Outbox.objects.filter(state__in=["waiting", "stuck"]).order_by("state", "id")[:MOST]
    return [
        views.Effect(
            id=str(row.id), key=row.key, kind=row.kind, state=row.state, tries=row.tries, since=ms(row.created_at),
            why=row.why,
        )
        for row in rows
    ]  # fmt: skip
