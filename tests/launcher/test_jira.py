"""`JIRA=demo`: a word that is known or refused, and a project that watches the demonstration, made once."""

import re
import subprocess
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db.models.functions import Now

from quarterdeck.errors import GaveUp
from quarterdeck.flow import jira_demo, polls, readiness, starts, trackers
from quarterdeck.outside import plugs
from quarterdeck.outside.tracker.jira.demo import site
from quarterdeck.outside.tracker.jira.demo.seed import larkfield
from quarterdeck.outside.tracker.jira.demo.server import Demo
from quarterdeck.record.models import Connection, Project, Ticket, Watch, Wish
from quarterdeck.up import jira
from quarterdeck.up.environment import TOP


def test_nobody_gets_a_jira_that_was_not_asked_for() -> None:
    assert jira.wanted({}) is None
    with pytest.raises(GaveUp, match="JIRA=demo"):
        jira.wanted({"JIRA": "cloud"})


def test_its_webhooks_go_to_the_connection_that_will_be_made() -> None:
    demo = jira.wanted({"JIRA": "demo"})
    assert demo is not None
    assert demo.service("http://127.0.0.1:8640").command[-1] == f"http://127.0.0.1:8640/hooks/{jira.CONNECTION}"
    assert demo.ready_words()[-1] == jira.CONNECTION


@pytest.fixture(autouse=True)
def nobody_remembers_an_earlier_one() -> None:
    """The connection's id is always the same, the address of each demonstration another."""
    plugs.fit(f"tracker:{jira.CONNECTION}:1", None)


@pytest.mark.django_db
def test_a_project_watches_it_and_takes_its_tickets(tmp_path: object, settings: object) -> None:
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    settings.TRACKER_REACHES = ["127.0.0.1"]  # type: ignore[attr-defined]
    with Demo(larkfield(key="LARKJ")) as demo:
        for _ in range(2):
            jira_demo.load(demo.url, UUID(jira.CONNECTION))
        connection = Connection.objects.get(id=jira.CONNECTION)
        assert trackers.at(connection).me().name == "Quarterdeck"
        polls.work()
        project = Project.objects.get(slug="larkfield-jira")
        keys = set(Ticket.objects.filter(project=project).values_list("key", flat=True))
        assert keys == {f"LARKJ-{n}" for n in range(1, 10)}, "not the board's keys a second time"
        assert Watch.objects.get(project=project).connection == connection


@pytest.mark.django_db
@pytest.mark.parametrize("n", range(1, 9))
def test_whichever_of_its_tickets_is_assigned_starts_a_run_that_can_be_rehearsed(
    n: int, tmp_path: object, settings: object
) -> None:
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    settings.TRACKER_REACHES = ["127.0.0.1"]  # type: ignore[attr-defined]
    with Demo(larkfield(key="LARKJ")) as demo:
        jira_demo.load(demo.url, UUID(jira.CONNECTION))
        polls.work()
        row = demo.site.find(f"LARKJ-{n}")
        assert row is not None
        for blocker in [each for each in demo.site.issues.values() if each["key"] == "LARKJ-4" and n == 5]:
            demo.site.edit(site.IDA, blocker, {"status": site.status("Done")})
        demo.site.edit(site.IDA, row, {"assignee": demo.site.users[site.AGENT]})
        Watch.objects.update(poll_due=Now(), began_at=datetime(2020, 1, 1, tzinfo=UTC))
        polls.work()
        ticket = Ticket.objects.get(key=f"LARKJ-{n}")
        assert (readiness.lacks(ticket), readiness.warns(ticket)) == ([], [])
        assert starts.work() == 1, list(Wish.objects.values_list("state", "note"))


def test_the_demonstration_is_reached_though_it_stands_on_this_machine() -> None:
    demo = jira.wanted({"JIRA": "demo"})
    assert demo is not None
    told = demo.environment({"QUARTERDECK_TRACKER_REACHES": "10.0.0.0/8"})
    assert told["QUARTERDECK_TRACKER_REACHES"] == "10.0.0.0/8 127.0.0.1"
    assert told["QUARTERDECK_ATLASSIAN_LOGIN"] == demo.address


def test_make_jira_runs_every_test_of_a_tracker() -> None:
    """A file that speaks of Jira or of a tracker elsewhere, and that the target would leave out, is named here."""
    told = subprocess.run(["make", "-n", "jira"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    ran = {word for word in told.split() if word.startswith("tests/")}
    words = re.compile(r"tracker\.jira|desk_abroad|jira_house|testkit\.trackers|testkit\.abroad")
    speaking = [one for one in sorted((TOP / "tests").rglob("test_*.py")) if words.search(one.read_text())]
    assert len(speaking) > 15
    names = [str(one.relative_to(TOP)) for one in speaking]
    assert [name for name in names if not any(name == one or name.startswith(f"{one}/") for one in ran)] == []
