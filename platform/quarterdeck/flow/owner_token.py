"""The owner's token for commands on this machine: a file that only its user can read. A new one withdraws the one before."""

import os
from pathlib import Path

from django.conf import settings

from quarterdeck.flow import actor, people
from quarterdeck.record.models import Person

NAME = "commands on this machine"
DAYS = 366


def path() -> Path:
    return Path(settings.KEYS_DIR / "cli.token")


def renew() -> Path | None:
    """Writes it (mode 0600, by rename); None while no owner has come in."""
    owner = Person.objects.filter(is_superuser=True, is_active=True).order_by("date_joined").first()
    if owner is None or not owner.has_usable_password():
        return None
    who = actor.person(owner)
    for old in owner.api_tokens.filter(name=NAME):
        people.withdraw_token(who, old.id)
    _, secret = people.new_token(who, name=NAME, days=DAYS)
    settings.KEYS_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path().with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secret)
    return draft.replace(path())
