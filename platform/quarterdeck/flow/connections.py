"""Model endpoints: entered, priced, tested. The key goes in once, is sealed at rest and never comes out again."""

from typing import Any
from uuid import UUID

from django.db import transaction

from quarterdeck.errors import Refused
from quarterdeck.flow import connected, endpoints
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.text import bounded
from quarterdeck.outside.models import images
from quarterdeck.record import keys
from quarterdeck.record.models import OPEN_PHASES, Connection, Project, Run

MOST_MODELS = 100
LIKE = "https://api.example.com/v1"


def create(
    actor: Actor, *, name: str, protocol: str, base_url: str, key: str = "", models: list[dict[str, Any]]
) -> Connection:
    """`models`: {name, in_micro, out_micro, context, images}. Raises Refused: name_taken (409), malformed (422)."""
    fields = {
        "name": bounded("The name", name, 80, least=1),
        "base_url": connected.address(base_url, LIKE),
        "offers": _offers(models, []),
    }
    return connected.keep(
        actor, Connection(kind="model", protocol=protocol, **fields, **_sealed(key)), "connection added"
    )


def edit(actor: Actor, id: UUID, **fields: Any) -> Connection:
    """Takes name, base_url, key, models. What is None stays; an empty key takes the stored one away.

    Raises Refused: key_needed (422) for another host without its key; what `create` raises.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    with transaction.atomic():
        row = _hold(id)
        if "name" in given:
            row.name = bounded("The name", given["name"], 80, least=1)
        if "base_url" in given:
            stays = bool(row.secret) and "key" not in given
            connected.move(row, connected.address(given["base_url"], LIKE), "key", stays=stays)
            row.test_facts = []  # what was true of another address says nothing about this one
        if "models" in given:
            row.offers, row.price_version = _offers(given["models"], row.offers), row.price_version + 1
        for field, value in (_sealed(given["key"]) if "key" in given else {}).items():
            setattr(row, field, value)
        return connected.keep(actor, row, "connection edited", fields=sorted(given))


def remove(actor: Actor, id: UUID) -> None:
    """Raises Refused(in_use) while a project's route leads here."""
    with transaction.atomic():
        row = _hold(id)
        users = [one.name for one in Project.objects.all() if _leads_to(one, id)]
        if not users and _asked_by_runs(id):
            raise Refused("Open runs ask it for their answers.", reason="in_use", remedy="Let them end first.")
        if users:
            raise Refused(
                f"{', '.join(users[:3])} route work to it.", reason="in_use", remedy="Change their routes first."
            )
        row.delete()
        connected.note(actor, id, "connection removed", name=row.name)


def test(actor: Actor, id: UUID) -> list[tuple[str, bool, str]]:
    """One small real call to each model: (fact, ok, remedy). What it says is kept beside the connection."""
    facts = [(one.label, one.ok, one.remedy) for one in endpoints.test(connected.one("model", id))]
    with transaction.atomic():
        connected.note(actor, id, "connection tested", ok=all(ok for _, ok, _ in facts))
    return facts


def _hold(id: UUID) -> Connection:
    row = connected.one("model", id, held=True)
    if row.protocol == "rehearsal":
        raise Refused("The rehearsal model is part of Quarterdeck.", reason="not_ours")
    return row


def _offers(models: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Whether one takes images is as somebody said, else as it stood, else as its name tells."""
    names = [bounded("A model's name", one["name"], 120, least=1) for one in models]
    if len(names) > MOST_MODELS or len(set(names)) != len(names):
        raise Refused(f"Name each model once, {MOST_MODELS} at the most.", reason="malformed", status=422)
    if any((one.get(price) or 0) < 0 for one in models for price in ("in_micro", "out_micro")):
        raise Refused("A price is 0 or more.", reason="malformed", status=422)
    stood = {one["name"]: one.get("images") is True for one in before}
    return [
        {**one, "name": name, "images": _images(name, one.get("images"), stood)}
        for one, name in zip(models, names, strict=True)
    ]


def _images(name: str, said: bool | None, stood: dict[str, bool]) -> bool:
    return said if said is not None else stood.get(name, images.usually_takes(name))


def _sealed(key: str) -> dict[str, Any]:
    if not key:
        return {"secret": b"", "key_id": ""}
    secret, key_id = keys.seal(bounded("The key", key, 4_000))
    return {"secret": secret, "key_id": key_id}


def _leads_to(project: Project, id: UUID) -> bool:
    return any(route.get("connection") == str(id) for route in project.routes.values())


def _asked_by_runs(id: UUID) -> bool:
    frozen = Run.objects.filter(phase__in=OPEN_PHASES).values_list("config__connections", flat=True)
    return any(str(id) in (one or {}).values() for one in frozen)
