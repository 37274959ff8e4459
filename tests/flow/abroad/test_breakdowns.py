"""An epic becomes tickets: proposed from its text, edited and approved by a person, each created once whatever dies between."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now

from quarterdeck.errors import Refused
from quarterdeck.flow import breakdowns, intake, outbox, outline, polls, readiness, starts
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.tracker.jira.adf_write import document
from quarterdeck.outside.tracker.jira.demo.seed import larkfield
from quarterdeck.outside.tracker.jira.demo.server import Demo, Fault
from quarterdeck.outside.tracker.jira.demo.site import IDA, Row, beside
from quarterdeck.record.models import Audit, Breakdown, Connection, Outbox, Project, Ticket, TrackerAccount, Watch
from quarterdeck.record.snapshot import now
from quarterdeck.record.views import audited
from testkit.demo_jira import watched

pytestmark = pytest.mark.django_db
TEXT = """The customer must see one price.

## Parts

1. Show the postage before the last step
   - for all countries
2. **Round** once, at the end
- [ ] Tell the price in the mail

## Done when

- nobody is surprised
"""


@pytest.fixture
def demo(settings: Any) -> Iterator[Demo]:
    settings.TRACKER_REACHES = ["127.0.0.1"]
    with Demo(larkfield()) as made:
        row = made.site.find("LARK-9")
        assert row is not None
        made.site.edit(IDA, row, {"description": document(TEXT)})
        yield made


@pytest.fixture
def watch(demo: Demo, project: Project) -> Watch:
    return watched(project, demo)


@pytest.fixture
def epic(watch: Watch) -> Ticket:
    assert polls.work() == 1
    return Ticket.objects.get(key="LARK-9")


def children(demo: Demo) -> list[Row]:
    epic = demo.site.find("LARK-9")
    assert epic is not None
    return [row for row in demo.site.issues.values() if (row["fields"].get("parent") or {}).get("id") == epic["id"]]


def made(demo: Demo) -> list[str]:
    """Titles of what we created below the epic; two of the sample's tickets stood there before."""
    return [row["fields"]["summary"] for row in children(demo) if demo.site.properties[row["id"]]]


def all_due() -> None:
    Outbox.objects.filter(state="waiting").update(due_at=Now() - timedelta(seconds=1))
    Connection.objects.update(writes_quiet_until=None)


def settled() -> None:
    """The minute in which a lost call may not be seen yet is over."""
    for row in Breakdown.objects.all():
        for one in row.lines:
            if "asked" in one:
                one["asked"] = (now() - breakdowns.SETTLES).isoformat()
        row.save()
    all_due()


def test_the_proposal_is_what_the_epic_lists_and_nothing_is_created_by_it(
    epic: Ticket, demo: Demo, alice_acts: Actor
) -> None:
    row = breakdowns.propose(alice_acts, epic.id)
    assert [one["title"] for one in row.lines] == [
        "Show the postage before the last step", "Round once, at the end", "Tell the price in the mail",
    ]  # fmt: skip
    assert "for all countries" in row.lines[0]["description"]
    assert row.lines[1]["description"] == "Part of LARK-9: Checkout without surprises"
    assert breakdowns.propose(alice_acts, epic.id).id == row.id, "asked again is the same proposal"
    outbox.work()
    assert made(demo) == []


def test_a_person_edits_and_drops_lines_and_only_these_are_created_once(
    epic: Ticket, demo: Demo, alice_acts: Actor
) -> None:
    row = breakdowns.propose(alice_acts, epic.id)
    kept = [{**row.lines[1], "title": "Round once"}, {"title": "A line of her own", "kind": "Bug"}]
    row = breakdowns.edit(alice_acts, epic.id, row.version, kept)
    with pytest.raises(Refused, match="Somebody edited it meanwhile"):
        breakdowns.approve(alice_acts, epic.id, row.version - 1)
    assert made(demo) == []
    breakdowns.approve(alice_acts, epic.id, row.version)
    for _ in range(3):
        outbox.work()
        all_due()
    assert made(demo) == ["Round once", "A line of her own"]
    done = breakdowns.of(epic.id)
    assert done is not None
    assert (done.state, [one["key"] for one in done.lines]) == ("done", ["LARK-10", "LARK-11"])
    assert Ticket.objects.get(key="LARK-11").kind == "Bug"
    assert Audit.objects.filter(verb="breakdown approved", actor=alice_acts.word).count() == 1


