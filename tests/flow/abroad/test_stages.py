"""Statuses and labels for each stage, and the time that was worked: off at first, written once, against a Jira over HTTP."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from deckwire.words import Phase
from quarterdeck.errors import Refused
from quarterdeck.flow import intake, outbox, polls, report, tracker_settings
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.tracker.jira.demo import site
from quarterdeck.outside.tracker.jira.demo.seed import larkfield
from quarterdeck.outside.tracker.jira.demo.server import Demo, Fault
from quarterdeck.outside.tracker.jira.demo.site import AGENT, IDA, Row
from quarterdeck.record import lifecycle
from quarterdeck.record.models import Attempt, Connection, Outbox, Project, Run, Ticket, Watch
from testkit.demo_jira import watched
from testkit.desk_abroad import START

pytestmark = pytest.mark.django_db
NAMES = {"doing": ["In Progress"], "waiting": [], "review": ["In Review"], "done": ["Done"]}
LABELS = {"doing": "agent-works", "waiting": "agent-asks", "review": "agent-proposes"}


@pytest.fixture
def demo(settings: Any) -> Iterator[Demo]:
    settings.TRACKER_REACHES = ["127.0.0.1"]
    with Demo(larkfield()) as made:
        yield made


@pytest.fixture
def watch(demo: Demo, project: Project) -> Watch:
    made = watched(project, demo, began_at=START)
    assert polls.work() == 1
    return made


@pytest.fixture
def run(watch: Watch, alice_acts: Actor) -> Run:
    return intake.open_run(alice_acts, "k", Ticket.objects.get(key="LARK-1").id, force=True)


def go(run: Run, *phases: Phase) -> None:
    """Each phase is told before the next."""
    for to in phases:
        lifecycle.move(lifecycle.hold(run.id), to, reason="test", by="rule:test")
        told()


def told() -> None:
    for _ in range(2):
        report.work()
        Outbox.objects.filter(state="waiting").update(due_at=Now() - timedelta(seconds=1))
        Connection.objects.update(writes_quiet_until=None)
        outbox.work()


def issue(demo: Demo, key: str = "LARK-1") -> Row:
    found = demo.site.find(key)
    assert found is not None
    return found


def status(demo: Demo) -> str:
    return str(issue(demo)["fields"]["status"]["name"])


def ours(demo: Demo) -> list[str]:
    return [one for one in issue(demo)["fields"]["labels"] if one.startswith("agent-")]


def test_a_ticket_stands_where_its_run_stands_and_goes_on_from_our_own_status(
    run: Run, watch: Watch, demo: Demo
) -> None:
    Watch.objects.update(writes={**watch.writes, "names": NAMES})
    told()
    assert status(demo) == "In Progress"
    go(run, Phase.STARTING, Phase.WORKING, Phase.SEALING, Phase.REVIEW)
    assert status(demo) == "In Review"
    go(run, Phase.QUEUED, Phase.STARTING)
    assert status(demo) == "In Progress", "we put it into review ourselves: it is being worked again"


def test_what_a_person_moved_on_is_not_taken_back(run: Run, watch: Watch, demo: Demo) -> None:
    Watch.objects.update(writes={**watch.writes, "names": {**NAMES, "waiting": ["In Review"]}})
    told()
    demo.site.edit(IDA, issue(demo), {"status": site.status("In Review")})
    go(run, Phase.STARTING, Phase.WORKING, Phase.SEALING, Phase.REVIEW, Phase.QUEUED, Phase.STARTING)
    assert status(demo) == "In Review"
    demo.site.edit(IDA, issue(demo), {"status": site.status("Done")})
    go(run, Phase.WORKING, Phase.WAITING)
    assert status(demo) == "Done"


def test_without_names_nothing_is_moved_between_and_without_labels_none_is_set(
    run: Run, watch: Watch, demo: Demo
) -> None:
    before = issue(demo)["fields"]["labels"]
    go(run, Phase.STARTING, Phase.WORKING, Phase.SEALING, Phase.REVIEW)
    assert (status(demo), issue(demo)["fields"]["labels"]) == ("In Progress", before)
    assert demo.site.worklogs[issue(demo)["id"]] == []


def test_one_label_says_the_stage_and_others_labels_stay(run: Run, watch: Watch, demo: Demo) -> None:
    Watch.objects.update(writes={**watch.writes, "labels": LABELS})
    before = list(issue(demo)["fields"]["labels"])
    told()
    assert ours(demo) == ["agent-works"]
    go(run, Phase.STARTING, Phase.WORKING, Phase.SEALING, Phase.REVIEW)
    assert ours(demo) == ["agent-proposes"]
    edits = len(demo.site.histories[issue(demo)["id"]])
    told()
    assert len(demo.site.histories[issue(demo)["id"]]) == edits, "nothing new, nothing written"
    go(run, Phase.FAILED)
    assert issue(demo)["fields"]["labels"] == before


def test_the_time_is_logged_once_though_its_answer_was_lost(run: Run, watch: Watch, demo: Demo) -> None:
    Watch.objects.update(writes={**watch.writes, "worklog": True})
    Attempt.objects.create(run=run, epoch=1, state="lost", started_at=START, ended_at=START + timedelta(seconds=61))
    told()
    demo.fail(Fault(0, method="POST", path="/worklog", after=True))
    go(run, Phase.CANCELLED)
    told()
    (entry,) = demo.site.worklogs[issue(demo)["id"]]
    assert (entry["timeSpentSeconds"], entry["author"]["accountId"]) == (120, AGENT)


def test_a_screen_is_told_first_and_filled_when_the_settings_say_how(run: Run, watch: Watch, demo: Demo) -> None:
    demo.site.screens["In Review"] = {"reviewer": {"name": "Reviewer", "required": True, "hasDefaultValue": False,
                                      "schema": {"type": "string"}}}  # fmt: skip
    Watch.objects.update(writes={**watch.writes, "names": NAMES})
    go(run, Phase.STARTING, Phase.WORKING, Phase.SEALING, Phase.REVIEW)
    assert status(demo) == "In Progress"
    assert "asks for Reviewer" in Ticket.objects.get(key="LARK-1").note
    go(run, Phase.QUEUED)
    Watch.objects.update(writes={**watch.writes, "names": NAMES, "fields": {"Reviewer": "Ida"}})
    go(run, Phase.STARTING, Phase.WORKING, Phase.SEALING, Phase.REVIEW)
    assert (status(demo), issue(demo)["fields"]["reviewer"]) == ("In Review", "Ida")


def test_a_label_that_starts_runs_is_not_one_that_a_run_sets(watch: Watch, project: Project, alice_acts: Actor) -> None:
    writes = {"status": True, "comment": True, "transition": True, "link": True, "worklog": False, "doing": [], "waiting": [],
              "review": [], "done": [], "labels": {"doing": "agent:plan"}, "fields": {}}  # fmt: skip
    with pytest.raises(Refused, match="starts runs"):
        tracker_settings.watch(alice_acts, project.id, watch.connection_id, spaces=["LARK"], query="", writes=writes,
                               triggers={"labels": {"agent:plan": "plan"}}, subtasks="")  # fmt: skip
