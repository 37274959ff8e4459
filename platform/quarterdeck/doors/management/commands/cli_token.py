"""The owner's token for the commands on this machine, made anew."""

from typing import Any

from django.core.management.base import BaseCommand

from quarterdeck.flow import owner_token


class Command(BaseCommand):
    help = "Writes a fresh API token of the owner to <data>/keys/cli.token (mode 0600) and withdraws the one before."

    def handle(self, *args: Any, **options: Any) -> None:
        made = owner_token.renew()
        if made is None:
            self.stderr.write("There is no owner yet: open the owner's link first (manage.py owner_link).")
            raise SystemExit(1)
        self.stdout.write(str(made))
