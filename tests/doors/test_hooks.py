"""The webhook door: who may deliver, what is kept, and that nothing is worked twice or in the wrong order."""
# ruff: noqa: F811  (fixtures are arguments)

import json
import time
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from quarterdeck.flow import deliveries
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.tracker.jira import hooks
from quarterdeck.outside.tracker.port import Heard
from quarterdeck.record.models import Audit, Connection, Delivery, Ticket, Watch
from testkit.abroad import abroad, connection, heard, watch  # noqa: F401
from testkit.desk_abroad import Abroad, issue, said

pytestmark = pytest.mark.django_db

Post = Callable[..., int]


@pytest.fixture
def post(connection: Connection, client: Client) -> Post:
    def deliver(body: object, *, secret: str = "new secret", to: object = None, **headers: str) -> int:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        if "HTTP_AUTHORIZATION" not in headers:
            headers = {"HTTP_X_HUB_SIGNATURE": hooks.sign(raw, secret), **headers}
        answer = client.post(f"/hooks/{to or connection.id}", raw, content_type="application/json", **headers)
        return int(answer.status_code)

    return deliver


def test_a_signed_delivery_is_kept_and_answered_before_it_is_worked(post: Post, heard: dict[str, Heard]) -> None:
    heard["a"] = said("updated", issue("1"))
    assert post({"heard": "a"}) == 202
    assert Delivery.objects.get().state == "waiting"
    assert Ticket.objects.count() == 0


@pytest.mark.parametrize("secret", ["new secret", "old secret", "client"])
def test_both_secrets_are_good_while_one_is_being_replaced(post: Post, secret: str, heard: dict[str, Heard]) -> None:
    assert post({"heard": "a"}, secret=secret) == 202


def test_who_knows_no_secret_leaves_nothing(post: Post, heard: dict[str, Heard]) -> None:
    assert post({"heard": "a"}, secret="a guess") == 401
    assert post({"heard": "a"}, HTTP_X_HUB_SIGNATURE="") == 401
    assert post({"heard": "a"}, to=uuid4()) == 404
    assert Delivery.objects.count() == 0


def test_the_signature_is_of_the_raw_bytes(
    post: Post, client: Client, connection: Connection, heard: dict[str, Heard]
) -> None:
    signature = hooks.sign(b'{"heard": "a"}', "new secret")
    assert post(b'{"heard":"a"}', HTTP_X_HUB_SIGNATURE=signature) == 401


def test_a_dynamic_webhook_brings_a_token_of_its_own(post: Post, heard: dict[str, Heard]) -> None:
    now = int(time.time())
    good = hooks.token("client", {"iat": now, "exp": now + 60})
    old = hooks.token("client", {"iat": now - 900, "exp": now - 600})
    assert post({"heard": "a"}, HTTP_AUTHORIZATION=f"Bearer {good}") == 202
    assert post({"heard": "b"}, HTTP_AUTHORIZATION=f"Bearer {old}") == 401
    assert (
        post({"heard": "b"}, HTTP_AUTHORIZATION=f"JWT {hooks.token('a guess', {'iat': now, 'exp': now + 60})}") == 401
    )


def test_a_delivery_that_comes_again_is_the_same_one(post: Post, heard: dict[str, Heard]) -> None:
    for _ in range(3):
        assert post({"heard": "a"}, HTTP_X_ATLASSIAN_WEBHOOK_IDENTIFIER="id-1") == 202
    assert Delivery.objects.count() == 1


def test_what_is_too_long_is_refused(post: Post, heard: dict[str, Heard]) -> None:
    assert post(b"x" * (deliveries.MOST_BYTES + 1)) == 413
    assert Delivery.objects.count() == 0


def test_an_older_state_never_overwrites_a_newer(
    post: Post,
    watch: Watch,
    abroad: Abroad,
    heard: dict[str, Heard],
) -> None:
    heard["new"], heard["old"] = said("updated", issue("1", 9)), said("updated", issue("1", 4))
    post({"heard": "new"})
    assert deliveries.work() == 1
    post({"heard": "old"})
    assert deliveries.work() == 1
    assert Ticket.objects.get().title == "Title 9 of 1"


def test_what_is_no_delivery_is_kept_with_the_reason(
    post: Post, watch: Watch, abroad: Abroad, heard: dict[str, Heard]
) -> None:
    heard["good"] = said("updated", issue("1"))
    post(b"not json")
    post({"heard": "good"})
    assert deliveries.work() == 1
    assert list(Delivery.objects.order_by("id").values_list("state", flat=True)) == ["failed", "done"]


def test_one_delivery_can_be_worked_again(
    post: Post,
    watch: Watch,
    abroad: Abroad,
    heard: dict[str, Heard],
    alice_acts: Actor,
) -> None:
    heard["a"] = said("updated", issue("1", 5))
    post({"heard": "a"})
    deliveries.work()
    Ticket.objects.all().delete()
    row = Delivery.objects.get()
    deliveries.again(alice_acts, row.connection_id, row.id)
    assert deliveries.work() == 1
    assert Ticket.objects.get().version == issue("1", 5).version
    assert Audit.objects.filter(verb="delivery again").count() == 1
