"""Every route, for everybody of the cast: the inventory is generated, so a new route cannot forget to say what it needs."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from deckwire.words import RequestKind
from quarterdeck.doors import access
from quarterdeck.doors.access import RANK, Needs
from quarterdeck.doors.api.app import api
from quarterdeck.errors import Refused
from quarterdeck.flow import actor, people
from quarterdeck.record.models import Audit, Member, Person, Run
from testkit import rows

pytestmark = pytest.mark.django_db
BACKEND = settings.AUTHENTICATION_BACKENDS[0]


class House:
    """The cast, one object of each sort in Lark, and the same in Wren, which is Carol's alone."""

    def __init__(self) -> None:
        self.cast = rows.Cast()
        self.mine = self._objects(self.cast.lark)
        self.foreign = self._objects(self.cast.other)

    def _objects(self, project: Any) -> dict[str, str]:
        ticket = rows.ticket(project)
        run = rows.run(ticket)
        request = rows.ask(run, RequestKind.QUESTION)
        found = {"project": project.id, "ticket": ticket.id, "run": run.id, "request_id": request.id}
        others = {name: uuid4() for name in ("batch", "person", "connection", "token", "effect", "delivery", "account")}
        return {"digest": "0" * 64, **{name: str(value) for name, value in (found | others).items()}}


def routes() -> Iterator[tuple[str, str, Needs]]:
    for _, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    yield method, path, operation.auth_callbacks[0] if operation.auth_callbacks else None


ROUTES = list(routes())
NAMES = [f"{method} {path}" for method, path, _ in ROUTES]


def address(path: str, objects: dict[str, str]) -> str:
    return "/api/v1" + re.sub(r"{(?:\w+:)?(\w+)}", lambda found: objects[found[1]], path)


def call(client: Client, method: str, url: str) -> Any:
    return client.generic(method, url, "{}", content_type="application/json")


def signed_in(person: Person | None) -> Client:
    client = Client()
    if person is not None:
        client.force_login(person, backend=BACKEND)
    return client


@pytest.fixture
def house() -> House:
    return House()


@pytest.mark.parametrize(("method", "path", "needs"), ROUTES, ids=NAMES)
def test_every_route_says_what_it_needs_and_lets_nobody_in_without_a_key(
    house: House, method: str, path: str, needs: Needs | None
) -> None:
    assert isinstance(needs, Needs)
    answer = call(signed_in(None), method, address(path, house.mine))
    assert (answer.status_code, answer.json()["reason"]) == (401, "signed_out")


@pytest.mark.parametrize(("method", "path", "needs"), ROUTES, ids=NAMES)
def test_mallory_with_a_stale_token_gets_nothing(house: House, method: str, path: str, needs: Needs) -> None:
    client = Client(headers={"Authorization": "Bearer qdu_" + "x" * 43})
    assert call(client, method, address(path, house.mine)).status_code == 401


@pytest.mark.parametrize(("method", "path", "needs"), [r for r in ROUTES if r[2].of not in ("", "body")])
def test_what_lies_in_a_foreign_project_is_not_there(house: House, method: str, path: str, needs: Needs) -> None:
    for who in (house.cast.alice, house.cast.mallory):
        answer = call(signed_in(who), method, address(path, house.foreign))
        assert (answer.status_code, answer.json()["reason"]) == (404, "not_found")
        assert (
            call(
                signed_in(who), method, address(path, house.foreign | dict.fromkeys(house.foreign, str(uuid4())))
            ).status_code
            == 404
        )


@pytest.mark.parametrize(("method", "path", "needs"), ROUTES, ids=NAMES)
def test_bob_who_only_watches_changes_nothing(house: House, method: str, path: str, needs: Needs) -> None:
    answer = call(signed_in(house.cast.bob), method, address(path, house.mine))
    if needs.least == "owner" or RANK.get(needs.least, 0) > RANK["viewer"]:
        assert (answer.status_code, answer.json()["reason"]) == (403, "not_allowed")
    else:
        assert answer.status_code not in (401, 403, 500)


