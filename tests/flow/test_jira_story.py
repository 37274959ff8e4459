"""One ticket from a Jira Data Center that others wrote, to its merge: what the people in Jira read, and what their words do."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now

from deckwire.check import TestCase, TreeResult
from deckwire.events import Planned
from deckwire.requests import Ask, Choice, Plan, PlanStep
from deckwire.words import AttemptState, Phase, RequestKind, Verb
from quarterdeck.flow import accounts, decide, merge, news, outbox, polls, readiness, report, seal, starts
from quarterdeck.flow.actor import Actor
from quarterdeck.outside import plugs
from quarterdeck.outside.repos.store import Store
from quarterdeck.record import keys, lists
from quarterdeck.record.models import (
    Connection,
    Outbox,
    Person,
    Project,
    Proposal,
    Request,
    Run,
    Ticket,
    TrackerAccount,
    Watch,
    Wish,
)
from testkit import starting, trackers
from testkit.hand import Hand, commit, finish_check
from testkit.rita import RITA, Rita

pytestmark = pytest.mark.django_db

WORDS = "The total is rounded twice. It must be rounded once, at the end of the sum."
QUESTION = Ask(
    kind=RequestKind.QUESTION, ask="Round half up or half even?",
    choices=[Choice(id="up", label="Half up"), Choice(id="even", label="Half even")],
)  # fmt: skip
PLAN = Plan(steps=[PlanStep(title="Round at the end of the sum", paths=["larkfield/new.py"])])


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with trackers.jira820() as url:
        yield url


@pytest.fixture
def rita(address: str) -> Rita:
    return Rita(address)


@pytest.fixture
def watch(project: Project, address: str, settings: Any) -> Iterator[Watch]:
    """Nobody has told who we are there: the connection asks."""
    settings.TRACKER_REACHES = ["127.0.0.1"]
    secret, key_id = keys.seal(json.dumps({"token": "deck"}))
    connection = Connection.objects.create(
        kind="tracker", name="Jira", protocol="jira", base_url=address, secret=secret, key_id=key_id,
        options={"flavour": "datacenter"},
    )  # fmt: skip
    yield Watch.objects.create(
        project=project, connection=connection, spaces=["LARK"], query=f"reporter = {RITA}",
        began_at=datetime.now(UTC) - timedelta(days=2),
        writes={"names": {"doing": ["In Progress"], "done": ["Merged"]}},
    )  # fmt: skip
    plugs.fit(f"tracker:{connection.id}:{connection.price_version}", None)


def turn() -> None:
    """What the workers do in a minute: everything that waits is due."""
    Watch.objects.update(poll_due=Now() - timedelta(seconds=1))
    assert polls.work() == 1, Watch.objects.get().poll_note
    starts.work()
    news.work()
    report.work()
    Outbox.objects.filter(state="waiting").update(due_at=Now() - timedelta(seconds=1))
    outbox.work()
    assert not Outbox.objects.exclude(state="done").exists()


def test_what_that_jira_refuses_stands_on_the_ticket(watch: Watch, rita: Rita) -> None:
    """Its way into done has a screen whose answers nobody has given us."""
    Watch.objects.update(writes={"names": {"done": ["Done"]}})
    rita.writes("Prices are cut twice", WORDS)
    polls.work()
    ticket = Ticket.objects.get(key=rita.key)
    outbox.put(f"tracker:{ticket.id}", "transition", {"ticket": str(ticket.id), "category": "done"})
    outbox.work()
    shown = lists.ticket(ticket.id, readiness.lacks, readiness.warns).note
    assert shown.startswith("Not written to the tracker (transition): The transition to Done asks for ")
    assert "Resolution (Done, Won't Do" in shown
    assert rita.status() == "Open"


def begun(run: Run) -> Hand:
    assert starting.prepared(run)
    return starting.next_hand(run)


def sealed(hand: Hand, run: Run, origins: Path) -> None:
    head = commit(origins / "repos" / "runs" / f"{run.id}.git", {"larkfield/new.py": "ANSWER = 42\n"})
    hand.seal(head)
    hand.bye(AttemptState.SEALED, "sealed")
    seal.advance_all()
    passed, failed = (TestCase(name="a", outcome=word) for word in ("passed", "failed"))
    finish_check(run, {
        "after": TreeResult(exit_code=0, seconds=1.0, cases=[passed]),
        "base": TreeResult(exit_code=1, seconds=1.0, cases=[failed]),
    })  # fmt: skip
    seal.advance_all()


def merged(run: Run, actor: Actor) -> None:
    found = Proposal.objects.get(run=run, void=False)
    decide.decide(actor, "m", Verb.MERGE, runs=[run.id], head=found.head, digest=found.digest)
    merge.advance_all()
    merge.advance_all()
    run.refresh_from_db()
    assert run.phase == Phase.MERGED


def found_and_linked(watch: Watch, rita: Rita, alice: Person) -> None:
    """The first look starts nothing; a code in a comment says that Rita is Alice."""
    rita.writes("Prices are rounded twice", WORDS)
    turn()
    assert Ticket.objects.get(key=rita.key).facts["reporter_id"] == RITA
    rita.says(accounts.code(alice, watch.connection))
    turn()
    assert TrackerAccount.objects.get().person == alice


def test_the_whole_story_as_jira_tells_it(
    watch: Watch, rita: Rita, alice: Person, alice_acts: Actor, store: Store, tmp_path: Path
) -> None:
    found_and_linked(watch, rita, alice)
    assert Run.objects.count() == 0
    rita.ask("PUT", fields={"labels": ["agent:implement"]})
    turn()
    run = Run.objects.get()
    assert (run.ticket.key, run.opened_by, rita.status()) == (rita.key, alice, "In Progress")
    assert "Quarterdeck: Queued" in rita.told()[0]
    hand = begun(run)
    hand.step(Planned(plan=PLAN), node="plan")
    hand.ask(QUESTION)
    turn()
    status, question = rita.told()
    assert "Waiting for an answer" in status
    assert PLAN.steps[0].title in status
    assert "Round half up or half even?" in question
    rita.says("Half even")
    turn()
    assert Request.objects.get(kind="question").decision.actor == f"tracker:{RITA}"
    (command,) = hand.mail()
    assert command.answers["i-1"][0].choice == "even"
    hand.apply(command.id)
    sealed(hand, run, tmp_path)
    turn()
    assert rita.links() == [
        (f"quarterdeck-run={run.id}", f"Quarterdeck: ready for review, {Proposal.objects.get().head[:7]}")
    ]
    merged(run, alice_acts)
    turn()
    turn()
    assert rita.status() == "Merged"
    assert [title for _, title in rita.links()] == [f"Quarterdeck: merged, {Proposal.objects.get().head[:7]}"]
    status, question, result = rita.told()
    assert "Quarterdeck: Merged" in status
    assert result.startswith("*Merged.*")
    assert (Run.objects.count(), Wish.objects.filter(state="waiting").count()) == (1, 0)
