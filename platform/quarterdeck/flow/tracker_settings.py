"""Trackers as they are set up: connected, tested, watched. The token goes in once, is sealed at rest and never comes out."""

import json
import secrets as random
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import connected, pokes, stages, trackers, which
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.text import bounded
from quarterdeck.record import keys
from quarterdeck.record.models import Connection, Project, SignIn, Watch

MOST_SPACES, MOST_WORDS, MOST_RULES = 50, 30, 200
LIKE = "https://example.atlassian.net"


def connect(
    actor: Actor, *, name: str, flavour: str, base_url: str = "", email: str = "", token: str = "", client_id: str = "",
    client_secret: str = "",
) -> Connection:  # fmt: skip
    """With a token, or with a client of OAuth 2.0 that a person signs in to. Raises Refused: name_taken (409), malformed (422)."""
    client = bounded("The client's id", client_id, 200)
    if client and flavour != "cloud":
        raise Refused("Jira Data Center takes a personal access token.", reason="malformed", status=422)
    row = Connection(kind="tracker", protocol="jira", name=bounded("The name", name, 80, least=1))
    row.base_url = connected.address(base_url, LIKE) if base_url or not client else ""
    row.options = {"flavour": flavour, "email": bounded("The e-mail", email, 200)}
    if client:
        row.options["client_id"] = client
        _seal(row, {"client_secret": bounded("The client's secret", client_secret, 4_000, least=1), "hooks": []})
    else:
        _seal(row, {"token": bounded("The token", token, 4_000, least=1), "hooks": []})
    return connected.keep(actor, row, "tracker added")


