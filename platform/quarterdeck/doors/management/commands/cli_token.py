"""The owner's token for the commands on this machine, in a file that only its user can read."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from quarterdeck.flow import actor, people
from quarterdeck.record.models import Person

NAME = "commands on this machine"
DAYS = 366


class Command(BaseCommand):
    help = "Writes a fresh API token of the owner to <data>/keys/cli.token (mode 0600) and withdraws the one before."

    def handle(self, *args: Any, **options: Any) -> None:
        owner = Person.objects.filter(is_superuser=True, is_active=True).order_by("date_joined").first()
        if owner is None or not owner.has_usable_password():
            self.stderr.write("There is no owner yet: open the owner's link first (manage.py owner_link).")
            raise SystemExit(1)
        who = actor.person(owner)
        for old in owner.api_tokens.filter(name=NAME):
            people.withdraw_token(who, old.id)
        _, secret = people.new_token(who, name=NAME, days=DAYS)
        settings.KEYS_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = settings.KEYS_DIR / "cli.token"
        draft = path.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secret)
        draft.replace(path)
        self.stdout.write(str(path))
