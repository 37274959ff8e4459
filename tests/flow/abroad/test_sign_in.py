"""Signing in to a Jira Cloud: state and person are checked, tokens renew once for all, webhooks come, stay and go again."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.db import connection as database
from django.db.models.functions import Now
from django.test import Client

from quarterdeck.errors import GaveUp
from quarterdeck.flow import deliveries, hooks, polls, tokens, trackers
from quarterdeck.outside import plugs
from quarterdeck.outside.tracker.jira.config import Tokens
from quarterdeck.outside.tracker.jira.demo import server
from quarterdeck.outside.tracker.jira.demo.deliver import Delivery as Sent
from quarterdeck.outside.tracker.jira.demo.seed import larkfield
from quarterdeck.outside.tracker.jira.demo.server import Demo
from quarterdeck.outside.tracker.jira.demo.site import IDA, Site
from quarterdeck.record.models import Connection, Person, Project, SignIn, Ticket, Watch
from testkit import rows

pytestmark = pytest.mark.django_db
HOST = "127.0.0.1"


class Clock:
    """Of the other side, which lives three weeks ago until a test moves it on: nobody waits for the thirty days."""

    ahead = timedelta(days=-21)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Owner:
    client: Client
    person: Person

    def send(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.generic(method.upper(), f"/api/v1{path}", json.dumps(body), "application/json")
        assert answer.status_code < 300, answer.content
        return answer.json()

    def connects(self) -> str:
        body = {"name": "Jira", "clientId": server.CLIENT_ID, "clientSecret": server.CLIENT_SECRET}
        return str(self.send("post", "/trackers", body)["id"])

    def agrees(self, id: str) -> str:
        """Follows the link to the other side and presses the button there. Returns the address she is sent back to."""
        link = self.send("post", f"/trackers/{id}/sign-in")["word"]
        assert "Accept" in httpx.get(link, trust_env=False).text
        answer = httpx.get(f"{link}&accept=1", trust_env=False)
        return answer.headers["location"]

    def goes(self, address: str) -> Any:
        parts = urlsplit(address)
        return self.client.get(f"{parts.path}?{parts.query}", HTTP_HOST=HOST)

    def signed_in(self) -> Connection:
        id = self.connects()
        assert self.goes(self.agrees(id)).status_code == 302
        return Connection.objects.get(id=id)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def demo(settings: Any, clock: Clock) -> Iterator[Demo]:
    with Demo(larkfield(Site(clock=clock))) as made:
        settings.ATLASSIAN_LOGIN = settings.ATLASSIAN_GATEWAY = made.url
        settings.TRACKER_REACHES = [HOST]
        settings.ORIGINS = []
        made.deliverer._send = lambda sent: True
        yield made


@pytest.fixture
def owner(alice: Person) -> Owner:
    Person.objects.filter(id=alice.id).update(is_superuser=True)
    return Owner(_client(alice), alice)


def _client(person: Person) -> Client:
    made = Client(HTTP_HOST=HOST)
    made.force_login(person)
    return made


def watched(row: Connection, project: Project) -> Watch:
    return Watch.objects.create(project=project, connection=row, spaces=["LARK"])


def look_again() -> None:
    SignIn.objects.update(hooks_due=Now() - timedelta(seconds=1))
    assert hooks.work() == 1


def test_who_agrees_at_atlassian_has_a_jira_that_works(owner: Owner, demo: Demo, project: Project) -> None:
    row = owner.signed_in()
    assert (row.options["cloud_id"], row.base_url) == (server.CLOUD_ID, demo.url)
    told = owner.send("get", "/trackers")[0]
    assert (told["signedIn"], told["site"]) == (True, server.CLOUD_ID)
    watched(row, project)
    assert polls.work() == 1
    assert Ticket.objects.filter(connection=row).count() == len(demo.site.issues)
    kept = bytes(SignIn.objects.get().secret)
    assert b"demo-access" not in kept
    assert server.CLIENT_SECRET not in json.dumps(told)


def test_an_answer_that_nobody_here_began_changes_nothing(owner: Owner, demo: Demo, bob: Person) -> None:
    id = owner.connects()
    address = owner.agrees(id)
    wrong = address.replace(parse_qs(urlsplit(address).query)["state"][0], "guessed")
    assert owner.goes(wrong).status_code == 403
    Person.objects.filter(id=bob.id).update(is_superuser=True)
    assert Owner(_client(bob), bob).goes(address).status_code == 403, "another person's browser brings it"
    assert SignIn.objects.count() == 0
    assert owner.goes(address).status_code == 302
    assert owner.goes(address).status_code == 403, "a state serves once"


def test_an_answer_that_comes_too_late_or_says_no_changes_nothing(owner: Owner, demo: Demo) -> None:
    id = owner.connects()
    address = owner.agrees(id)
    with database.cursor() as cursor:
        cursor.execute("update record_linkcode set expires_at = now() - interval '1 second'")
    assert owner.goes(address).status_code == 403
    state = parse_qs(urlsplit(owner.agrees(id)).query)["state"][0]
    assert owner.goes(f"/connect/jira?error=access_denied&state={state}").status_code == 409
    assert SignIn.objects.count() == 0


def test_of_several_sites_the_owner_chooses(owner: Owner, demo: Demo) -> None:
    demo.sites.append({"id": "other", "name": "wrenfield", "url": "https://wren.atlassian.net", "scopes": []})
    row = owner.signed_in()
    assert "cloud_id" not in row.options
    told = owner.send("get", "/trackers")[0]
    assert [one["name"] for one in told["sites"]] == ["larkfield", "wrenfield"]
    assert owner.send("put", f"/trackers/{row.id}/site", {"site": server.CLOUD_ID})["site"] == server.CLOUD_ID
    assert trackers.at(Connection.objects.get()).me().name == "Quarterdeck"


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_find_the_token_over_renew_it_once(owner: Owner, demo: Demo) -> None:
    row = owner.signed_in()
    held = tokens.StoredTokens(row.id).load()
    tokens.keep(row.id, Tokens(held.access, held.refresh, 0.0))
    before, both = len([1 for _, path in demo.seen if path == "/oauth/token"]), Barrier(2)

    def works(n: int) -> str:
        try:
            tracker = plugs.jira(tokens.StoredTokens(row.id), flavour="cloud", base_url=demo.url, cloud_id=server.CLOUD_ID,
                                 client_id=server.CLIENT_ID, client_secret=server.CLIENT_SECRET, gateway=demo.url,
                                 login=demo.url)  # fmt: skip
            both.wait(10)
            return tracker.fetch(f"LARK-{n}").key
        finally:
            database.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(works, (1, 2))) == ["LARK-1", "LARK-2"]
    assert len([1 for _, path in demo.seen if path == "/oauth/token"]) - before == 1
    assert tokens.StoredTokens(row.id).load().refresh == demo.refresh


def test_webhooks_are_registered_once_and_follow_what_is_watched(owner: Owner, demo: Demo, project: Project) -> None:
    row = owner.signed_in()
    assert hooks.work() == 1
    assert demo.hooks == {}, "nobody watches anything"
    watch = watched(row, project)
    stranger = {"id": 1, "url": "https://other.example", "jqlFilter": "", "events": [], "expirationDate": 4e12}
    demo.hooks["1"] = stranger
    for _ in range(2):
        look_again()
    ours = [one for one in demo.hooks.values() if one["url"] == hooks.address(row)]
    assert [one["jqlFilter"] for one in ours] == ['project in ("LARK")']
    Watch.objects.filter(id=watch.id).update(spaces=["LARK", "SHOP"])
    demo.site.create(IDA, {"project": {"id": "9", "key": "SHOP", "name": "Shop"}, "summary": "One"})
    look_again()
    ours = [one for one in demo.hooks.values() if one["url"] == hooks.address(row)]
    assert [one["jqlFilter"] for one in ours] == ['project in ("LARK", "SHOP")']
    watch.delete()
    look_again()
    assert list(demo.hooks.values()) == [stranger], "what is not ours stays"


def test_a_registration_whose_answer_was_lost_is_found_again(owner: Owner, demo: Demo, project: Project) -> None:
    watched(owner.signed_in(), project)
    demo.fail(server.Fault(0, method="POST", path="/webhook", after=True))
    hooks.work()
    assert SignIn.objects.get().hooks_note
    look_again()
    assert (len(demo.hooks), SignIn.objects.get().hooks_note) == (1, "")


def test_they_are_renewed_long_before_their_thirty_days_are_over(
    owner: Owner, demo: Demo, clock: Clock, project: Project
) -> None:
    watched(owner.signed_in(), project)
    hooks.work()
    (hook,) = demo.hooks.values()
    first = SignIn.objects.get().hooks_until
    assert first is not None
    clock.ahead = timedelta()
    look_again()
    assert hook["expirationDate"] > (datetime.now(UTC) + timedelta(days=29)).timestamp() * 1000
    again = SignIn.objects.get().hooks_until
    assert again is not None
    assert again - first > timedelta(days=20)
    calls = [path.endswith("/webhook/refresh") for _, path in demo.seen].count(True)
    look_again()
    assert [path.endswith("/webhook/refresh") for _, path in demo.seen].count(True) == calls


def test_their_deliveries_are_let_in_by_the_clients_secret_alone(owner: Owner, demo: Demo, project: Project) -> None:
    row = owner.signed_in()
    watched(row, project)
    hooks.work()
    sent: list[Sent] = []
    demo.deliverer._send = lambda one: sent.append(one) is None
    first = next(iter(demo.site.issues.values()))
    demo.site.edit(IDA, first, {"summary": "Told by a dynamic webhook"})
    demo.deliverer.settle()
    (one,) = sent
    proof = one.headers["authorization"]
    post = {"data": one.body, "content_type": "application/json"}
    path = urlsplit(one.url).path
    assert Client(HTTP_HOST=HOST).post(path, **post, HTTP_AUTHORIZATION=proof[:-3] + "abc").status_code == 401
    assert Client(HTTP_HOST=HOST).post(path, **post, HTTP_AUTHORIZATION=proof).status_code == 202
    assert deliveries.work() == 1
    assert Ticket.objects.get(external_id=first["id"]).title == "Told by a dynamic webhook"


def test_a_removal_that_is_refused_takes_no_webhook_away(owner: Owner, demo: Demo, project: Project) -> None:
    row = owner.signed_in()
    watched(row, project)
    hooks.work()
    ticket = Ticket.objects.create(
        project=project, connection=row, tracker="jira", external_id="1", key="LARK-1", title="One"
    )
    rows.run(ticket)
    assert owner.client.delete(f"/api/v1/trackers/{row.id}").status_code == 409
    assert demo.hooks
    assert owner.client.delete(f"/api/v1/trackers/{row.id}?confirmed=true").status_code == 204
    assert demo.hooks == {}


def test_who_signs_out_takes_the_webhooks_back(owner: Owner, demo: Demo, project: Project) -> None:
    row = owner.signed_in()
    watched(row, project)
    hooks.work()
    assert demo.hooks
    assert owner.send("delete", f"/trackers/{row.id}/sign-in")["signedIn"] is False
    assert demo.hooks == {}
    with pytest.raises(GaveUp, match="Nobody signed in"):
        tokens.StoredTokens(row.id).load()
