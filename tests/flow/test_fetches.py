"""Repositories are fetched by the worker: a slow or broken remote holds up its own runs, in words, and nobody else."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now

from deckwire.words import Phase
from quarterdeck.errors import Refused, TryLater
from quarterdeck.flow import fetches, intake, projects, reconcile
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.repos.store import Store
from quarterdeck.record.models import Person, Project, Repository, Run, RunRepository, Ticket
from quarterdeck.record.snapshot import now
from quarterdeck.record.views import queue
from testkit.origins import Origin
from testkit.remotes import Remote

pytestmark = pytest.mark.django_db


def why(run: Run) -> str:
    return queue.reasons([fresh(run)], now())[run.id]


def fresh(run: Run) -> Run:
    return Run.objects.get(id=run.id)


def later() -> None:
    Repository.objects.update(fetch_due=Now() - timedelta(seconds=1))


def test_the_reconcilers_pass_asks_no_remote(run: Run, remote: Callable[..., Remote]) -> None:
    asked = remote().asked
    assert reconcile.admit_all() == 0
    assert asked == []
    assert why(run) == "Fetching the repository."
    assert fetches.work() == 1
    assert reconcile.admit_all() == 1
    assert fresh(run).phase == Phase.STARTING


def test_runs_of_one_repository_wait_for_one_fetch(
    run: Run, alice_acts: Actor, make_ticket: Callable[..., Ticket], remote: Callable[..., Remote]
) -> None:
    for n in range(4):
        intake.open_run(alice_acts, f"k{n}", make_ticket().id)
    asked = remote().asked
    reconcile.admit_all()
    reconcile.admit_all()
    fetches.work()
    assert len(asked) == 1
    assert reconcile.admit_all() == 3, "as many as there are places"
    assert RunRepository.objects.filter(base="").count() == 2, (
        "the others begin at what is newest when their turn comes"
    )


def test_a_remote_that_is_away_is_asked_again_after_a_growing_pause_and_the_card_says_so(
    run: Run, remote: Callable[..., Remote]
) -> None:
    away = TryLater("lark.example cannot be fetched now: timed out", after=1.0, reason="unreachable")
    asked = remote(away, away).asked
    reconcile.admit_all()
    assert fetches.work() == 0
    assert fetches.work() == 0, "not at once again"
    assert len(asked) == 1
    words = "etching the repository again soon: lark.example cannot be fetched now: timed out"
    assert why(run) == f"F{words}."
    first = Repository.objects.get().fetch_due
    later()
    fetches.work()
    assert first is not None
    assert Repository.objects.get().fetch_tries == 2
    later()
    assert fetches.work() == 1
    assert (Repository.objects.get().fetch_tries, Repository.objects.get().fetch_note) == (0, "")
    assert reconcile.admit_all() == 1


def test_what_can_never_be_fetched_ends_its_runs_in_words(run: Run, remote: Callable[..., Remote]) -> None:
    remote(Refused("There is no repository there.", reason="no_such_repository", remedy="Check the address."))
    reconcile.admit_all()
    fetches.work()
    assert (fresh(run).phase, fresh(run).reason) == (Phase.FAILED, "no_such_repository")
    assert Repository.objects.get().fetch_due is None


def test_one_that_breaks_us_is_asked_again_later_in_words_and_the_others_are_fetched_now(
    run: Run, remote: Callable[..., Remote]
) -> None:
    remote(ZeroDivisionError())
    reconcile.admit_all()
    wren = Project.objects.create(slug="wren", name="Wren", key="WREN")
    Repository.objects.create(project=wren, url=Repository.objects.get().url, fetch_due=Now())
    assert fetches.work() == 1
    assert "not foreseen (ZeroDivisionError)" in why(run)
    assert Repository.objects.get(project=run.project).fetch_lease is None


def test_who_died_at_it_is_followed_by_another_when_its_lease_is_over(run: Run, remote: Callable[..., Remote]) -> None:
    remote()
    reconcile.admit_all()
    Repository.objects.update(fetch_lease=Now() + timedelta(seconds=20))
    assert fetches.work() == 0
    Repository.objects.update(fetch_lease=Now() - timedelta(seconds=1))
    assert fetches.work() == 1


def test_slow_remotes_leave_threads_to_others(run: Run, remote: Callable[..., Remote]) -> None:
    asked = remote().asked
    reconcile.admit_all()
    for n in range(fetches.MOST_AT_ONCE):
        busy = Project.objects.create(slug=f"p{n}", name=f"P{n}", key=f"P{n}X")
        Repository.objects.create(
            project=busy, url="https://slow.example/a.git", fetch_lease=Now() + timedelta(seconds=9)
        )
    assert fetches.work() == 0
    assert asked == []


def test_a_mended_address_is_fetched_without_the_old_ones_pause(run: Run, project: Project, alice: Person) -> None:
    Repository.objects.update(fetch_due=Now() + timedelta(minutes=5), fetch_tries=9, fetch_note="timed out")
    row = Repository.objects.get()
    same = {"url": row.url, "branch": "main", "install": "", "setup": "", "test": "", "report": ""}
    from quarterdeck.flow import actor

    projects.edit(actor.person(alice), project.id, repository=same)
    row.refresh_from_db()
    assert (row.fetch_due, row.fetch_tries, row.fetch_note) == (None, 0, "")


def test_a_run_is_opened_while_the_same_mirror_is_being_fetched(run: Run, store: Store, tmp_path: Path) -> None:
    """The fetch holds the mirror's lock for minutes; the launcher may not stand behind it."""
    origin, repository = Origin(tmp_path / "origin.git"), str(RunRepository.objects.get(run=run).repository_id)
    store.mirror(repository, str(origin.path))
    opened = threading.Event()

    def open_it() -> None:
        store.open_run(str(run.id), repository, origin.head())
        opened.set()

    with store.folders.lock(f"mirror-{repository}", wait=1):
        threading.Thread(target=open_it, daemon=True).start()
        assert opened.wait(10)
