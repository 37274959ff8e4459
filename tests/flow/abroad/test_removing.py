"""A tracker's connection is removed: what runs worked on stays, nothing goes there any more, and no secret is left."""

from collections.abc import Callable

import pytest

from deckwire.words import Verb
from quarterdeck.errors import Refused
from quarterdeck.flow import breakdowns, copies, decide, intake, outbox, removing, tracker_settings, trackers
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.heard import polled
from quarterdeck.record.models import (
    Audit,
    Connection,
    Delivery,
    Outbox,
    Project,
    Run,
    Ticket,
    TrackerAccount,
    Watch,
    Wish,
)
from quarterdeck.record.views import trackers as shown
from testkit.desk_abroad import ME, Abroad, issue

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(connection: Connection, taken: Callable[..., Ticket], rita: TrackerAccount, alice_acts: Actor) -> Run:
    """Of issue 1; of issue 2 there was never one."""
    ticket = taken(issue("1"), issue("2"))
    Delivery.objects.create(connection=connection, ident="1", body=b"{}")
    Wish.objects.create(ticket=ticket, cause="c", why="mention")
    return intake.open_run(alice_acts, "k", ticket.id, force=True)


def end(run: Run) -> None:
    Run.objects.filter(id=run.id).update(phase="cancelled", finished_at=run.created_at)


def test_what_a_run_worked_on_stays_and_no_secret_watch_or_account_does(
    run: Run, connection: Connection, alice_acts: Actor, abroad: Abroad
) -> None:
    end(run)
    removing.remove(alice_acts, connection.id)
    row, ticket = Connection.objects.get(kind="removed"), Ticket.objects.get()
    assert (bytes(row.secret), row.key_id, row.base_url, row.options) == (b"", "", "", {"flavour": "cloud"})
    assert (ticket.external_id, ticket.note, Run.objects.count()) == ("1", removing.GONE, 1)
    assert not any(one.objects.exists() for one in (Watch, Delivery, TrackerAccount))
    assert (Wish.objects.get().state, Outbox.objects.get().state) == ("refused", "dropped")
    assert shown.every() == []
    audit = Audit.objects.get(verb="tracker removed")
    assert (audit.actor, audit.body) == (alice_acts.word, {"name": "Jira", "tickets_kept": 1})
    ticket.connection = row
    with pytest.raises(Refused, match="was removed"):
        trackers.of(ticket)
    assert abroad.written == []


def test_live_runs_hold_it_unless_they_are_paused_or_it_is_confirmed(
    run: Run, connection: Connection, alice_acts: Actor, abroad: Abroad
) -> None:
    with pytest.raises(Refused, match="Runs work on its tickets: SHIP-1") as no:
        removing.remove(alice_acts, connection.id)
    assert (no.value.reason, Watch.objects.count()) == ("in_use", 1)
    decide.decide(alice_acts, "p", Verb.PAUSE, runs=[run.id])
    removing.remove(alice_acts, connection.id)
    assert not Watch.objects.exists()


def test_confirmed_the_run_goes_on_and_tells_nothing(
    run: Run, connection: Connection, alice_acts: Actor, abroad: Abroad
) -> None:
    removing.remove(alice_acts, connection.id, confirmed=True)
    run.refresh_from_db()
    assert run.phase == "queued"
    outbox.put(f"tracker:{run.ticket_id}", "transition", {"ticket": str(run.ticket_id), "category": "done"})
    outbox.work()
    assert (abroad.written, Outbox.objects.filter(state="waiting").count()) == ([], 0)


def test_without_a_run_nothing_of_it_is_left_and_its_name_is_free(
    connection: Connection, watch: Watch, abroad: Abroad, alice_acts: Actor
) -> None:
    copies.take(connection, [polled(issue("1"))], ME.id)
    removing.remove(alice_acts, connection.id)
    assert (Connection.objects.count(), Ticket.objects.count()) == (0, 0)
    with pytest.raises(Refused, match="no such connection"):
        removing.remove(alice_acts, connection.id)


def test_connected_again_the_same_issues_come_anew_beside_the_old(
    run: Run, project: Project, connection: Connection, alice_acts: Actor, abroad: Abroad
) -> None:
    end(run)
    removing.remove(alice_acts, connection.id)
    again = tracker_settings.connect(
        alice_acts, name="Jira", flavour="datacenter", base_url="https://jira.example.com", token="t"
    )
    Watch.objects.create(project=project, connection=again, spaces=["SHIP"])
    copies.take(again, [polled(issue("1"))], ME.id)
    assert list(Ticket.objects.order_by("id").values_list("connection__kind", flat=True)) == ["removed", "tracker"]


def test_an_epics_proposal_stays_with_its_epic(
    connection: Connection, watch: Watch, abroad: Abroad, alice_acts: Actor
) -> None:
    copies.take(connection, [polled(issue("1", kind="Epic"))], ME.id)
    breakdowns.propose(alice_acts, Ticket.objects.get().id)
    removing.remove(alice_acts, connection.id)
    assert Ticket.objects.get().kind == "Epic"


# What a token is for


def test_another_address_gets_no_stored_token(connection: Connection, alice_acts: Actor) -> None:
    for address in ("https://evil.example", "http://jira.example.com", "https://jira.example.com:8443"):
        with pytest.raises(Refused, match="gets no token") as no:
            tracker_settings.edit(alice_acts, connection.id, base_url=address)
        assert (no.value.reason, no.value.status) == ("token_needed", 422)
    connection.refresh_from_db()
    assert connection.base_url == "https://jira.example.com"
    tracker_settings.edit(alice_acts, connection.id, base_url="https://JIRA.example.com:443/jira")
    tracker_settings.edit(alice_acts, connection.id, base_url="https://new.example.com", token="theirs")
    connection.refresh_from_db()
    assert (connection.base_url, trackers.secrets(connection)["token"]) == ("https://new.example.com", "theirs")