def edit(actor: Actor, id: UUID, **fields: Any) -> Connection:
    """Takes name, base_url, email, token, client_id, client_secret. What is None stays. Open clients are made anew.

    Raises Refused(token_needed), 422, for another host without its token.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    with transaction.atomic():
        row = connected.one("tracker", id, held=True)
        if "name" in given:
            row.name = bounded("The name", given["name"], 80, least=1)
        if "base_url" in given:
            stays = bool(trackers.secrets(row).get("token")) and not given.get("token")
            connected.move(row, connected.address(given["base_url"], LIKE), "token", stays=stays)
        if "email" in given:
            row.options = {**row.options, "email": bounded("The e-mail", given["email"], 200)}
        if given.get("token"):
            _seal(row, {**trackers.secrets(row), "token": bounded("The token", given["token"], 4_000)})
        _edit_client(row, given)
        if given.keys() & {"base_url", "email", "token"}:
            row.options = {k: v for k, v in row.options.items() if not k.startswith("account")}
        row.price_version += 1
        return connected.keep(actor, row, "tracker edited", fields=sorted(given))


def _edit_client(row: Connection, given: dict[str, Any]) -> None:
    """Another client knows nothing of the sign-in before."""
    if not row.options.get("client_id"):
        return
    if given.get("client_secret"):
        secret = bounded("The client's secret", given["client_secret"], 4_000)
        _seal(row, {**trackers.secrets(row), "client_secret": secret})
    if given.get("client_id") and given["client_id"] != row.options["client_id"]:
        row.options = {
            "flavour": "cloud",
            "email": "",
            "client_id": bounded("The client's id", given["client_id"], 200),
        }
        SignIn.objects.filter(connection=row).delete()


def test(actor: Actor, id: UUID) -> list[tuple[str, bool, str]]:
    """What works and which right is missing: (fact, ok, remedy)."""
    row = connected.one("tracker", id)
    try:
        facts = trackers.at(row).test()
        trackers.me(row)
    except (Refused, GaveUp) as no:
        facts = [(no.text, False, no.remedy)]
    except TryLater as later:
        facts = [(later.text, False, "Check the address, and that it is up; then test again.")]
    kept = [{"label": label, "ok": ok, "remedy": remedy} for label, ok, remedy in facts]
    Connection.objects.filter(id=id).update(tested_at=Now(), test_facts=kept)
    with transaction.atomic():
        connected.note(actor, id, "tracker tested", ok=all(ok for _, ok, _ in facts))
    return facts


test.__test__ = False  # type: ignore[attr-defined]  # no test of pytest's, for all its name


def new_secret(actor: Actor, id: UUID) -> str:
    """For its webhooks; the one before stays good until the next. Shown once."""
    with transaction.atomic():
        row = connected.one("tracker", id, held=True)
        kept, word = trackers.secrets(row), random.token_urlsafe(32)
        _seal(row, {**kept, "hooks": [word, *kept.get("hooks", [])][:2]})
        connected.keep(actor, row, "tracker webhook secret made")
    return word


def watch(actor: Actor, project_id: UUID, connection: UUID, **fields: Any) -> Watch:
    """Takes spaces, query, triggers, writes, subtasks. What happened in the tracker before it begins triggers nothing.

    Raises Refused: no_such_connection, no_such_project (404), malformed (422), in_use (409).
    """
    with transaction.atomic():
        row = connected.one("tracker", connection, held=True)
        project = Project.objects.select_for_update().filter(id=project_id).first()
        if project is None:
            raise Refused("There is no such project.", reason="no_such_project", status=404)
        values = _checked(row, project, fields)
        before = trackers.fields_of(row)
        made, _ = Watch.objects.update_or_create(
            project=project, defaults=values | {"connection": row, "poll_due": Now()}
        )
        if trackers.fields_of(row) != before:  # open clients are made anew: they bring the field along
            row.price_version += 1
            row.save(update_fields=["price_version"])
        connected.note(
            actor, connection, "tracker watched", project=project.id, key=project.key, spaces=values["spaces"]
        )
        _hooks_due(connection)
    pokes.poke("polls")
    return made


def unwatch(actor: Actor, project_id: UUID) -> None:
    """Its tickets stay as they are; nothing comes in or goes out any more."""
    with transaction.atomic():
        found = Watch.objects.filter(project=project_id).first()
        if found is None:
            raise Refused("This project watches nothing.", reason="no_such_watch", status=404)
        found.delete()
        connected.note(actor, found.connection_id, "tracker unwatched", project=project_id)
        _hooks_due(found.connection_id)


def _hooks_due(connection: UUID) -> None:
    """What Jira shall deliver follows from what is watched."""
    if SignIn.objects.filter(connection=connection).update(hooks_due=Now()):
        pokes.poke("hooks")


def _checked(row: Connection, project: Project, given: dict[str, Any]) -> dict[str, Any]:
    spaces = list(dict.fromkeys(bounded("A project's key", one, 60, least=1) for one in given["spaces"]))
    if not spaces or len(spaces) > MOST_SPACES or any('"' in one or "\\" in one for one in spaces):
        raise Refused(
            f"Name 1 to {MOST_SPACES} of the tracker's projects by their keys.", reason="malformed", status=422
        )
    for other in Watch.objects.filter(connection=row).exclude(project=project).select_related("project"):
        if shared := sorted(set(spaces) & set(other.spaces)):
            raise Refused(f"{other.project.name} watches {shared[0]} already.", reason="in_use")
    triggers, writes = given["triggers"], given["writes"]
    if len(triggers["labels"]) > MOST_WORDS or set(triggers["labels"].values()) - {"plan", "implement"}:
        raise Refused("A label leads to plan or implement.", reason="malformed", status=422)
    label, field = _naming(given.get("repositories", {}))
    return {
        "spaces": spaces, "query": bounded("The query", given["query"], 2000), "triggers": triggers,
        "writes": _writes(writes, triggers),
        "rules": {"subtasks": given["subtasks"], "judge": given.get("judge", True), "label": label, "field": field, **{
            rule: which.by_name(project.id, dict(list(given.get("repositories", {}).get(rule, {}).items())[:MOST_RULES]))
            for rule in ("components", "spaces")
        }},
    }  # fmt: skip


def _naming(given: dict[str, Any]) -> tuple[str, str]:
    """What a label begins with, and the field, by which a ticket names its repository."""
    label = bounded("What a label begins with", given.get("label", which.LABEL), 60)
    if " " in label or "," in label:
        raise Refused("A label is one word.", reason="malformed", status=422)
    return label, bounded("The field's name", given.get("field", which.FIELD), 100)


def _writes(given: dict[str, Any], triggers: dict[str, Any]) -> dict[str, Any]:
    """A label that starts a run is none that we set and take off."""
    labels = {stage: label.strip() for stage, label in given["labels"].items() if label.strip()}
    if set(labels) - set(stages.STAGES) or any(len(one) > 255 or " " in one for one in labels.values()):
        raise Refused("A label is one word, for a stage that there is.", reason="malformed", status=422)
    if shared := sorted(set(labels.values()) & set(triggers["labels"])):
        raise Refused(f"{shared[0]} starts runs: a run cannot set it too.", reason="malformed", status=422)
    fields = list(given["fields"].items())[:20]
    return {
        **{name: given[name] for name in ("status", "comment", "transition", "link", "worklog")},
        "names": {stage: given[stage][:10] for stage in stages.STAGES}, "labels": labels,
        "fields": {bounded("A field's name", name, 100): bounded("A field", value, 500) for name, value in fields},
    }  # fmt: skip


def _seal(row: Connection, kept: dict[str, Any]) -> None:
    row.secret, row.key_id = keys.seal(json.dumps(kept))
