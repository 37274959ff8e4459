"""What is still to be done outside, and the owner's word on what is stuck."""

from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from deckwire import views
from quarterdeck.doors.access import Needs
from quarterdeck.doors.api.asked import Asked
from quarterdeck.flow import outbox
from quarterdeck.record import effects

router = Router(tags=["effects"], by_alias=True)
OWNER = Needs("owner")


@router.get("/effects", response=list[views.Effect], auth=OWNER)
def every(request: Asked) -> list[views.Effect]:
    return effects.open_ones()


@router.post("/effects/{uuid:effect}/again", response={204: None}, auth=OWNER)
def again(request: Asked, effect: UUID) -> HttpResponse:
    outbox.again(request.auth.actor, effect)
    return HttpResponse(status=204)


@router.post("/effects/{uuid:effect}/drop", response={204: None}, auth=OWNER)
def drop(request: Asked, effect: UUID) -> HttpResponse:
    outbox.drop(request.auth.actor, effect)
    return HttpResponse(status=204)
