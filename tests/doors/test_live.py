"""The socket tells what comes after a snapshot: to those who may see it, once, bounded, and also without Valkey."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.auth import AuthMiddlewareStack
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest
from django.test import Client

from deckwire.events import Changed, Said
from deckwire.words import Phase
from quarterdeck.doors.dashboard import MOST_FRAMES, RESYNC, Dashboard
from quarterdeck.doors.hub import Hub, Pace
from quarterdeck.doors.live import LiveConsumer
from quarterdeck.record import ledger
from quarterdeck.record.models import Member, Person, Request, Run
from testkit import rows

pytestmark = pytest.mark.django_db(transaction=True)
FAST = Pace(card=0.01, lines=0.001, compare=0.02, heads=60, rights=0.05, watched=60)
ORIGIN = (b"origin", b"http://testserver")
HOST = (b"host", b"testserver")


async def no_wakes() -> AsyncIterator[dict[str, Any]]:
    """Valkey is dead: nothing is ever heard."""
    await asyncio.Event().wait()
    yield {}


class Screen:
    """A browser's end of the socket."""

    def __init__(self, hub: Hub, cookie: str, origin: tuple[bytes, bytes] = ORIGIN) -> None:
        headers = [origin, HOST, (b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode())]
        scope = {"type": "websocket", "path": "/live", "query_string": b"", "headers": headers, "subprotocols": []}
        self.wire = ApplicationCommunicator(AuthMiddlewareStack(LiveConsumer.as_asgi(hub=hub)), scope)

    async def knock(self) -> dict[str, Any]:
        await self.wire.send_input({"type": "websocket.connect"})
        return await self.wire.receive_output(timeout=10)

    async def open(self, *views: dict[str, str]) -> dict[str, Any]:
        assert (await self.knock())["type"] == "websocket.accept"
        await self.say(op="view", views=list(views))
        return await self.hear("heads")

    async def say(self, **message: Any) -> None:
        await self.wire.send_input({"type": "websocket.receive", "text": json.dumps(message)})

    async def next(self) -> dict[str, Any]:
        message = await self.wire.receive_output(timeout=10)
        return json.loads(message["text"])

    async def hear(self, op: str, **fields: Any) -> dict[str, Any]:
        """The next frame of that kind with those fields."""
        while True:
            frame = await self.next()
            if frame["op"] == op and all(frame.get(name) == value for name, value in fields.items()):
                return frame

    async def until_pong(self) -> list[str]:
        """Everything that was sent before the answer to a ping."""
        await self.say(op="ping")
        heard: list[str] = []
        while not heard or heard[-1] != "pong":
            heard.append((await self.next())["op"])
        return heard[:-1]

    async def closed(self) -> int:
        while True:
            message = await self.wire.receive_output(timeout=10)
            if message["type"] == "websocket.close":
                return message.get("code", 1000)

    async def leave(self) -> None:
        await self.wire.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wire.wait(timeout=10)


@sync_to_async
def cookie_of(person: Person) -> str:
    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@sync_to_async
def set_up() -> tuple[rows.Cast, Run]:
    cast = rows.Cast()
    return cast, rows.move(rows.run(rows.ticket(cast.lark), cast.alice), Phase.STARTING, Phase.WORKING)


do = sync_to_async
BOARD = {"view": "board"}


async def test_a_run_that_moves_reaches_the_board_without_valkey() -> None:
    cast, run = await set_up()
    screen = Screen(Hub(FAST, no_wakes), await cookie_of(cast.alice))
    heads = await screen.open(BOARD)
    assert heads["heads"][str(run.id)] == 3
    await do(rows.move)(run, Phase.PAUSED)
    card = await screen.hear("card", seq=4)
    assert card["run"]["phase"] == "paused"
    assert card["run"]["attention"] == "paused"
    await screen.leave()


async def test_a_wake_comes_before_the_comparison() -> None:
    cast, run = await set_up()
    moved = asyncio.Event()

    async def wakes() -> AsyncIterator[dict[str, Any]]:
        await moved.wait()
        yield {"stream": run.stream, "seq": 4}
        await asyncio.Event().wait()

    screen = Screen(Hub(Pace(card=0.01, lines=0.001, compare=600), wakes), await cookie_of(cast.alice))
    await screen.open(BOARD)
    await do(rows.move)(run, Phase.PAUSED)
    moved.set()
    assert (await screen.hear("card", seq=4))["run"]["phase"] == "paused"
    await screen.leave()


async def test_a_new_run_is_announced_to_those_who_watch_its_project() -> None:
    cast, _ = await set_up()
    screen = Screen(Hub(FAST, no_wakes), await cookie_of(cast.bob))
    await screen.open(BOARD)
    run = await do(lambda: rows.run(rows.ticket(cast.lark)))()
    assert (await screen.hear("card", seq=1))["run"]["id"] == str(run.id)
    await screen.leave()


async def test_lines_go_to_whoever_has_the_run_open_and_without_a_gap() -> None:
    cast, run = await set_up()
    hub = Hub(FAST, no_wakes)
    opened, board = Screen(hub, await cookie_of(cast.alice)), Screen(hub, await cookie_of(cast.bob))
    await opened.open({"view": "run", "run": str(run.id)})
    await board.open(BOARD)
    await do(rows.say)(run, Said(text="one"), Said(text="two"))
    got: list[int] = []
    while len(got) < 2:
        frame = await opened.hear("events", run=str(run.id))
        got += [event["seq"] for event in frame["events"]]
        assert (frame["from"], frame["to"]) == (frame["events"][0]["seq"], frame["events"][-1]["seq"])
    assert got == [4, 5]
    await board.hear("card", seq=5)
    assert "events" not in await board.until_pong()
    await opened.leave()
    await board.leave()


