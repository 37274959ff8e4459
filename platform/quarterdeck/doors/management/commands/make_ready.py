"""What stands between a database and a dashboard, in one process: importing Django once instead of three times."""

import json
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from quarterdeck.flow import owner_token
from quarterdeck.record.models import Connection


class Command(BaseCommand):
    help = (
        "Bring the record up to date, load the sample project, and print what a start has to tell (one line of JSON)."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        # What these commands say goes to the log; standard output carries our one line alone.
        call_command("migrate", interactive=False, verbosity=1, stdout=self.stderr)
        call_command("load_sample", stdout=self.stderr)
        link = StringIO()
        call_command("owner_link", stdout=link)
        if not owner_token.path().exists():
            owner_token.renew()
        models = Connection.objects.filter(kind="model").exclude(protocol="rehearsal").exists()
        self.stdout.write(json.dumps({"link": link.getvalue().strip(), "models": models}))
