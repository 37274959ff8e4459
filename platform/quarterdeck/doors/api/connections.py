"""Model endpoints. A key goes in and never comes out; its existence is told."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Router, Status

from deckwire import bodies, views
from quarterdeck.doors.access import Needs
from quarterdeck.doors.api.asked import Asked
from quarterdeck.doors.api.projects import facts
from quarterdeck.flow import connections
from quarterdeck.record import lists

router = Router(tags=["connections"], by_alias=True)
OWNER = Needs("owner")


@router.get("/connections", response=list[views.ConnectionView], auth=Needs("signed in"))
def every(request: Asked) -> list[views.ConnectionView]:
    return lists.connections()


@router.post("/connections", response={201: views.ConnectionView}, auth=OWNER)
def create(request: Asked, body: bodies.ConnectionBody) -> Status[views.ConnectionView]:
    made = connections.create(
        request.auth.actor, name=body.name, protocol=body.protocol, base_url=body.base_url, key=body.key,
        models=_offers(body.models),
    )  # fmt: skip
    return Status(201, lists.connection(made.id))


@router.patch("/connections/{uuid:connection}", response=views.ConnectionView, auth=OWNER)
def edit(request: Asked, connection: UUID, body: bodies.ConnectionPatch) -> views.ConnectionView:
    models = None if body.models is None else _offers(body.models)
    connections.edit(
        request.auth.actor, connection, name=body.name, base_url=body.base_url, key=body.key, models=models
    )
    return lists.connection(connection)


@router.delete("/connections/{uuid:connection}", response={204: None}, auth=OWNER)
def remove(request: Asked, connection: UUID) -> HttpResponse:
    connections.remove(request.auth.actor, connection)
    return HttpResponse(status=204)


@router.post("/connections/{uuid:connection}/test", response=list[views.SettingFact], auth=OWNER)
def test(request: Asked, connection: UUID) -> list[views.SettingFact]:
    return facts(connections.test(request.auth.actor, connection))


def _offers(models: list[views.ModelPrice]) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "in_micro": one.in_micro_per_m_tok, "out_micro": one.out_micro_per_m_tok,
         "context": one.context_tokens, "images": one.images}
        for one in models
    ]  # fmt: skip
