"""Model endpoints: entered, priced, tested. The key goes in once, is sealed at rest and never comes out again."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from deckwire.events import Changed
from quarterdeck.errors import GaveUp, Refused
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.text import bounded
from quarterdeck.record import audit, keys, ledger
from quarterdeck.record.models import Connection, Project

MOST_MODELS = 100
SECONDS = 8.0


def create(
    actor: Actor, *, name: str, protocol: str, base_url: str, key: str = "", models: list[dict[str, Any]]
) -> Connection:
    """`models`: {name, in_micro, out_micro, context}. Raises Refused: name_taken (409), malformed (422)."""
    fields = {"name": bounded("The name", name, 80, least=1), "base_url": _address(base_url), "offers": _offers(models)}
    return _kept(actor, Connection(kind="model", protocol=protocol, **fields, **_sealed(key)), "added")


def edit(actor: Actor, id: UUID, **fields: Any) -> Connection:
    """Takes name, base_url, key, models. What is None stays; an empty key takes the stored one away."""
    given = {name: value for name, value in fields.items() if value is not None}
    with transaction.atomic():
        row = _hold(id)
        if "name" in given:
            row.name = bounded("The name", given["name"], 80, least=1)
        if "base_url" in given:
            row.base_url = _address(given["base_url"])
            row.test_facts = []  # what was true of another address says nothing about this one
        if "models" in given:
            row.offers, row.price_version = _offers(given["models"]), row.price_version + 1
        for field, value in (_sealed(given["key"]) if "key" in given else {}).items():
            setattr(row, field, value)
        return _kept(actor, row, "edited", fields=sorted(given))


def remove(actor: Actor, id: UUID) -> None:
    """Raises Refused(in_use) while a project's route leads here."""
    with transaction.atomic():
        row = _hold(id)
        users = [one.name for one in Project.objects.all() if _leads_to(one, id)]
        if users:
            raise Refused(
                f"{', '.join(users[:3])} route work to it.", reason="in_use", remedy="Change their routes first."
            )
        row.delete()
        _note(actor, id, "removed", name=row.name)


def test(actor: Actor, id: UUID) -> list[tuple[str, bool, str]]:
    """Asks the endpoint for its models: (fact, ok, remedy). What it says is kept beside the connection."""
    row = Connection.objects.filter(id=id, kind="model").first()
    if row is None:
        raise Refused("There is no such connection.", reason="no_such_connection", status=404)
    facts = [("The rehearsal model is part of Quarterdeck.", True, "")] if row.protocol == "rehearsal" else _try(row)
    kept = [{"label": label, "ok": ok, "remedy": remedy} for label, ok, remedy in facts]
    with transaction.atomic():
        Connection.objects.filter(id=id).update(tested_at=Now(), test_facts=kept)
        _note(actor, id, "tested", ok=all(ok for _, ok, _ in facts))
    return facts


def _try(row: Connection) -> list[tuple[str, bool, str]]:
    prices = [one["name"] for one in row.offers if one.get("in_micro") is None or one.get("out_micro") is None]
    facts = [
        (
            "Every model has a price.",
            not prices,
            f"Enter one for {', '.join(prices[:3])}; 0 is allowed." if prices else "",
        )
    ]
    try:
        headers = _headers(row)
    except GaveUp as no:
        return [("The stored key can be read.", False, no.remedy), *facts]
    try:
        with httpx.Client(timeout=SECONDS, follow_redirects=False) as client:
            answer = client.get(f"{row.base_url.rstrip('/')}/models", headers=headers)
    except httpx.HTTPError as no:
        return [("The address answers.", False, f"{type(no).__name__}: check the address and the network."), *facts]
    good = answer.status_code == 200
    why = "The key was refused." if answer.status_code in {401, 403} else f"It said {answer.status_code}."
    return [
        ("The address answers.", True, ""),
        ("It lists its models for this key.", good, "" if good else why),
        *facts,
    ]


def _headers(row: Connection) -> dict[str, str]:
    key = keys.open_secret(bytes(row.secret), row.key_id)
    if row.protocol == "anthropic":
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}
    return {"Authorization": f"Bearer {key}"} if key else {}


def _kept(actor: Actor, row: Connection, verb: str, **body: Any) -> Connection:
    try:
        with transaction.atomic():
            row.save()
            _note(actor, row.id, verb, name=row.name, **body)
    except IntegrityError as taken:
        raise Refused(f"There is a connection named {row.name} already.", reason="name_taken") from taken
    return row


def _hold(id: UUID) -> Connection:
    row = Connection.objects.select_for_update().filter(id=id, kind="model").first()
    if row is None:
        raise Refused("There is no such connection.", reason="no_such_connection", status=404)
    if row.protocol == "rehearsal":
        raise Refused("The rehearsal model is part of Quarterdeck.", reason="not_ours")
    return row


def _address(url: str) -> str:
    url = bounded("The address", url, 500, least=1)
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        raise Refused("A base address looks like https://api.example.com/v1.", reason="malformed", status=422)
    return url.rstrip("/")


def _offers(models: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = [bounded("A model's name", one["name"], 120, least=1) for one in models]
    if len(names) > MOST_MODELS or len(set(names)) != len(names):
        raise Refused(f"Name each model once, {MOST_MODELS} at the most.", reason="malformed", status=422)
    if any((one.get(price) or 0) < 0 for one in models for price in ("in_micro", "out_micro")):
        raise Refused("A price is 0 or more.", reason="malformed", status=422)
    return [{**one, "name": name} for one, name in zip(models, names, strict=True)]


def _sealed(key: str) -> dict[str, Any]:
    if not key:
        return {"secret": b"", "key_id": ""}
    secret, key_id = keys.seal(bounded("The key", key, 4_000))
    return {"secret": secret, "key_id": key_id}


def _leads_to(project: Project, id: UUID) -> bool:
    return any(route.get("connection") == str(id) for route in project.routes.values())


def _note(actor: Actor, id: UUID, verb: str, **body: Any) -> None:
    audit.write(actor.word, f"connection {verb}", f"connection:{id}", **body)
    ledger.note("site", Changed(what="connection", id=str(id), by=actor.word), by=actor.word)
