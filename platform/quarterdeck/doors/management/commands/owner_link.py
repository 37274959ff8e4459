"""The owner's first way in."""

from typing import Any

from django.core.management.base import BaseCommand

from quarterdeck.flow import people


class Command(BaseCommand):
    help = "Prints the path of the owner's one-time link, good for 24 hours; nothing when an owner has a password."

    def handle(self, *args: Any, **options: Any) -> None:
        path = people.owner_link()
        if path:
            self.stdout.write(path)
