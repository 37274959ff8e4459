"""Which tracker a ticket came from: the board of our own, or a connected one behind the same port."""

import json
from typing import Any

from django.conf import settings
from django.db import transaction

from quarterdeck.errors import Refused
from quarterdeck.flow import board, tokens
from quarterdeck.outside import plugs
from quarterdeck.outside.tracker.jira.config import WANTED
from quarterdeck.outside.tracker.port import WRITES, Person, Tracker
from quarterdeck.record import keys
from quarterdeck.record.models import Connection, Ticket, Watch


def of(ticket: Ticket) -> Tracker:
    if ticket.connection is not None:
        return at(ticket.connection)
    if ticket.tracker == "board":
        return board.tracker()
    raise Refused(f"No tracker named {ticket.tracker!r} is connected.", reason="no_such_tracker")


def at(connection: Connection) -> Tracker:
    """The client of a connection, made anew when its settings change. Raises GaveUp(key_missing), Refused: malformed, removed."""
    if connection.kind != "tracker":
        raise Refused("Its tracker was removed.", reason="removed", remedy="Connect it again: its tickets come anew.")
    return plugs.tracker(f"{connection.id}:{connection.price_version}", lambda: _connect(connection))


def secrets(connection: Connection) -> dict[str, Any]:
    """{token, hooks: [newest, one before], client_secret}. Raises GaveUp(key_missing)."""
    text = keys.open_secret(bytes(connection.secret), connection.key_id)
    return dict(json.loads(text)) if text else {}


def me(connection: Connection) -> Person:
    """Our account there, asked for once: what it does never triggers."""
    known = connection.options
    if known.get("account"):
        return Person(known["account"], known.get("account_name", ""))
    found = at(connection).me()
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(id=connection.id)
        row.options = {**row.options, "account": found.id, "account_name": found.name}
        row.save(update_fields=["options"])
    connection.options = row.options
    return found


def watch_of(ticket: Ticket) -> Watch | None:
    """None for the board's own, and for a ticket whose project no longer watches its tracker."""
    if ticket.connection_id is None:
        return None
    return Watch.objects.filter(project=ticket.project_id, connection=ticket.connection_id).first()


def fields_of(connection: Connection) -> tuple[str, ...]:
    """Custom fields that its tickets bring along: the usual ones, and those by which projects name their repositories."""
    named = [
        one.get("field", "") for one in Watch.objects.filter(connection=connection).values_list("rules", flat=True)
    ]
    return tuple(dict.fromkeys([*WANTED, *sorted(one for one in named if one)]))


def _connect(connection: Connection) -> Tracker:
    kept, options = secrets(connection), connection.options
    wanted = fields_of(connection)
    if options.get("client_id"):
        if not options.get("cloud_id"):
            raise Refused("Nobody signed in to this Jira, or chose one of its sites.", reason="bad_key", status=401,
                          remedy="Sign in under Settings, Trackers.")  # fmt: skip
        return plugs.jira(
            tokens.StoredTokens(connection.id), flavour="cloud", base_url=connection.base_url, allowed=WRITES, wanted=wanted,
            client_id=options["client_id"], client_secret=kept.get("client_secret", ""), cloud_id=options["cloud_id"],
            gateway=settings.ATLASSIAN_GATEWAY, login=settings.ATLASSIAN_LOGIN,
        )  # fmt: skip
    return plugs.jira(
        flavour=options.get("flavour", "cloud"), base_url=connection.base_url, email=options.get("email", ""),
        token=kept.get("token", ""), allowed=WRITES, wanted=wanted,
    )  # fmt: skip
