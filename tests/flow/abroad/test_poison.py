"""What PostgreSQL cannot hold, or nobody foresaw, comes from a tracker: it holds up itself and nobody else."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from deckwire.words import Phase
from quarterdeck.flow import deliveries, intake, polls, starts
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.tracker.port import Attachment, Comment, Heard, Issue, Link
from quarterdeck.record.models import (
    Connection,
    Delivery,
    News,
    Project,
    Run,
    Ticket,
    TicketComment,
    TrackerAccount,
    Watch,
    Wish,
)
from testkit.desk_abroad import ME, START, Abroad, issue, said

pytestmark = pytest.mark.django_db
BAD = "half \ud83d of a sign\0"


def deliver(connection: Connection, heard: dict[str, Heard], *told: Heard) -> None:
    for n, one in enumerate(told):
        heard[str(n)] = one
        Delivery.objects.create(connection=connection, ident=str(n), body=json.dumps({"heard": str(n)}).encode())


def states() -> list[str]:
    return list(Delivery.objects.order_by("ident").values_list("state", flat=True))


def poisoned(one: Issue) -> Issue:
    return replace(
        one, status=BAD, reporter=BAD, assignee_id=BAD, reporter_id=BAD, labels=[BAD], components=[BAD], url=BAD,
        links=[Link(BAD, "7", BAD, BAD, BAD)], attachments=[Attachment("1", BAD, BAD, 3, url=BAD)], fields={BAD: BAD},
        comments=[Comment("c1", BAD, BAD, START + timedelta(seconds=30), f"rita{BAD}")],
    )  # fmt: skip


def test_half_a_sign_in_a_comment_does_not_stop_what_comes_behind_it(
    connection: Connection, watch: Watch, abroad: Abroad, heard: dict[str, Heard], alice_acts: Actor
) -> None:
    deliver(connection, heard, said("created", issue("1", assignee_id=ME.id)))
    deliveries.work()
    run = intake.open_run(alice_acts, "k", Ticket.objects.get().id)
    Run.objects.filter(id=run.id).update(phase=Phase.WORKING)
    Delivery.objects.all().delete()
    one = poisoned(issue("1", 2))
    deliver(connection, heard, said("commented", one, comment=one.comments[0]), said("created", issue("2")))
    while deliveries.work():
        pass
    assert states() == ["done", "done"]
    assert "half" in TicketComment.objects.get().body
    assert any("half" in one.words for one in News.objects.all())


def test_a_poll_takes_it_too(connection: Connection, watch: Watch, abroad: Abroad) -> None:
    abroad.put(poisoned(issue("1")), issue("2"))
    assert polls.work() == 1
    assert Ticket.objects.count() == 2


def test_a_delivery_that_breaks_us_is_put_aside_and_the_others_are_worked(
    connection: Connection, watch: Watch, abroad: Abroad, heard: dict[str, Heard]
) -> None:
    never = replace(issue("1"), version=2**70)  # a time that no column holds
    deliver(connection, heard, said("created", never), said("created", issue("2")))
    while deliveries.work():
        pass
    assert states() == ["failed", "done"]
    assert list(Ticket.objects.values_list("external_id", flat=True)) == ["2"]


def test_a_watch_that_breaks_us_says_so_and_the_others_are_polled(
    connection: Connection, watch: Watch, abroad: Abroad, alice_acts: Actor
) -> None:
    other = Watch.objects.create(
        project=Project.objects.create(slug="ops", name="Ops", key="OPS"), connection=connection, spaces=["OPS"],
        began_at=START, since=START + timedelta(days=1),
    )  # fmt: skip
    abroad.put(replace(issue("1"), version=2**70))
    assert polls.work() == 1
    watch.refresh_from_db()
    other.refresh_from_db()
    assert ("DataError" in watch.poll_note, watch.poll_tries) == (True, 1)
    assert (other.poll_note, other.polled_at is not None) == ("", True)


def test_a_wish_that_breaks_us_waits_with_the_reason_and_the_others_start(
    taken: Callable[..., Ticket], abroad: Abroad, rita: TrackerAccount
) -> None:
    taken(issue("1"), issue("2"))
    for ticket in Ticket.objects.all():
        Wish.objects.create(ticket=ticket, cause=ticket.key, why="mention", by="rita", by_name="Rita")
    abroad.put(replace(issue("1"), version=2**70))
    assert starts.work() == 1
    assert (Run.objects.get().ticket.key, Wish.objects.get(state="waiting").ticket.key) == ("SHIP-2", "SHIP-1")
    assert "not foreseen (DataError)" in Ticket.objects.get(key="SHIP-1").note
