"""What stands between a database and a dashboard, in one process: importing Django once instead of three times."""

import json
from io import StringIO
from typing import Any
from uuid import UUID

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from quarterdeck.flow import jira_demo, owner_token
from quarterdeck.record.models import Connection


class Command(BaseCommand):
    help = (
        "Bring the record up to date, load the sample project, and print what a start has to tell (one line of JSON)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--jira", default="", help="the address of the demonstration's Jira")
        parser.add_argument("--jira-connection", default="", help="the id that its connection gets")

    def handle(self, *args: Any, **options: Any) -> None:
        # What these commands say goes to the log; standard output carries our one line alone.
        call_command("migrate", interactive=False, verbosity=1, stdout=self.stderr)
        call_command("load_sample", stdout=self.stderr)
        if options["jira"]:
            jira_demo.load(options["jira"], UUID(options["jira_connection"]))
        link = StringIO()
        call_command("owner_link", stdout=link)
        if not owner_token.path().exists():
            owner_token.renew()
        models = Connection.objects.filter(kind="model").exclude(protocol="rehearsal").exists()
        self.stdout.write(json.dumps({"link": link.getvalue().strip(), "models": models}))
