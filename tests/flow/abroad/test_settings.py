"""Trackers as the owner sets them up: the token never comes out, two secrets are good at once, a query is tried first."""

import re
from typing import Any

import pytest

from quarterdeck.errors import Refused
from quarterdeck.flow import polls, preview, tracker_settings, trackers
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.tracker.jira.demo.seed import larkfield
from quarterdeck.outside.tracker.jira.demo.server import Demo
from quarterdeck.record.models import Connection, Delivery, Project, Repository, Watch
from quarterdeck.record.views import trackers as shown
from testkit.demo_jira import watched
from testkit.desk_abroad import Abroad, issue

pytestmark = pytest.mark.django_db
FIELDS = {
    "spaces": ["SHIP"], "query": "", "triggers": {"labels": {"agent:plan": "plan"}}, "subtasks": "order",
    "writes": {"status": True, "comment": True, "transition": False, "link": True, "worklog": False, "doing": [], "waiting": [],
               "review": ["In Review"], "done": ["Done"], "labels": {}, "fields": {}},
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
    names = {"doing": [], "waiting": [], "review": ["In Review"], "done": ["Done"]}
    assert (made.writes["names"], made.rules["subtasks"]) == (names, "order")
    other = Project.objects.create(slug="wren", name="Wren", key="WREN")
    with pytest.raises(Refused, match="Larkfield watches SHIP already"):
        tracker_settings.watch(alice_acts, other.id, connection.id, **FIELDS)
    tracker_settings.unwatch(alice_acts, project.id)
    assert Watch.objects.count() == 0


def test_repositories_are_mapped_by_the_names_that_people_know(
    connection: Connection, project: Project, alice_acts: Actor
) -> None:
    anchor = Repository.objects.create(project=project, url="https://git.example.com/sea/anchor.git")
    rules = {"components": {"Anchor works": "Anchor"}, "spaces": {"SHIP": "https://git.example.com/sea/anchor.git"}}
    made = tracker_settings.watch(alice_acts, project.id, connection.id, **FIELDS, repositories=rules)
    assert made.rules["components"] == {"Anchor works": str(anchor.id)}
    told = shown.one(connection).watches[0].repositories
    assert (told.components, told.spaces) == ({"Anchor works": "anchor"}, {"SHIP": "anchor"})
    with pytest.raises(Refused, match="no repository 'hull'"):
        tracker_settings.watch(
            alice_acts, project.id, connection.id, **FIELDS, repositories={"spaces": {"SHIP": "hull"}}
        )


def test_how_a_repository_is_named_is_kept_and_the_field_is_brought_along(
    connection: Connection, project: Project, alice_acts: Actor
) -> None:
    made = tracker_settings.watch(alice_acts, project.id, connection.id, **FIELDS)
    assert (made.rules["label"], made.rules["field"], made.rules["judge"]) == ("repo:", "Repository", True)
    named = {"label": "code/", "field": "Code lives in"}
    tracker_settings.watch(alice_acts, project.id, connection.id, **FIELDS, repositories=named, judge=False)
    connection.refresh_from_db()
    assert connection.price_version == 2, "open clients are made anew"
    assert "Code lives in" in trackers.fields_of(connection)
    told = shown.one(connection).watches[0]
    assert (told.repositories.label, told.repositories.field, told.judge) == ("code/", "Code lives in", False)
    with pytest.raises(Refused, match="one word"):
        tracker_settings.watch(alice_acts, project.id, connection.id, **FIELDS, repositories={"label": "two words"})


def test_a_query_is_tried_before_it_is_kept(connection: Connection, abroad: Abroad) -> None:
    abroad.put(issue("1"), issue("2"))
    found = preview.find(connection.id, "project = SHIP")
    assert (found.count, [one.key for one in found.tickets]) == (2, ["SHIP-1", "SHIP-2"])
    abroad.down = Refused(
        "Error in the JQL Query: Expecting operator but got 'nonsense'.", reason="bad_query", status=422
    )
    assert preview.find(connection.id, "project nonsense").error.startswith("Error in the JQL Query")


def test_a_bad_query_is_told_in_the_places_of_what_was_typed(project: Project, settings: Any) -> None:
    settings.TRACKER_REACHES = ["127.0.0.1"]
    with Demo(larkfield()) as demo:
        row = watched(project, demo).connection
        told = preview.find(row.id, "labels = a b", ["LARK"]).error
        assert told == preview.find(row.id, "labels = a b").error
        place = re.search(r"character (\d+)", told)
        assert place is not None
        assert int(place[1]) <= len("labels = a b")
        assert preview.find(row.id, "", ["LARK"]).count == 9
        Watch.objects.update(query="labels = a b")
        polls.work()
        note = Watch.objects.get().poll_note
        assert note.startswith("Error in the JQL Query")
        assert "line 1" not in note, "a place in a query that nobody typed"


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
