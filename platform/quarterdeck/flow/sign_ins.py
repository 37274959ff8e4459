"""Signing in to a tracker (OAuth 2.0): the owner agrees once in the browser, then the tokens renew themselves, sealed at rest."""

import secrets as random
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from deckwire.tokens import digest
from quarterdeck.errors import Refused
from quarterdeck.flow import connected, hooks, pokes, tokens, trackers
from quarterdeck.flow.actor import Actor
from quarterdeck.outside import plugs
from quarterdeck.outside.tracker.jira import oauth
from quarterdeck.outside.tracker.jira.config import Config
from quarterdeck.record.models import Connection, LinkCode, Person, SignIn

LIVES = timedelta(minutes=10)
MOST_SITES = 50


def begin(person: Person, id: UUID, redirect: str) -> str:
    """Where the owner's browser goes to agree. What comes back in ten minutes brings the same state, and the same person."""
    row = _client(id)
    state = random.token_urlsafe(32)
    LinkCode.objects.create(connection=row, person=person, digest=_mark(state), expires_at=Now() + LIVES)
    return oauth.authorize_url(config(row), state, redirect)


def finish(person: Person, actor: Actor, state: str, code: str, redirect: str) -> Connection:
    """Takes what came back. Raises Refused: bad_state (403), bad_key, no_site; TryLater."""
    row = _claimed(person, state)
    if not code:
        raise Refused("Nobody agreed at Atlassian.", reason="declined", remedy="Sign in again in the settings.")
    with plugs.web() as web:
        made = oauth.redeem(config(row), code, redirect, web)
        sites = [{"id": id, "name": name, "url": url} for id, name, url in oauth.sites(config(row), made, web)]
    if not sites:
        raise Refused("No Jira was opened to us.", reason="no_site", remedy="Sign in again and choose a site.")
    with transaction.atomic():
        tokens.keep(row.id, made)
        held = Connection.objects.select_for_update().get(id=row.id)
        held.options = {**held.options, "sites": sites[:MOST_SITES]}
        _settle(held, _fitting(held, sites))
        connected.note(actor, held.id, "tracker signed in", name=held.name)
    return held


def choose(actor: Actor, id: UUID, site: str) -> Connection:
    """One of the sites that were opened to us. Raises Refused(no_site)."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().filter(id=id, kind="tracker").first()
        found = next((one for one in (row.options.get("sites", []) if row else []) if one["id"] == site), None)
        if row is None or found is None:
            raise Refused("This site was not opened to us.", reason="no_site", remedy="Sign in again and choose it.")
        _settle(row, found)
        connected.note(actor, row.id, "tracker site chosen", name=row.name)
    return row


def leave(actor: Actor, id: UUID) -> Connection:
    """Takes our webhooks back as far as the tracker answers, and forgets the tokens."""
    row = _client(id)
    hooks.take_back(row)
    with transaction.atomic():
        held = Connection.objects.select_for_update().get(id=row.id)
        SignIn.objects.filter(connection=held).delete()
        held.options = {k: v for k, v in held.options.items() if k not in ("sites", "cloud_id") and k[:7] != "account"}
        held.price_version += 1
        held.save(update_fields=["options", "price_version"])
        connected.note(actor, held.id, "tracker signed out", name=held.name)
    return held


def config(row: Connection) -> Config:
    return Config("cloud", row.base_url or "https://", client_id=row.options.get("client_id", ""),
                  client_secret=trackers.secrets(row).get("client_secret", ""), cloud_id=row.options.get("cloud_id", ""),
                  gateway=settings.ATLASSIAN_GATEWAY, login=settings.ATLASSIAN_LOGIN)  # fmt: skip


def _client(id: UUID) -> Connection:
    row = connected.one("tracker", id)
    if not row.options.get("client_id"):
        raise Refused(
            "It has no client of OAuth 2.0.", reason="no_client", remedy="Enter the client's id and secret first."
        )
    return row


def _claimed(person: Person, state: str) -> Connection:
    """The state serves once, and only the person who began."""
    with transaction.atomic():
        rows = LinkCode.objects.select_for_update(of=("self",)).select_related("connection")
        found = rows.filter(digest=_mark(state), person=person, used_at__isnull=True, expires_at__gt=Now()).first()
        if found is None:
            raise Refused("This answer belongs to no sign-in of yours that is still open.", reason="bad_state", status=403,
                          remedy="Begin again in the settings.")  # fmt: skip
        LinkCode.objects.filter(id=found.id).update(used_at=Now())
    return found.connection


def _fitting(row: Connection, sites: list[dict[str, str]]) -> dict[str, str] | None:
    """The only one, or the one whose address was entered; else the owner chooses."""
    if len(sites) == 1:
        return sites[0]
    wanted = (row.options.get("cloud_id", ""), row.base_url)
    return next((one for one in sites if one["id"] == wanted[0] or one["url"].rstrip("/") == wanted[1]), None)


def _settle(row: Connection, site: dict[str, str] | None) -> None:
    """In the caller's transaction. Another site is another account: who we are is asked for anew."""
    if site is not None:
        kept = {k: v for k, v in row.options.items() if not k.startswith("account")}
        row.options, row.base_url = {**kept, "cloud_id": site["id"]}, site["url"].rstrip("/")
    row.price_version += 1
    row.save(update_fields=["options", "base_url", "price_version"])
    SignIn.objects.filter(connection=row).update(hooks_due=Now(), hooks_note="")
    pokes.poke("hooks")


def _mark(state: str) -> str:
    """No code that a comment can hold: those are digests of other words."""
    return digest(f"oauth:{state}")
