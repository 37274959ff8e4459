"""Trackers: connected, tested, watched; what they delivered, and who is who in them."""

from uuid import UUID

from django.http import HttpResponse
from ninja import Router, Status

from deckwire import bodies, views
from quarterdeck.doors.access import Needs
from quarterdeck.doors.api.asked import Asked
from quarterdeck.doors.api.projects import facts
from quarterdeck.doors.connect import back_address
from quarterdeck.errors import Refused
from quarterdeck.flow import accounts, connected, deliveries, preview, removing, sign_ins, tracker_settings, trackers
from quarterdeck.record.models import Connection
from quarterdeck.record.views import trackers as shown

router = Router(tags=["trackers"], by_alias=True)
OWNER = Needs("owner")


def _one(id: UUID) -> views.TrackerView:
    row = connected.one("tracker", id)
    return shown.one(row, secrets=len(trackers.secrets(row).get("hooks", [])))


@router.get("/trackers", response=list[views.TrackerView], auth=OWNER)
def every(request: Asked) -> list[views.TrackerView]:
    return [_one(row.id) for row in Connection.objects.filter(kind="tracker").order_by("name")]


@router.post("/trackers", response={201: views.TrackerView}, auth=OWNER)
def connect(request: Asked, body: bodies.TrackerBody) -> Status[views.TrackerView]:
    made = tracker_settings.connect(request.auth.actor, **body.model_dump(by_alias=False))
    return Status(201, _one(made.id))


@router.patch("/trackers/{uuid:connection}", response=views.TrackerView, auth=OWNER)
def edit(request: Asked, connection: UUID, body: bodies.TrackerPatch) -> views.TrackerView:
    tracker_settings.edit(request.auth.actor, connection, **body.model_dump(by_alias=False))
    return _one(connection)


@router.delete("/trackers/{uuid:connection}", response={204: None}, auth=OWNER)
def remove(request: Asked, connection: UUID, confirmed: bool = False) -> HttpResponse:
    """`confirmed`: also while runs work on its tickets."""
    removing.remove(request.auth.actor, connection, confirmed=confirmed)
    return HttpResponse(status=204)


@router.post("/trackers/{uuid:connection}/test", response=list[views.SettingFact], auth=OWNER)
def test(request: Asked, connection: UUID) -> list[views.SettingFact]:
    return facts(tracker_settings.test(request.auth.actor, connection))


@router.post("/trackers/{uuid:connection}/sign-in", response=views.OneWord, auth=OWNER)
def sign_in(request: Asked, connection: UUID) -> views.OneWord:
    """The address that the owner's browser opens to agree."""
    return views.OneWord(word=sign_ins.begin(request.auth.person, connection, back_address(request)))


@router.delete("/trackers/{uuid:connection}/sign-in", response=views.TrackerView, auth=OWNER)
def sign_out(request: Asked, connection: UUID) -> views.TrackerView:
    sign_ins.leave(request.auth.actor, connection)
    return _one(connection)


@router.put("/trackers/{uuid:connection}/site", response=views.TrackerView, auth=OWNER)
def site(request: Asked, connection: UUID, body: bodies.SiteBody) -> views.TrackerView:
    sign_ins.choose(request.auth.actor, connection, body.site)
    return _one(connection)


@router.post("/trackers/{uuid:connection}/secret", response=views.OneWord, auth=OWNER)
def new_secret(request: Asked, connection: UUID) -> views.OneWord:
    """For its webhooks. The one before stays good until the next is made."""
    return views.OneWord(word=tracker_settings.new_secret(request.auth.actor, connection))


@router.post("/trackers/{uuid:connection}/preview", response=views.FoundTickets, auth=OWNER)
def find(request: Asked, connection: UUID, body: bodies.QueryBody) -> views.FoundTickets:
    return preview.find(connection, body.query, body.spaces)


@router.get("/trackers/{uuid:connection}/deliveries", response=list[views.TrackerDelivery], auth=OWNER)
def delivered(request: Asked, connection: UUID) -> list[views.TrackerDelivery]:
    return shown.deliveries(connected.one("tracker", connection).id)


@router.post("/trackers/{uuid:connection}/deliveries/{uuid:delivery}/again", response={204: None}, auth=OWNER)
def again(request: Asked, connection: UUID, delivery: UUID) -> HttpResponse:
    deliveries.again(request.auth.actor, connection, delivery)
    return HttpResponse(status=204)


@router.put("/trackers/{uuid:connection}/people/{uuid:account}", response=views.TrackerView, auth=OWNER)
def allow(request: Asked, connection: UUID, account: UUID, body: bodies.AllowBody) -> views.TrackerView:
    accounts.allow(request.auth.actor, connected.one("tracker", connection), account, body.allowed)
    return _one(connection)


@router.post("/trackers/{uuid:connection}/link", response=views.OneWord, auth=Needs("signed in"))
def link(request: Asked, connection: UUID) -> views.OneWord:
    """A code for a comment: whoever writes it there is the person who asked for it here."""
    return views.OneWord(word=accounts.code(request.auth.person, connected.one("tracker", connection)))


@router.put("/projects/{uuid:project}/watch", response=views.TrackerView, auth=OWNER)
def watch(request: Asked, project: UUID, body: bodies.WatchBody) -> views.TrackerView:
    fields = body.model_dump(by_alias=False)
    connection = tracker_id(fields.pop("connection"))
    tracker_settings.watch(request.auth.actor, project, connection, **fields)
    return _one(connection)


@router.delete("/projects/{uuid:project}/watch", response={204: None}, auth=OWNER)
def unwatch(request: Asked, project: UUID) -> HttpResponse:
    tracker_settings.unwatch(request.auth.actor, project)
    return HttpResponse(status=204)


def tracker_id(word: str) -> UUID:
    try:
        return UUID(word)
    except ValueError as bad:
        raise Refused("There is no such connection.", reason="no_such_connection", status=404) from bad
