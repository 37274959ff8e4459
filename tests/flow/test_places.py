"""Places are given in one order, under one lock, within the money there is; and whoever waits is told why."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from deckwire.words import Phase
from quarterdeck.errors import Refused
from quarterdeck.flow import intake, launch, priorities, projects, reconcile
from quarterdeck.flow.actor import Actor
from quarterdeck.outside import plugs
from quarterdeck.outside.repos.store import Store
from quarterdeck.record import fleet
from quarterdeck.record.models import (
    Attempt,
    Audit,
    Event,
    ModelCall,
    Project,
    Repository,
    Run,
    RunRepository,
    SiteSetting,
    Ticket,
)  # fmt: skip
from quarterdeck.record.snapshot import now
from quarterdeck.record.views import queue
from testkit import starting

Open = Callable[..., Run]


@pytest.fixture
def wren(db: None) -> Project:
    """A project beside Larkfield, with runs that need no repository of their own."""
    made = Project.objects.create(slug="wren", name="Wren", key="WREN", places=10)
    Repository.objects.create(project=made, url="/nowhere")
    return made


@pytest.fixture
def opened(project: Project) -> Open:
    """A queued run, as if its ticket had just been assigned."""

    def make(of: Project | None = None, **fields: object) -> Run:
        at = of or project
        n = Ticket.objects.filter(project=at).count() + 1
        ticket = Ticket.objects.create(
            project=at, tracker="board", external_id=str(uuid4()), key=f"{at.key}-{n}", title=f"Ticket {n}",
            priority=fields.pop("ticket_priority", "Medium"),
        )  # fmt: skip
        run = Run.objects.create(ticket=ticket, project=at, **fields)
        RunRepository.objects.create(run=run, repository=at.repositories.get(), base="a" * 40)
        return run

    return make


class Counting(Store):
    """A store that opens no run's repository, and counts who asked."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        object.__setattr__(self, "opened", [])

    def open_run(self, run: str, *more: Any) -> None:
        self.opened.append(run)


def site(places: int) -> None:
    SiteSetting.objects.update_or_create(name="places", defaults={"value": places})


def said(*runs: Run) -> list[str]:
    rows = list(Run.objects.filter(id__in=[run.id for run in runs]).select_related("ticket"))
    reasons = queue.reasons(rows, now())
    return [reasons[run.id] for run in runs]


def give_all(*runs: Run) -> list[str]:
    """In one pass, as the reconciler does it; after it nobody of them can be given a place."""
    ready = {run.id for run in runs}
    given = [attempt.run_id for attempt in launch.give_all(ready)]
    assert starting.give(*ready) is None
    keys = dict(Run.objects.filter(id__in=given).values_list("id", "ticket__key"))
    return [keys[one] for one in given]


def spend(run: Run, micro: int) -> None:
    ModelCall.objects.create(run=run, call=str(uuid4()), digest="d", epoch=1, model="m", state="done", settled=micro)


def test_places_go_round_by_weight_and_within_a_project_by_priority_then_age(
    project: Project, wren: Project, opened: Open
) -> None:
    site(6)
    Project.objects.filter(id=project.id).update(weight=2, places=10)
    first, second, third, fourth = (opened() for _ in range(4))
    urgent = opened(ticket_priority="Highest")
    others = [opened(wren) for _ in range(4)]
    keys = give_all(first, second, third, fourth, urgent, *others)
    assert [key for key in keys if key.startswith("LARK")] == [
        urgent.ticket.key, first.ticket.key, second.ticket.key, third.ticket.key,
    ]  # fmt: skip
    assert [key for key in keys if key.startswith("WREN")] == [one.ticket.key for one in others[:2]]


def test_a_supervisors_word_counts_more_than_the_tickets_and_is_written_down(
    alice_acts: Actor, project: Project, opened: Open
) -> None:
    first, second = opened(ticket_priority="High"), opened(ticket_priority="Low")
    priorities.prioritise(alice_acts, second.id, "Highest")
    assert [run.id for run in launch.in_turn()[0]] == [second.id, first.id]
    priorities.prioritise(alice_acts, second.id, "")
    assert [run.id for run in launch.in_turn()[0]] == [first.id, second.id]
    assert [row.body["priority"] for row in Audit.objects.filter(verb="run prioritised")] == ["Highest", "its ticket's"]
    assert Event.objects.filter(stream=second.stream, kind="decided", body__verb="priority").count() == 2


