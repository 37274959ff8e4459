"""Is it idle or is it broken? And who did what."""

from uuid import UUID

from ninja import Router

from deckwire import bodies, views
from quarterdeck.doors.access import Needs
from quarterdeck.doors.api.asked import Asked
from quarterdeck.flow import priorities
from quarterdeck.record import fleet as house
from quarterdeck.record import lists

router = Router(tags=["fleet"], by_alias=True)


@router.get("/fleet", response=views.Fleet, auth=Needs("signed in"))
def fleet(request: Asked) -> views.Fleet:
    return house.fleet(request.auth.projects)


@router.get("/site", response=views.SiteView, auth=Needs("owner"))
def site(request: Asked) -> views.SiteView:
    return house.site()


@router.patch("/site", response=views.SiteView, auth=Needs("owner"))
def edit_site(request: Asked, body: bodies.SitePatch) -> views.SiteView:
    """Places of the whole installation and its budget for a day."""
    priorities.set_site(request.auth.actor, **body.model_dump(by_alias=False))
    return house.site()


@router.get("/audit", response=list[views.AuditLine], auth=Needs("signed in"))
def audit(request: Asked, project: UUID | None = None, after: int = 0, people: bool = False) -> list[views.AuditLine]:
    """Newest first, of the projects where the caller is an admin; the owner sees the site's too. `people`: without what
    the platform and its agents did by themselves."""
    mine = [one for one in request.auth.projects if request.auth.may(one, "admin")]
    if project is not None:
        request.auth.need([project], "admin")
        return lists.audit([project], site=False, after=max(0, after), people_only=people)
    return lists.audit(mine, site=request.auth.person.is_superuser, after=max(0, after), people_only=people)
