"""What is so for every connection, a model's or a tracker's: it is there, its name is its own, its secret is for one host."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction

from deckwire.events import Changed
from quarterdeck.errors import Refused
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.text import bounded
from quarterdeck.outside import reach
from quarterdeck.record import audit, ledger
from quarterdeck.record.models import Connection


def one(kind: str, id: UUID, *, held: bool = False) -> Connection:
    """`held`: nobody else changes it until the transaction ends. Raises Refused: no_such_connection (404)."""
    rows = Connection.objects.select_for_update() if held else Connection.objects.all()
    row = rows.filter(id=id, kind=kind).first()
    if row is None:
        raise Refused("There is no such connection.", reason="no_such_connection", status=404)
    return row


def address(url: str, like: str) -> str:
    """Without a slash at its end. Raises Refused: malformed, empty, too_long (422); `like` is an example for the words."""
    url = bounded("The address", url, 500, least=1)
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        raise Refused(f"An address looks like {like}.", reason="malformed", status=422)
    return url.rstrip("/")


def move(row: Connection, address: str, what: str, *, stays: bool) -> None:
    """A secret (`what`: key, token) is for the host that it was entered for: whoever names another one has to know it.

    `stays`: there is one, and nobody entered it now. Raises Refused: key_needed, token_needed (422)."""
    if stays and reach.origin(address) != reach.origin(row.base_url):
        raise Refused(f"Another address gets no {what} that was entered for this one.", reason=f"{what}_needed", status=422,
                      remedy=f"Enter the {what} too.")  # fmt: skip
    row.base_url = address


def keep(actor: Actor, row: Connection, verb: str, **body: Any) -> Connection:
    """Raises Refused: name_taken (409)."""
    try:
        with transaction.atomic():
            row.save()
            note(actor, row.id, verb, name=row.name, **body)
    except IntegrityError as taken:
        raise Refused(f"There is a connection named {row.name} already.", reason="name_taken") from taken
    return row


def note(actor: Actor, id: UUID, verb: str, **body: Any) -> None:
    audit.write(actor.word, verb, f"connection:{id}", **body)
    ledger.note("site", Changed(what="connection", id=str(id), by=actor.word), by=actor.word)