def test_a_retry_is_wanted_as_much_as_what_it_retries(alice_acts: Actor, run: Run) -> None:
    priorities.prioritise(alice_acts, run.id, "Low")
    Run.objects.filter(id=run.id).update(phase=Phase.FAILED, finished_at=now())
    run.refresh_from_db()
    assert intake.open_run(alice_acts, "again", run.ticket_id, parent=run).priority == "Low"


def test_only_a_known_priority_is_taken_and_only_of_a_run_that_is_open(alice_acts: Actor, opened: Open) -> None:
    run = opened()
    with pytest.raises(Refused) as no:
        priorities.prioritise(alice_acts, run.id, "Now!")
    assert (no.value.reason, no.value.status) == ("malformed", 422)
    Run.objects.filter(id=run.id).update(phase=Phase.CANCELLED, finished_at=now())
    with pytest.raises(Refused) as ended:
        priorities.prioritise(alice_acts, run.id, "High")
    assert ended.value.reason == "ended"


def test_who_waits_is_told_what_is_ahead_and_which_places_are_taken(
    project: Project, wren: Project, opened: Open
) -> None:
    site(3)
    Project.objects.filter(id=project.id).update(places=2)
    assert said(opened()) == ["Next to start."]
    give_all(opened(), *Run.objects.all())
    waiting = [opened() for _ in range(5)]
    keys = [run.ticket.key for run in waiting]
    full = "Larkfield has 2 of 2 places in use"
    assert said(*waiting[:2]) == [f"Next in line; {full}.", f"1 ahead: {keys[0]}; {full}."]
    assert said(waiting[4]) == [f"4 ahead: {keys[0]}, {keys[1]}, {keys[2]} and 1 more of its project; {full}."]
    other = opened(wren)
    assert said(other) == ["Next to start."]
    give_all(other)
    assert said(waiting[0]) == [f"Next in line; {full}; waits for a place in all: 3 of 3 in use."]


def test_tickets_of_other_projects_are_counted_and_never_named(project: Project, wren: Project, opened: Open) -> None:
    site(0)
    opened(wren, ticket_priority="Highest")
    mine = opened()
    assert said(mine) == ["1 ahead: 1 of other projects; waits for a place in all: 0 of 0 in use."]


def test_what_is_shown_is_what_happens(project: Project, wren: Project, opened: Open) -> None:
    Project.objects.filter(id=wren.id).update(weight=3)
    Project.objects.filter(id=project.id).update(places=10)
    runs = [
        opened(of, ticket_priority=word) for word in ("Low", "High", "Medium") for of in (wren, project) for _ in "ab"
    ]
    shown = [entry.ticket_key for entry in fleet.fleet([project.id, wren.id]).queue]
    assert give_all(*runs) == shown


def test_a_project_that_has_spent_its_day_starts_nothing_and_says_so(
    alice_acts: Actor, project: Project, wren: Project, opened: Open
) -> None:
    projects.edit(alice_acts, project.id, daily_micro=3_000_000)
    run, other = opened(), opened(wren)
    spend(run, 2_999_999)
    assert said(run) == ["Next to start."]
    spend(run, 1)
    (words,) = said(run)
    assert words.startswith("Next in line; Larkfield has spent $3.00 of $3.00 today")
    assert give_all(run, other) == [other.ticket.key]
    projects.edit(alice_acts, project.id, daily_micro=0)
    assert give_all(run) == [run.ticket.key]


def test_the_whole_installations_day_counts_for_everybody(alice_acts: Actor, opened: Open, wren: Project) -> None:
    run, other = opened(), opened(wren)
    spend(other, 5_000_000)
    priorities.set_site(alice_acts, daily_micro=4_000_000)
    assert give_all(run, other) == []
    assert "this installation has spent $5.00 of $4.00 today" in said(run)[0]
    priorities.set_site(alice_acts, daily_micro=0)
    assert len(give_all(run, other)) == 2


def test_what_was_spent_yesterday_does_not_count(alice_acts: Actor, project: Project, opened: Open) -> None:
    projects.edit(alice_acts, project.id, daily_micro=1)
    run = opened()
    spend(run, 5)
    ModelCall.objects.update(created_at=now().replace(year=2025))
    assert give_all(run) == [run.ticket.key]