def test_a_call_whose_answer_was_lost_creates_nothing_twice_however_late_the_index_is(
    epic: Ticket, demo: Demo, alice_acts: Actor
) -> None:
    row = breakdowns.propose(alice_acts, epic.id)
    row = breakdowns.edit(alice_acts, epic.id, row.version, row.lines[:1])
    breakdowns.approve(alice_acts, epic.id, row.version)
    demo.site.lag = 3600
    demo.fail(Fault(0, method="POST", path="/rest/api/3/issue", after=True))
    for _ in range(4):  # the index knows nothing yet: nobody asks again
        all_due()
        outbox.work()
    assert len(made(demo)) == 1
    demo.site.lag = 0
    settled()
    outbox.work()
    assert len(made(demo)) == 1
    assert Breakdown.objects.get().state == "done"


def test_who_died_before_the_call_creates_it_later(epic: Ticket, demo: Demo, alice_acts: Actor) -> None:
    row = breakdowns.propose(alice_acts, epic.id)
    row = breakdowns.edit(alice_acts, epic.id, row.version, row.lines[:1])
    breakdowns.approve(alice_acts, epic.id, row.version)
    Breakdown.objects.update(lines=[{**row.lines[0], "asked": now().isoformat()}])
    outbox.work()
    assert made(demo) == []
    settled()
    outbox.work()
    assert len(made(demo)) == 1


def test_what_the_tracker_refuses_stands_at_its_line_and_can_be_tried_again(
    epic: Ticket, demo: Demo, alice_acts: Actor
) -> None:
    row = breakdowns.propose(alice_acts, epic.id)
    row = breakdowns.edit(alice_acts, epic.id, row.version, [row.lines[0], {"title": "Odd", "kind": "Nonsense"}])
    breakdowns.approve(alice_acts, epic.id, row.version)
    outbox.work()
    left = Breakdown.objects.get()
    assert (left.state, "Specify a valid issue type" in left.lines[1]["why"]) == ("approved", True)
    demo.site.rights -= {"CREATE_ISSUES"}
    breakdowns.approve(alice_acts, epic.id, row.version)
    outbox.work()
    assert "permission" in Breakdown.objects.get().lines[1]["why"]
    breakdowns.decline(alice_acts, epic.id, row.version)
    assert len(made(demo)) == 1, "what was created stays"


def test_a_declined_proposal_creates_nothing_though_a_call_is_on_its_way(
    epic: Ticket, demo: Demo, alice_acts: Actor
) -> None:
    row = breakdowns.propose(alice_acts, epic.id)
    breakdowns.approve(alice_acts, epic.id, row.version)
    breakdowns.decline(alice_acts, epic.id, row.version)
    outbox.work()
    assert made(demo) == []


def test_a_line_that_was_given_up_for_want_of_a_key_can_be_tried_again(
    epic: Ticket, demo: Demo, alice_acts: Actor
) -> None:
    row = breakdowns.propose(alice_acts, epic.id)
    row = breakdowns.edit(alice_acts, epic.id, row.version, row.lines[:1])
    breakdowns.approve(alice_acts, epic.id, row.version)
    connection = Connection.objects.get(kind="tracker")
    Connection.objects.filter(id=connection.id).update(key_id="gone", price_version=2)
    outbox.work()
    assert made(demo) == []
    assert Breakdown.objects.get().lines[0]["why"]
    Connection.objects.filter(id=connection.id).update(key_id=connection.key_id, price_version=3)
    breakdowns.approve(alice_acts, epic.id, row.version)
    outbox.work()
    assert len(made(demo)) == 1


def test_a_stuck_line_that_the_owner_gave_up_can_be_approved_again_and_one_on_its_way_is_not_doubled(
    epic: Ticket, demo: Demo, alice_acts: Actor
) -> None:
    row = breakdowns.propose(alice_acts, epic.id)
    row = breakdowns.edit(alice_acts, epic.id, row.version, row.lines[:2])
    breakdowns.approve(alice_acts, epic.id, row.version)
    stuck = Outbox.objects.order_by("id")[0]
    Outbox.objects.filter(id=stuck.id).update(state="stuck")
    outbox.drop(alice_acts, stuck.id)
    breakdowns.approve(alice_acts, epic.id, row.version)
    breakdowns.approve(alice_acts, epic.id, row.version)
    assert Outbox.objects.filter(kind="create", state="waiting").count() == 2
    outbox.work()
    assert len(made(demo)) == 2


