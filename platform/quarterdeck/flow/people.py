"""How people come in and what they hold: one-time links, passwords, API tokens. Only digests are kept of secrets."""

import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from deckwire.events import Changed
from deckwire.tokens import digest
from quarterdeck.errors import Refused
from quarterdeck.flow import projects
from quarterdeck.flow.actor import Actor, person
from quarterdeck.flow.text import bounded
from quarterdeck.record import audit, ledger
from quarterdeck.record.models import ApiToken, LoginLink, Person

LINK_LIFE = timedelta(hours=24)
TOKEN_PREFIX = "qdu_"
MOST_DAYS, MOST_TOKENS = 366, 50
USERNAME = re.compile(r"[\w.@+-]{2,60}")


def invite(actor: Actor, *, name: str, email: str, roles: Mapping[UUID, str] | None = None) -> tuple[Person, str]:
    """A person without a password, and the path of the one-time link. `roles` (project → role) hold from the first
    sign-in. Raises Refused: malformed (422), known (409), no_such_project (404)."""
    name, email = bounded("The name", name, 120, least=1), bounded("The e-mail address", email, 200, least=3)
    try:
        validate_email(email)
    except ValidationError as bad:
        raise Refused("This is no e-mail address.", reason="malformed", status=422) from bad
    with transaction.atomic():
        one = Person.objects.filter(email__iexact=email).first()
        if one is not None and one.has_usable_password():
            raise Refused(f"{one} is here already.", reason="known", remedy="Give the person a role in a project.")
        if one is None:
            one = Person(username=f"invited-{secrets.token_hex(6)}", name=name, email=email)
            one.set_unusable_password()
            one.save()
        for project, role in (roles or {}).items():
            projects.set_member(actor, project, one.id, role)
        path = _link(one)
        audit.write(actor.word, "invited", f"person:{one.id}", email=email)
        _tell(actor.word, one.id)
    return one, path


def owner_link() -> str | None:
    """The path where the owner sets name and password; None when an owner with a password exists. Older links die."""
    with transaction.atomic():
        owner = Person.objects.select_for_update().filter(is_superuser=True).order_by("date_joined").first()
        if owner is not None and owner.has_usable_password():
            return None
        if owner is None:
            owner = Person(username="owner", name="", is_superuser=True)
            owner.set_unusable_password()
            owner.save()
        path = _link(owner)
        audit.write("rule:first run", "owner link made", f"person:{owner.id}")
    return path


def look_up(token: str) -> LoginLink | None:
    """The link this token opens, if it is good: unused, in time, of an active person."""
    rows = LoginLink.objects.filter(
        digest=digest(token), used_at__isnull=True, expires_at__gt=Now(), person__is_active=True
    )
    return rows.select_related("person").first()


def redeem(token: str, *, name: str, username: str, password: str) -> Person:
    """Once. Raises Refused: bad_link (404), malformed (422), taken (409); the link stays good after those."""
    name = bounded("The name", name, 120, least=1)
    if not USERNAME.fullmatch(username):
        raise Refused("A user name is 2 to 60 letters, digits and . @ + - _", reason="malformed", status=422)
    with transaction.atomic():
        link = LoginLink.objects.select_for_update().filter(digest=digest(token)).first()
        if link is None or look_up(token) is None:
            raise Refused("This link was used already, or its 24 hours are over.", reason="bad_link", status=404,
                          remedy="Ask for a new one.")  # fmt: skip
        one = link.person
        one.name, one.username = name, username
        _set_password(one, password)
        if Person.objects.filter(username__iexact=username).exclude(id=one.id).exists():
            raise Refused("This user name is taken.", reason="taken")
        _save(one)
        LoginLink.objects.filter(person=one, used_at__isnull=True).update(used_at=Now())
        audit.write(person(one).word, "came in by link", f"person:{one.id}")
        _tell(person(one).word, one.id)
    return one


def new_token(actor: Actor, *, name: str, days: int) -> tuple[ApiToken, str]:
    """The token is shown this once. Raises Refused(malformed), 422; Refused(too_many), 409."""
    name = bounded("The name", name, 80, least=1)
    if not 1 <= days <= MOST_DAYS:
        raise Refused(f"A token lives 1 to {MOST_DAYS} days.", reason="malformed", status=422)
    assert actor.person is not None
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        if ApiToken.objects.filter(person=actor.person, expires_at__gt=Now()).count() >= MOST_TOKENS:
            raise Refused(f"{MOST_TOKENS} tokens are the most.", reason="too_many", remedy="Withdraw one first.")
        row = ApiToken.objects.create(
            person=actor.person, name=name, digest=digest(secret), expires_at=Now() + timedelta(days=days)
        )
        audit.write(actor.word, "token made", f"token:{row.id}", name=name, days=days)
    row.refresh_from_db()
    return row, secret


def withdraw_token(actor: Actor, id: UUID) -> None:
    """Works at once. Raises Refused 404 for somebody else's."""
    with transaction.atomic():
        gone, _ = ApiToken.objects.filter(id=id, person=actor.person).delete()
        if not gone:
            raise Refused("There is no such token.", reason="not_found", status=404)
        audit.write(actor.word, "token withdrawn", f"token:{id}")


def _link(one: Person) -> str:
    """Only the newest link of a person is good."""
    token = secrets.token_urlsafe(32)
    LoginLink.objects.filter(person=one, used_at__isnull=True).update(used_at=Now())
    LoginLink.objects.create(person=one, digest=digest(token), expires_at=Now() + LINK_LIFE)
    return f"/welcome/{token}"


def _set_password(one: Person, password: str) -> None:
    try:
        validate_password(password, one)
    except ValidationError as weak:
        raise Refused(" ".join(weak.messages), reason="malformed", status=422) from weak
    one.set_password(password)


def _save(one: Person) -> None:
    try:
        with transaction.atomic():
            one.save()
    except IntegrityError as taken:
        raise Refused("This user name is taken.", reason="taken") from taken


def _tell(by: str, id: UUID) -> None:
    ledger.note("site", Changed(what="member", id=str(id), by=by), by=by)
