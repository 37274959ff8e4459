"""A project that watches the demonstration's Jira over HTTP."""

import json

from quarterdeck.outside.tracker.jira.demo import server
from quarterdeck.outside.tracker.jira.demo.server import Demo
from quarterdeck.record import keys
from quarterdeck.record.models import Connection, Project, Watch


def watched(project: Project, demo: Demo, **fields: object) -> Watch:
    """Of its space LARK, signed in with a token."""
    secret, key_id = keys.seal(json.dumps({"token": server.TOKEN, "hooks": []}))
    row = Connection.objects.create(
        kind="tracker", name="Jira", protocol="jira", base_url=demo.url, secret=secret, key_id=key_id,
        options={"flavour": "cloud", "email": server.EMAIL},
    )  # fmt: skip
    return Watch.objects.create(project=project, connection=row, spaces=["LARK"], **fields)