def test_a_line_that_waits_for_the_index_holds_up_no_other_ticket(epic: Ticket, demo: Demo, alice_acts: Actor) -> None:
    row = breakdowns.propose(alice_acts, epic.id)
    row = breakdowns.edit(alice_acts, epic.id, row.version, row.lines[:1])
    breakdowns.approve(alice_acts, epic.id, row.version)
    Breakdown.objects.update(lines=[{**row.lines[0], "asked": now().isoformat()}])
    other = Ticket.objects.get(key="LARK-1")
    outbox.put(f"tracker:{other.id}", "comment", {"ticket": str(other.id), "marker": "m", "text": "Said."})
    outbox.work()
    assert list(Outbox.objects.order_by("id").values_list("kind", "state")) == [
        ("create", "waiting"),
        ("comment", "done"),
    ]


def test_a_marker_that_somebody_else_wrote_makes_no_line_done(epic: Ticket, demo: Demo, alice_acts: Actor) -> None:
    row = breakdowns.propose(alice_acts, epic.id)
    shop = demo.site.issues[epic.external_id]["fields"]["project"]
    planted = {"quarterdeck": {"marker": f"{row.id}/1"}}
    demo.site.create(
        IDA, {"project": shop, "summary": "Ida's", "parent": beside(demo.site.issues[epic.external_id])}, planted
    )
    breakdowns.approve(alice_acts, epic.id, row.version)
    outbox.work()
    assert "Show the postage before the last step" in made(demo)
    assert len(made(demo)) == 4, "three of ours, and Ida's"


@pytest.mark.parametrize("id", ["\u00b2", "9" * 5000, "-1", "x"])
def test_an_odd_number_of_a_line_is_a_new_line(epic: Ticket, alice_acts: Actor, id: str) -> None:
    row = breakdowns.propose(alice_acts, epic.id)
    row = breakdowns.edit(alice_acts, epic.id, row.version, [{**row.lines[0], "id": id}, {**row.lines[1], "id": "2"}])
    assert [one["id"] for one in row.lines] == ["3", "2"]


def test_creating_can_be_switched_off(epic: Ticket, demo: Demo, alice_acts: Actor) -> None:
    Watch.objects.update(writes={"create": False})
    row = breakdowns.propose(alice_acts, epic.id)
    breakdowns.approve(alice_acts, epic.id, row.version)
    outbox.work()
    assert made(demo) == []
    assert all("switched off" in one["why"] for one in Breakdown.objects.get().lines)


def test_the_plan_label_on_an_epic_asks_for_a_proposal_and_for_no_run(epic: Ticket, demo: Demo, watch: Watch) -> None:
    TrackerAccount.objects.create(connection=watch.connection, account=IDA, name="Ida", allowed=True)
    row = demo.site.find("LARK-9")
    assert row is not None
    demo.site.edit(IDA, row, {"labels": ["agent:plan"]})
    Watch.objects.update(poll_due=Now() - timedelta(seconds=1))
    polls.work()
    assert starts.work() == 0
    assert Breakdown.objects.get().state == "open"
    assert Ticket.objects.get(id=epic.id).note == breakdowns.WAITS


def test_an_epic_is_no_run_even_by_force_and_a_task_is_no_epic(epic: Ticket, alice_acts: Actor) -> None:
    assert (readiness.lacks(epic), readiness.warns(epic)) == ([readiness.EPIC], [])
    with pytest.raises(Refused, match="plan it into tickets"):
        intake.open_run(alice_acts, "k", epic.id, force=True)
    with pytest.raises(Refused, match="Only an epic"):
        breakdowns.propose(alice_acts, Ticket.objects.get(key="LARK-1").id)


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("Just words.", ["Checkout"]),
        ("## Context\nold\n## Show prices\nearly\n### Round\nonce", ["Show prices", "Round"]),
        ("Out of scope:\n- gifts\n\nWe want:\n- [The postage](https://a.example) shown.", ["The postage shown"]),
        ("- a\u202eb hidden", ["ab hidden"]),
        ("- " + "long words " * 30, [("long words " * 11)[:118].rsplit(" ", 1)[0] + "…"]),
    ],
)
def test_lists_are_read_then_headings_then_the_title(text: str, titles: list[str]) -> None:
    found = outline.drafts(Ticket(key="LARK-9", title="Checkout", description=text))
    assert [one["title"] for one in found] == titles


def test_each_verb_of_a_tracker_has_words_in_the_audit() -> None:
    """What the flow writes, found where it is written."""
    flow = Path(breakdowns.__file__).parent
    names = ("breakdowns", "sign_ins", "tracker_settings", "accounts", "removing")
    texts = "".join((flow / f"{name}.py").read_text() for name in names)
    written = set(re.findall(r'"((?:breakdown|tracker|account) [\w ]+)"', texts))
    assert len(written) > 15
    assert sorted(written - audited.WORDS.keys()) == []
