"""People, their roles and their tokens, as screens show them."""

from deckwire import views
from quarterdeck.record.models import ApiToken, LoginLink, Member, Person
from quarterdeck.record.views.times import ms, ms_or_none


def person(row: Person) -> views.Person:
    return views.Person(id=str(row.id), name=str(row))


def member(row: Member) -> views.Member:
    return views.Member(person=person(row.person), email=row.person.email, role=row.role)


def person_view(row: Person, link: LoginLink | None = None) -> views.PersonView:
    """`row.memberships` should be prefetched; `link` is the newest invitation that is not used."""
    return views.PersonView(
        person=person(row), email=row.email, owner=row.is_superuser, active=row.is_active,
        roles={str(one.project_id): one.role for one in row.memberships.all()},
        invited_until=ms_or_none(link.expires_at if link else None),
    )  # fmt: skip


def token(row: ApiToken) -> views.TokenView:
    return views.TokenView(
        id=str(row.id), name=row.name, created_at=ms(row.created_at), expires_at=ms(row.expires_at),
        last_used_at=ms_or_none(row.used_at),
    )  # fmt: skip
