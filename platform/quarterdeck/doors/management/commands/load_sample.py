"""Loads the sample project; a second time changes nothing."""

from typing import Any

from django.core.management.base import BaseCommand

from quarterdeck.flow import sample


class Command(BaseCommand):
    help = "Loads the sample project with its repository and its eight tickets."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"The sample project {sample.load().name} is there.")
