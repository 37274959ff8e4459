"""Is it idle or is it broken? And who did what."""

from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from deckwire import views
from quarterdeck.doors.access import Needs
from quarterdeck.doors.api.asked import Asked
from quarterdeck.flow import outbox
from quarterdeck.record import fleet as house
from quarterdeck.record import lists

router = Router(tags=["fleet"], by_alias=True)


@router.get("/fleet", response=views.Fleet, auth=Needs("signed in"))
def fleet(request: Asked) -> views.Fleet:
    return house.fleet(request.auth.projects)


@router.get("/effects", response=list[views.Effect], auth=Needs("owner"))
def effects(request: Asked) -> list[views.Effect]:
    """What is still to be done outside, oldest first: what waits, and what is stuck until the owner says what becomes of it."""
    return lists.effects()


@router.post("/effects/{uuid:effect}/again", response={204: None}, auth=Needs("owner"))
def again(request: Asked, effect: UUID) -> HttpResponse:
    outbox.again(request.auth.actor, effect)
    return HttpResponse(status=204)


@router.post("/effects/{uuid:effect}/drop", response={204: None}, auth=Needs("owner"))
def drop(request: Asked, effect: UUID) -> HttpResponse:
    outbox.drop(request.auth.actor, effect)
    return HttpResponse(status=204)


@router.get("/audit", response=list[views.AuditLine], auth=Needs("signed in"))
def audit(request: Asked, project: UUID | None = None, after: int = 0, people: bool = False) -> list[views.AuditLine]:
    """Newest first, of the projects where the caller is an admin; the owner sees the site's too. `people`: without what
    the platform and its agents did by themselves."""
    mine = [one for one in request.auth.projects if request.auth.may(one, "admin")]
    if project is not None:
        request.auth.need([project], "admin")
        return lists.audit([project], site=False, after=max(0, after), people_only=people)
    return lists.audit(mine, site=request.auth.person.is_superuser, after=max(0, after), people_only=people)
