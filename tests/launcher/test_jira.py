"""`JIRA=demo`: a word that is known or refused, and a project that watches the demonstration, made once."""

from uuid import UUID

import pytest

from quarterdeck.errors import GaveUp
from quarterdeck.flow import jira_demo, polls, trackers
from quarterdeck.outside.tracker.jira.demo.seed import larkfield
from quarterdeck.outside.tracker.jira.demo.server import Demo
from quarterdeck.record.models import Connection, Project, Ticket, Watch
from quarterdeck.up import jira


def test_nobody_gets_a_jira_that_was_not_asked_for() -> None:
    assert jira.wanted({}) is None
    with pytest.raises(GaveUp, match="JIRA=demo"):
        jira.wanted({"JIRA": "cloud"})


def test_its_webhooks_go_to_the_connection_that_will_be_made() -> None:
    demo = jira.wanted({"JIRA": "demo"})
    assert demo is not None
    assert demo.service("http://127.0.0.1:8640").command[-1] == f"http://127.0.0.1:8640/hooks/{jira.CONNECTION}"
    assert demo.ready_words()[-1] == jira.CONNECTION


@pytest.mark.django_db
def test_a_project_watches_it_and_takes_its_tickets(tmp_path: object, settings: object) -> None:
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    with Demo(larkfield()) as demo:
        for _ in range(2):
            jira_demo.load(demo.url, UUID(jira.CONNECTION))
        connection = Connection.objects.get(id=jira.CONNECTION)
        assert trackers.at(connection).me().name == "Quarterdeck"
        polls.work()
        project = Project.objects.get(slug="larkfield-jira")
        keys = set(Ticket.objects.filter(project=project).values_list("key", flat=True))
        assert keys == {f"LARK-{n}" for n in range(1, 10)}
        assert Watch.objects.get(project=project).connection == connection
