"""Trackers as the owner sets them up: the token never comes out, two secrets are good at once, a query is tried first."""

import pytest

from quarterdeck.errors import Refused
from quarterdeck.flow import preview, tracker_settings, trackers
from quarterdeck.flow.actor import Actor
from quarterdeck.record.models import Connection, Delivery, Project, Watch
from quarterdeck.record.views import trackers as shown
from testkit.desk_abroad import Abroad, issue

pytestmark = pytest.mark.django_db
FIELDS = {
    "spaces": ["SHIP"], "query": "", "triggers": {"labels": {"agent:plan": "plan"}}, "subtasks": "order",
    "writes": {"status": True, "comment": True, "transition": False, "link": True, "doing": [], "done": ["Done"]},
}  # fmt: skip


def test_a_connection_keeps_its_token_to_itself(alice_acts: Actor) -> None:
    row = tracker_settings.connect(
        alice_acts, name="Jira", flavour="datacenter", base_url="https://jira.example.com/", token="s3cret"
    )
    assert trackers.secrets(row)["token"] == "s3cret"
    told = shown.one(row).model_dump_json()
    assert "s3cret" not in told
    assert row.base_url == "https://jira.example.com"


def test_the_newest_two_secrets_are_good(connection: Connection, alice_acts: Actor) -> None:
    made = tracker_settings.new_secret(alice_acts, connection.id)
    connection.refresh_from_db()
    assert trackers.secrets(connection)["hooks"] == [made, "new secret"]


def test_a_project_watches_what_no_other_watches(connection: Connection, project: Project, alice_acts: Actor) -> None:
    made = tracker_settings.watch(alice_acts, project.id, connection.id, **FIELDS)
    assert (made.writes["names"], made.rules) == ({"doing": [], "done": ["Done"]}, {"subtasks": "order"})
    other = Project.objects.create(slug="wren", name="Wren", key="WREN")
    with pytest.raises(Refused, match="Larkfield watches SHIP already"):
        tracker_settings.watch(alice_acts, other.id, connection.id, **FIELDS)
    tracker_settings.unwatch(alice_acts, project.id)
    assert Watch.objects.count() == 0


def test_a_query_is_tried_before_it_is_kept(connection: Connection, abroad: Abroad) -> None:
    abroad.put(issue("1"), issue("2"))
    found = preview.find(connection.id, "project = SHIP")
    assert (found.count, [one.key for one in found.tickets]) == (2, ["SHIP-1", "SHIP-2"])
    abroad.down = Refused(
        "Error in the JQL Query: Expecting operator but got 'nonsense'.", reason="bad_query", status=422
    )
    assert preview.find(connection.id, "project nonsense").error.startswith("Error in the JQL Query")


def test_what_waits_and_what_went_wrong_is_counted(connection: Connection, watch: Watch, abroad: Abroad) -> None:
    Delivery.objects.create(connection=connection, ident="1", body=b"{}")
    Delivery.objects.create(connection=connection, ident="2", body=b"x", state="failed", why="This is no delivery.")
    Watch.objects.update(poll_note="Jira does not answer.")
    told = shown.one(connection)
    assert (told.waiting_reads, told.failed) == (1, 1)
    assert told.errors == ["Larkfield: Jira does not answer.", "This is no delivery."]


def test_an_address_on_this_machine_is_refused_and_the_operators_setting_is_named(alice_acts: Actor) -> None:
    row = tracker_settings.connect(
        alice_acts, name="Inner", flavour="datacenter", base_url="http://127.0.0.1:9", token="t"
    )
    ((fact, ok, remedy),) = tracker_settings.test(alice_acts, row.id)
    assert (ok, "127.0.0.1" in fact, "QUARTERDECK_TRACKER_REACHES" in remedy) == (False, True, True)
