"""People, invitations and the caller's own API tokens."""

from uuid import UUID

from django.http import HttpResponse
from ninja import Router, Status

from deckwire import bodies, views
from quarterdeck.doors.access import Needs
from quarterdeck.doors.api.asked import Asked
from quarterdeck.doors.api.ids import one_id
from quarterdeck.errors import Refused
from quarterdeck.flow import people
from quarterdeck.record import lists
from quarterdeck.record.views.people import token as token_view

router = Router(tags=["people"], by_alias=True)


@router.get("/people", response=list[views.PersonView], auth=Needs("signed in"))
def every(request: Asked) -> list[views.PersonView]:
    """The owner sees everybody, others those with whom they share a project, and of their roles only the shared ones."""
    everybody = lists.everybody()
    if request.auth.person.is_superuser:
        return everybody
    mine = {str(project) for project in request.auth.projects}
    shared = [one.model_copy(update={"roles": {p: r for p, r in one.roles.items() if p in mine}}) for one in everybody]
    return [one for one in shared if one.roles or one.person.id == str(request.auth.person.id)]


@router.post("/people", response={201: views.Invitation}, auth=Needs("owner"))
def invite(request: Asked, body: bodies.InviteBody) -> Status[views.Invitation]:
    """The link is shown this once and works once, for 24 hours."""
    roles = {one_id(project): role for project, role in body.roles.items()}
    person, path = people.invite(request.auth.actor, name=body.name, email=body.email, roles=roles)
    return Status(201, views.Invitation(person=lists.person(person.id), link=request.build_absolute_uri(path)))


@router.get("/tokens", response=list[views.TokenView], auth=Needs("signed in"))
def tokens(request: Asked) -> list[views.TokenView]:
    return lists.tokens(request.auth.person)


@router.post("/tokens", response={201: views.NewToken}, auth=Needs("signed in"))
def new_token(request: Asked, body: bodies.TokenBody) -> Status[views.NewToken]:
    """Made by a person in a browser: a token cannot make another, or a stolen one would never end."""
    if request.auth.by_token:
        raise Refused("Sign in to make a token.", reason="needs_session", status=403)
    row, secret = people.new_token(request.auth.actor, name=body.name, days=body.days)
    return Status(201, views.NewToken(token=token_view(row), secret=secret))


@router.delete("/tokens/{uuid:token}", response={204: None}, auth=Needs("signed in"))
def withdraw(request: Asked, token: UUID) -> HttpResponse:
    people.withdraw_token(request.auth.actor, token)
    return HttpResponse(status=204)