@pytest.mark.parametrize(("method", "path", "needs"), ROUTES, ids=NAMES)
def test_alice_who_supervises_passes_where_her_role_is_enough(
    house: House, method: str, path: str, needs: Needs
) -> None:
    answer = call(signed_in(house.cast.alice), method, address(path, house.mine))
    if needs.least in ("owner", "admin"):
        assert answer.status_code == 403
    else:
        assert answer.status_code not in (401, 403, 500)


@pytest.mark.parametrize(("method", "path", "needs"), [r for r in ROUTES if r[0] != "GET"])
def test_another_sites_page_cannot_use_a_session(house: House, method: str, path: str, needs: Needs) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(house.cast.owner, backend=BACKEND)
    answer = call(client, method, address(path, house.mine))
    assert (answer.status_code, answer.json()["reason"]) == (403, "csrf")


def test_a_route_that_changes_something_needs_more_than_to_watch() -> None:
    own = ("/tokens", "/trackers/{uuidstr:connection}/link")  # the caller's own
    writes = [(method, path, needs) for method, path, needs in ROUTES if method != "GET" and not path.startswith(own)]
    weak = [f"{method} {path}" for method, path, needs in writes if needs.least in ("anyone", "signed in", "viewer")]
    assert weak == []


def test_who_lost_the_role_since_cannot_take_the_decision_back(house: House) -> None:
    member = Member.objects.create(project=house.cast.other, person=house.cast.alice, role="supervisor")
    client = signed_in(house.cast.alice)
    said = {"key": "k", "verb": "pause", "runs": [house.foreign["run"]]}
    batch = client.post("/api/v1/decisions", said, content_type="application/json").json()["batch"]
    member.delete()  # she supervises Lark still
    answer = call(client, "POST", f"/api/v1/decisions/{batch}/undo")
    assert (answer.status_code, Run.objects.get(id=house.foreign["run"]).phase) == (404, "paused")


def test_a_token_opens_what_its_person_may_and_dies_with_its_withdrawal(house: House) -> None:
    who = actor.person(house.cast.alice)
    row, secret = people.new_token(who, name="laptop", days=1)
    client = Client(headers={"Authorization": f"Bearer {secret}"}, enforce_csrf_checks=True)
    assert client.get("/api/v1/me").json()["person"]["name"] == "Alice"
    assert call(client, "POST", "/api/v1/tickets").status_code == 422  # passed the door; the body is empty
    assert call(client, "POST", "/api/v1/tokens").status_code in (403, 422)
    people.withdraw_token(who, row.id)
    assert client.get("/api/v1/me").status_code == 401


def test_a_token_beside_a_session_is_refused(house: House) -> None:
    _, secret = people.new_token(actor.person(house.cast.alice), name="laptop", days=1)
    client = signed_in(house.cast.bob)
    answer = client.get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "two_keys")


def test_somebody_who_was_switched_off_is_out(house: House) -> None:
    _, secret = people.new_token(actor.person(house.cast.alice), name="laptop", days=1)
    client = signed_in(house.cast.alice)
    Person.objects.filter(id=house.cast.alice.id).update(is_active=False)
    assert client.get("/api/v1/me").status_code == 401
    assert Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/me").status_code == 401


def test_a_refused_try_is_in_the_audit(house: House) -> None:
    call(signed_in(house.cast.bob), "POST", address("/tickets/{uuid:ticket}/comments", house.mine))
    last = Audit.objects.order_by("-id").first()
    assert last is not None
    assert (last.actor, last.verb, last.body) == (f"person:{house.cast.bob.id}", "refused", {"reason": "not_allowed"})


def test_somebody_who_asks_without_end_is_slowed_down_and_others_are_not(house: House) -> None:

    def without_end() -> None:
        while True:
            access.let_in(house.cast.bob)

    with pytest.raises(Refused) as no:
        without_end()
    assert (no.value.reason, no.value.status) == ("too_fast", 429)
    assert access.let_in(house.cast.alice).projects == [house.cast.lark.id]
