"""The API's description, as clients and fuzzers read it."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from quarterdeck.doors.api.app import api


class Command(BaseCommand):
    help = "Prints the OpenAPI description of the dashboard's API as JSON."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(api.get_openapi_schema(), indent=2, ensure_ascii=False))
