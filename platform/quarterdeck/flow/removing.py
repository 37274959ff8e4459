"""A tracker's connection is taken away. What runs worked on stays as it is; nothing comes from there or goes there any more.

A ticket that no run was ever opened for, and no proposal made of, goes with it: connected again, it comes back. The others keep
naming the connection, which is a bare name then: no address to call, no secret, no watch.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from deckwire.events import Changed
from quarterdeck.errors import Refused
from quarterdeck.flow import connected, hooks, pokes
from quarterdeck.flow.actor import Actor
from quarterdeck.record import ledger
from quarterdeck.record.models import (
    OPEN_PHASES,
    Breakdown,
    Connection,
    Delivery,
    LinkCode,
    News,
    Outbox,
    Run,
    SignIn,
    Ticket,
    TrackerAccount,
    Watch,
    Wish,
)
from quarterdeck.record.snapshot import now

GONE = "Its tracker was removed: this is the ticket as it was then."


def remove(actor: Actor, id: UUID, *, confirmed: bool = False) -> None:
    """Raises Refused: no_such_connection (404), in_use (409) while runs that nobody paused work on its tickets, unless that
    is confirmed. Its webhooks are taken back as far as the tracker answers."""
    found = connected.one("tracker", id)
    _unworked(found, confirmed)
    hooks.take_back(found)
    with transaction.atomic():
        row = connected.one("tracker", id, held=True)
        _unworked(row, confirmed)
        projects = list(Watch.objects.filter(connection=row).values_list("project_id", flat=True))
        name, kept = row.name, _emptied(row)
        connected.note(actor, id, "tracker removed", name=name, tickets_kept=kept)
        for project in projects:
            ledger.note(f"project:{project}", Changed(what="ticket", id="", by=actor.word), by=actor.word)
    pokes.poke("outbox")


def _unworked(row: Connection, confirmed: bool) -> None:
    live = Run.objects.filter(ticket__connection=row, phase__in=OPEN_PHASES).exclude(desired="pause")
    keys = list(live.order_by("ticket__key").values_list("ticket__key", flat=True))
    if keys and not confirmed:
        named = ", ".join(keys[:3]) + (" and others" if len(keys) > 3 else "")
        raise Refused(
            f"Runs work on its tickets: {named}. They would go on, but nothing more would be heard from the tracker or told "
            "to it.", reason="in_use", remedy="Pause or end them first, or confirm it.",
        )  # fmt: skip


def _emptied(row: Connection) -> int:
    """In the caller's transaction. Returns how many tickets stay."""
    for model in (Watch, SignIn, Delivery, LinkCode, TrackerAccount):
        model.objects.filter(connection=row).delete()
    tickets = Ticket.objects.filter(connection=row)
    keys = [
        f"{kind}:{id}" for id in tickets.values_list("id", flat=True) for kind in ("tracker", "tracker-status", "files")
    ]
    Outbox.objects.filter(key__in=keys, state__in=["waiting", "stuck"]).update(
        state="dropped", why="Its tracker was removed.", done_at=now(), lease_until=None
    )
    for waiting in (Wish, News):
        waiting.objects.filter(ticket__connection=row, state="waiting").update(state="refused", note=GONE)
    worked = Exists(Run.objects.filter(ticket=OuterRef("id"))) | Exists(Breakdown.objects.filter(ticket=OuterRef("id")))
    tickets.filter(~worked).delete()
    kept = tickets.update(note=GONE)
    if not kept:
        row.delete()
        return 0
    row.kind, row.secret, row.key_id, row.base_url = "removed", b"", "", ""
    row.name = f"{row.name[:40]} (removed {str(row.id)[-12:]})"
    row.options = {"flavour": row.options.get("flavour", "cloud")}
    row.price_version += 1
    row.save()
    return kept
