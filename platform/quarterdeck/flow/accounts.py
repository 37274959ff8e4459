"""Who somebody in a tracker is. Linked by a code that only that account can have written into a comment; never by e-mail."""

import re
import secrets
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from deckwire.events import Changed
from deckwire.tokens import digest
from quarterdeck.errors import Refused
from quarterdeck.flow import connected
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.tracker.port import Comment
from quarterdeck.record import audit, ledger
from quarterdeck.record.models import Connection, LinkCode, Member, Person, Role, TrackerAccount

LIVES = timedelta(minutes=30)
CODE = re.compile(r"\bqd-link-([A-Za-z0-9]{20,40})\b")


def code(person: Person, connection: Connection) -> str:
    """What the person writes into a comment of any watched ticket within half an hour. Shown once."""
    secret = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789") for _ in range(24))
    LinkCode.objects.create(connection=connection, person=person, digest=digest(secret), expires_at=Now() + LIVES)
    return f"qd-link-{secret}"


def claims(connection: Connection, comment: Comment) -> bool:
    """Links who wrote a code that stands. True when the comment held one: it is for us and for no run."""
    found = CODE.search(comment.body)
    if not found or not comment.author_id:
        return False
    row = (
        LinkCode.objects.select_for_update()
        .filter(digest=digest(found[1]), connection=connection, used_at__isnull=True, expires_at__gt=Now())
        .first()
    )
    if row is None or comment.edited is not None:
        return True
    LinkCode.objects.filter(id=row.id).update(used_at=Now())
    TrackerAccount.objects.update_or_create(
        connection=connection, account=comment.author_id,
        defaults={"person": row.person, "name": comment.author[:120], "linked_at": Now()},
    )  # fmt: skip
    audit.write(f"tracker:{comment.author_id}", "account linked", f"person:{row.person_id}", name=comment.author[:120])
    ledger.note("site", Changed(what="connection", id=str(connection.id)), by=f"tracker:{comment.author_id}")
    return True


def actor(connection: Connection, account: str, name: str) -> Actor:
    """As decisions name them: the tracker's user, and the person where one is linked."""
    row = TrackerAccount.objects.filter(connection=connection, account=account).select_related("person").first()
    return Actor("tracker", account[:100], name or (row.name if row else "") or account, row.person if row else None)


def may(connection: Connection, account: str, project: UUID) -> bool:
    """May this account start and steer runs of the project? A linked supervisor may, and who was allowed by name."""
    row = TrackerAccount.objects.filter(connection=connection, account=account).select_related("person").first()
    if row is None:
        return False
    return row.allowed or (row.person is not None and supervises(row.person, project))


def supervises(person: Person, project: UUID) -> bool:
    roles = [Role.SUPERVISOR, Role.ADMIN]
    return person.is_active and (
        person.is_superuser or Member.objects.filter(project=project, person=person, role__in=roles).exists()
    )


def seen(connection: Connection, account: str, name: str) -> None:
    """Somebody who wanted something: shown in the settings, so that they can be allowed."""
    TrackerAccount.objects.get_or_create(connection=connection, account=account[:120], defaults={"name": name[:120]})


def allow(by: Actor, connection: Connection, account: UUID, allowed: bool) -> TrackerAccount:
    """Raises Refused(no_such_account), 404."""
    with transaction.atomic():
        row = TrackerAccount.objects.select_for_update().filter(id=account, connection=connection).first()
        if row is None:
            raise Refused("There is no such account.", reason="no_such_account", status=404)
        row.allowed = allowed
        row.save(update_fields=["allowed"])
        verb = "account allowed" if allowed else "account not allowed"
        connected.note(by, connection.id, verb, account=row.account)
    return row


def unlink(by: Actor, connection: Connection, account: UUID) -> None:
    with transaction.atomic():
        TrackerAccount.objects.filter(id=account, connection=connection).update(person=None, linked_at=None)
        audit.write(by.word, "account unlinked", f"connection:{connection.id}", account=str(account))
