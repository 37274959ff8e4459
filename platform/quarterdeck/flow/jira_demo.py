"""A project that watches the demonstration's Jira: its connection, its watch, and the one person there who may start runs."""

import json
from uuid import UUID

from django.db import transaction

from quarterdeck.flow import sample
from quarterdeck.outside.tracker.jira.demo import server, site
from quarterdeck.record import keys
from quarterdeck.record.models import Connection, Project, Repository, TrackerAccount, Watch
from quarterdeck.sample import tickets

SLUG, NAME, KEY = "larkfield-jira", "Larkfield in Jira", "LARKD"
"""KEY: of tickets that somebody writes on its own board. Those in the Jira begin as the sample's settings say."""


def load(url: str, connection: UUID) -> Project:
    """Repeatable. The address may differ from the last time; all else stays as people have changed it."""
    shop, space = sample.load(), str(tickets.project()["jira_key"])
    secret, key_id = keys.seal(json.dumps({"token": server.TOKEN, "hooks": [server.SECRET]}))
    with transaction.atomic():
        fields = {"kind": "tracker", "name": "Jira (demonstration)", "protocol": "jira", "base_url": url, "secret": secret,
                  "key_id": key_id, "options": {"flavour": "cloud", "email": server.EMAIL}}  # fmt: skip
        row, made = Connection.objects.get_or_create(id=connection, defaults=fields)
        if row.kind == "removed":  # asked for again by whoever starts it with JIRA=demo
            row, made = Connection.objects.update_or_create(id=connection, defaults=fields)
        if not made and row.base_url != url:
            row.base_url, row.price_version = url, row.price_version + 1
            row.save(update_fields=["base_url", "price_version"])
        project, _ = Project.objects.get_or_create(
            slug=SLUG,
            defaults={
                "name": NAME,
                "key": KEY,
                "places": shop.places,
                "cap_micro": shop.cap_micro,
                "dials": shop.dials,
            },
        )
        _same_repository(shop, project)
        watch, _ = Watch.objects.get_or_create(project=project, defaults={"connection": row, "spaces": [space]})
        if watch.spaces == [shop.key]:  # as an earlier version named them, like the board's own
            Watch.objects.filter(id=watch.id).update(spaces=[space])
        TrackerAccount.objects.get_or_create(
            connection=row, account=site.IDA, defaults={"name": "Ida Larkfield", "allowed": True}
        )
    return project


def _same_repository(shop: Project, project: Project) -> None:
    if project.repositories.exists():
        return
    for one in shop.repositories.all():
        Repository.objects.create(
            project=project,
            url=one.url,
            branch=one.branch,
            forge=one.forge,
            setup=one.setup,
            test=one.test,
            report=one.report,
        )