async def test_a_stranger_hears_nothing_of_the_project() -> None:
    cast, run = await set_up()
    hub = Hub(FAST, no_wakes)
    alice, carol = Screen(hub, await cookie_of(cast.alice)), Screen(hub, await cookie_of(cast.carol))
    await alice.open(BOARD)
    heads = await carol.open(BOARD, {"view": "run", "run": str(run.id)})
    assert str(run.id) not in heads["heads"]
    await do(rows.move)(run, Phase.PAUSED)
    await alice.hear("card", seq=4)
    assert await carol.until_pong() == []
    await alice.leave()
    await carol.leave()


async def test_a_membership_that_ends_takes_the_subscription_with_it() -> None:
    cast, run = await set_up()
    hub = Hub(Pace(card=0.01, lines=0.001, compare=0.02, rights=600), no_wakes)
    alice, bob = Screen(hub, await cookie_of(cast.alice)), Screen(hub, await cookie_of(cast.bob))
    await alice.open(BOARD)
    await bob.open(BOARD)

    def remove() -> None:
        Member.objects.filter(person=cast.bob).delete()
        from django.db import transaction

        with transaction.atomic():
            ledger.note("site", Changed(what="member", id=str(cast.bob.id)), by="rule:test")

    await do(remove)()
    while any(cast.lark.id in one.projects for one in hub.dashboards if one.person == cast.bob.id):
        await bob.hear("changed", what="member")
    await do(rows.move)(run, Phase.PAUSED)
    await alice.hear("card", seq=4)
    assert "card" not in await bob.until_pong()
    await alice.leave()
    await bob.leave()


async def test_a_session_that_ended_closes_its_socket() -> None:
    cast, _ = await set_up()
    cookie = await cookie_of(cast.alice)
    screen = Screen(Hub(FAST, no_wakes), cookie)
    await screen.open(BOARD)

    def sign_out() -> None:
        from django.contrib.sessions.backends.db import SessionStore

        request = HttpRequest()
        request.session, request.user = SessionStore(cookie), cast.alice
        logout(request)

    await do(sign_out)()
    assert await screen.closed() == 4401


async def test_mallory_with_a_stale_cookie_is_shut_out() -> None:
    screen = Screen(Hub(FAST, no_wakes), "stale")
    await screen.knock()
    assert await screen.closed() == 4401


async def test_another_sites_page_does_not_get_in() -> None:
    cast, _ = await set_up()
    screen = Screen(Hub(FAST, no_wakes), await cookie_of(cast.alice), (b"origin", b"https://evil.example"))
    assert await screen.knock() == {"type": "websocket.close", "code": 4403}


async def test_what_cannot_be_read_is_refused_and_what_is_too_big_ends_it() -> None:
    cast, _ = await set_up()
    screen = Screen(Hub(FAST, no_wakes), await cookie_of(cast.alice))
    await screen.open(BOARD)
    await screen.say(op="view", views=[{"view": "run", "run": "not an id"}])
    await screen.hear("refused")
    await screen.say(op="view", views=[], cursors={"x" * 70_000: 1})
    assert await screen.closed() == 1009


async def test_a_slow_dashboard_is_told_to_take_a_snapshot() -> None:
    dashboard = Dashboard(UUID(int=1))
    for n in range(MOST_FRAMES + 1):
        dashboard.put(f"frame {n}")
    assert await dashboard.take() == [RESYNC]
    dashboard.put("x" * 1_000_001)
    dashboard.put("after")
    assert await dashboard.take() == [RESYNC, "after"]


async def test_deltas_are_passed_on_to_whoever_has_the_run_open() -> None:
    cast, run = await set_up()
    hub = Hub(FAST, no_wakes)
    screen = Screen(hub, await cookie_of(cast.alice))
    await screen.open({"view": "run", "run": str(run.id)})
    hub._heard({"topic": "delta", "run": str(run.id), "items": [{"kind": "terminal", "text": "collecting"}]})
    frame = await screen.hear("delta")
    assert (frame["run"], frame["kind"], frame["text"]) == (str(run.id), "terminal", "collecting")
    await screen.leave()


async def test_a_request_that_left_the_inbox_is_told_once() -> None:
    cast, run = await set_up()
    asked = await do(rows.ask)(run, state="open")
    screen = Screen(Hub(FAST, no_wakes), await cookie_of(cast.alice))
    await screen.open(BOARD)

    def decided() -> None:
        Request.objects.filter(id=asked.id).update(state="decided", closed_at=datetime.now(UTC))
        rows.say(run, Said(text="one"))

    await do(decided)()
    while (await screen.hear("request"))["request"]["state"] == "open":  # the asking may still be on its way
        pass
    told = []
    for n in range(3):
        await do(rows.say)(run, Said(text=f"more {n}"))
        while (frame := await screen.next())["op"] != "card" or frame["seq"] < 5 + n:
            told.append(frame["op"])
    assert "request" not in told
    await screen.leave()
