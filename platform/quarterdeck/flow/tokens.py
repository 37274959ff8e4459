"""The tokens of a signed-in tracker, sealed at rest: one row for all processes, and one of them renews."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction

from quarterdeck.errors import GaveUp
from quarterdeck.outside.tracker.jira.config import Tokens
from quarterdeck.record import keys
from quarterdeck.record.models import SignIn


class StoredTokens:
    """The tokens of one connection, for all processes: a refresh token serves once, so one of them renews and the rest wait."""

    def __init__(self, connection: UUID) -> None:
        self._connection = connection

    def load(self) -> Tokens:
        """Raises GaveUp: bad_key (never signed in), key_missing."""
        return _opened(SignIn.objects.filter(connection=self._connection).first())

    def renew(self, old: Tokens, ask: Callable[[Tokens], Tokens]) -> Tokens:
        """Who dies between the answer and the commit asks again with the old one: Atlassian takes it for some minutes more."""
        with transaction.atomic():
            row = SignIn.objects.select_for_update().filter(connection=self._connection).first()
            held = _opened(row)
            if held != old:
                return held
            new = ask(held)
            keep(self._connection, new)
        return new


def keep(connection: UUID, tokens: Tokens) -> None:
    told = {"access": tokens.access, "refresh": tokens.refresh, "until": tokens.until}
    secret, key_id = keys.seal(json.dumps(told))
    SignIn.objects.update_or_create(connection_id=connection, defaults={"secret": secret, "key_id": key_id})


def _opened(row: SignIn | None) -> Tokens:
    if row is None:
        raise GaveUp("Nobody signed in to this Jira.", reason="bad_key", remedy="Sign in under Settings, Trackers.")
    told: dict[str, Any] = json.loads(keys.open_secret(bytes(row.secret), row.key_id))
    return Tokens(told["access"], told["refresh"], float(told["until"]))