def test_a_run_that_is_not_ready_holds_up_nobody_behind_it(opened: Open, project: Project, store: Store) -> None:
    Project.objects.filter(id=project.id).update(places=1)
    first = opened()
    RunRepository.objects.filter(run=first).update(base="")
    Repository.objects.filter(project=project).update(fetch_due=now().replace(year=2036))
    second = opened()
    assert starting.give(second.id) is not None
    assert said(first)[0].startswith("Fetching the repository")


def test_explaining_two_hundred_waiting_runs_takes_as_many_queries_as_explaining_two(
    project: Project, opened: Open
) -> None:
    def asked() -> int:
        runs = list(Run.objects.filter(phase=Phase.QUEUED).select_related("ticket"))
        with CaptureQueriesContext(
            connection,
        ) as counted:
            reasons = queue.reasons(runs, now())
        assert len(reasons) == len(runs)
        return len(counted)

    two = [opened() for _ in range(2)] and asked()
    many = [opened() for _ in range(198)] and asked()
    assert two == many <= 10


@pytest.mark.django_db(transaction=True)
def test_two_reconcilers_at_once_give_no_place_twice_and_none_too_many(
    alice_acts: Actor, project: Project, make_ticket: Callable[..., Ticket], store: Store
) -> None:
    site(4)
    Project.objects.filter(id=project.id).update(places=5)
    intake.open_runs(alice_acts, "many", [make_ticket().id for _ in range(8)])
    starting.admitted()
    Attempt.objects.all().delete()
    Run.objects.update(phase=Phase.QUEUED, epoch=0)
    ready = set(Run.objects.values_list("id", flat=True))
    together, given = threading.Barrier(4), list[Attempt]()

    def reconciler() -> None:
        together.wait()
        while attempt := starting.give(*ready):
            given.append(attempt)
        connection.close()

    def in_one_pass() -> None:
        together.wait()
        given.extend(launch.give_all(ready))
        connection.close()

    threads = [threading.Thread(target=one) for one in (reconciler, in_one_pass) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(given) == len({one.run_id for one in given}) == 4
    assert reconcile.admit_all() == 0


def test_one_pass_gives_places_in_the_same_order_as_one_at_a_time(
    project: Project, wren: Project, opened: Open
) -> None:
    site(5)
    Project.objects.filter(id=project.id).update(weight=2, places=10)
    runs = [opened(one) for one in (project, project, wren, project, wren, project, wren)]
    ready, single = {run.id for run in runs}, []
    with transaction.atomic():
        while attempt := starting.give(*ready):
            single.append(attempt.run_id)
        transaction.set_rollback(True)
    assert [attempt.run_id for attempt in launch.give_all(ready)] == single
    assert len(single) == 5


def test_who_waits_is_asked_once_for_a_pass_however_many_places_it_gives(opened: Open, project: Project) -> None:
    """Each attempt costs its own rows and one count of places; the whole line and the site's settings are read once."""
    Project.objects.filter(id=project.id).update(places=100)
    ready = {opened().id for _ in range(12)}

    def asked(places: int) -> int:
        site(places)
        with CaptureQueriesContext(connection) as caught:
            launch.give_all(ready)
        assert Attempt.objects.count() == places
        return sum(any(word in one["sql"] for word in counting) for one in caught)

    counting = ('FROM "record_sitesetting"', '"record_ticket"."key"')
    assert [asked(2), asked(10)] == [2, 2]


def test_who_stopped_waiting_takes_no_place_from_the_next(opened: Open, project: Project) -> None:
    site(1)
    gone, kept = opened(), opened()
    Attempt.objects.create(run=gone, epoch=1, gone=True, state="pending")
    assert [one.run_id for one in launch.give_all({gone.id, kept.id})] == [kept.id]


def test_no_more_runs_are_prepared_than_there_are_places_for(opened: Open, project: Project, store: Store) -> None:
    site(2)
    Project.objects.filter(id=project.id).update(places=100)
    for _ in range(30):
        opened()
    counting = Counting(store.root)
    plugs.fit("repos", counting)
    reconcile.admit_all()
    assert len(counting.opened) == 2
