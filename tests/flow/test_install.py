"""Packages are installed once for each lock file, from the base alone, before an agent starts; and nothing half is kept."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deckwire.check import CheckReport, InstallOrder, TreeResult
from deckwire.envelope import Hello
from deckwire.tokens import derive
from deckwire.words import Audience, Phase, RequestKind
from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import checks, environments, intake, reconcile
from quarterdeck.flow.actor import Actor
from quarterdeck.outside.cluster.memory import MemoryCluster
from quarterdeck.outside.cluster.port import PlaceSpec
from quarterdeck.outside.repos.store import Store
from quarterdeck.record import ledger, lifecycle, tokens
from quarterdeck.record.models import Attempt, Check, Project, Repository, Request, Run, Ticket
from quarterdeck.record.snapshot import now
from quarterdeck.record.views import queue
from testkit import starting
from testkit.origins import commit

pytestmark = pytest.mark.django_db
COMMAND = "python3 -m venv /environment && /environment/bin/pip install -r requirements.txt"
Open = Callable[[], Run]


@dataclass(frozen=True)
class Reconciler:
    """Its passes by hand, over the twin."""

    cluster: MemoryCluster

    def turn(self) -> None:
        for order in reconcile.compare(asyncio.run(self.cluster.list()), self.there()):
            self.carry_out(order)
        starting.admitted(self.there())

    def there(self) -> frozenset[str]:
        return asyncio.run(self.cluster.environments())

    def carry_out(self, order: reconcile.Order) -> None:
        match order:
            case reconcile.Delete(name, uid, _):
                asyncio.run(self.cluster.delete(name, uid))
            case reconcile.Create(spec, attempt):
                self._create(spec, attempt, reconcile.created, reconcile.not_created)
            case checks.CreateCheck(spec, check):
                self._create(spec, check, checks.created, checks.not_created)
            case environments.Keep(filled, name, check):
                asyncio.run(self.cluster.keep_environment(filled, name))
                environments.kept(check)
            case environments.Drop(name):
                asyncio.run(self.cluster.drop_environment(name))

    def _create(self, spec: PlaceSpec, row: Any, created: Any, not_created: Any) -> None:
        try:
            place = asyncio.run(self.cluster.create(spec))
        except (Refused, TryLater, GaveUp) as no:
            not_created(row, no)
        else:
            created(row, place)

    def installs(self) -> list[PlaceSpec]:
        return [spec for spec in self.cluster.specs.values() if spec.kind == "install"]

    def report(self, code: int | None, output: str = "") -> None:
        """The newest install tells how it ended, and its place ends."""
        spec = self.installs()[-1]
        told = checks.hello(Hello(secret=spec.secret, nonce="n"))
        bearer = tokens.find(derive(told.session, Audience.CHECK), Audience.CHECK)
        assert bearer is not None
        result = TreeResult(exit_code=code, seconds=1.0, output=output)
        checks.report(bearer, CheckReport(trees={"installed": result}))
        self.cluster.end(spec.name, "done")

    def installed(self) -> None:
        """From the order to the folder under its lasting name."""
        self.turn()
        self.turn()
        self.report(0)
        self.turn()
        self.turn()


@pytest.fixture
def house(cluster: MemoryCluster, store: Store) -> Reconciler:
    return Reconciler(cluster)


@pytest.fixture(autouse=True)
def command(project: Project) -> None:
    Repository.objects.filter(project=project).update(install=COMMAND)


@pytest.fixture
def another(alice_acts: Actor, make_ticket: Callable[..., Ticket]) -> Open:
    return lambda: intake.open_run(alice_acts, f"assign-{Run.objects.count()}", make_ticket().id)


def fresh(run: Run) -> Run:
    return Run.objects.get(id=run.id)


def ends(run: Run) -> None:
    lifecycle.move(lifecycle.hold(run.id), Phase.CANCELLED, reason="stopped", by="test")


def changes_its_lock(tmp_path: Path, text: str) -> None:
    commit(tmp_path / "origin.git", {"requirements.txt": text.encode()}, ref="refs/heads/main")


def test_a_run_waits_for_its_packages_in_words_and_then_sees_them_read_only(run: Run, house: Reconciler) -> None:
    house.turn()
    house.turn()
    (spec,) = house.installs()
    assert (spec.kind, spec.network, spec.environment, spec.environment_writable) == ("install", True, spec.name, True)
    assert fresh(run).phase == Phase.QUEUED
    assert queue.reasons([fresh(run)], now())[run.id] == "Its packages are being installed."
    house.report(0)
    house.turn()
    assert fresh(run).phase == Phase.QUEUED, "nobody uses a folder while its place may still write"
    house.turn()
    assert fresh(run).phase == Phase.STARTING
    house.turn()
    attempt = house.cluster.specs[Attempt.objects.get(run=run).place]
    assert {attempt.environment} == house.there()
    assert (attempt.network, attempt.environment_writable) == (False, False)
    assert [e.body["state"] for e in ledger.after(run.stream, 0) if e.kind == "checked"] == ["queued", "passed"]


def test_what_installs_is_told_the_base_and_nothing_of_the_ticket(run: Run, house: Reconciler) -> None:
    house.turn()
    house.turn()
    told = checks.hello(Hello(secret=house.installs()[0].secret, nonce="n"))
    assert isinstance(told, InstallOrder)
    assert told.install == COMMAND
    assert list(told.trees) == ["installed"]
    assert run.ticket.title not in told.model_dump_json()
    assert tokens.find(derive(told.session, Audience.MODEL), Audience.MODEL) is None
    assert tokens.find(derive(told.session, Audience.STEP), Audience.STEP) is None


def test_a_project_without_an_install_command_waits_for_nothing(run: Run, house: Reconciler, project: Project) -> None:
    Repository.objects.filter(project=project).update(install="  ")
    house.turn()
    assert fresh(run).phase == Phase.STARTING
    assert not Check.objects.exists()


def test_runs_that_need_the_same_packages_wait_for_one_install(run: Run, house: Reconciler, another: Open) -> None:
    second = another()
    house.turn()
    house.turn()
    waiting = list(Run.objects.filter(phase=Phase.QUEUED))
    assert list(queue.reasons(waiting, now()).values()) == ["Its packages are being installed."] * 2
    house.report(0)
    house.turn()
    house.turn()
    assert {fresh(run).phase, fresh(second).phase} == {Phase.STARTING}
    third = another()
    house.turn()
    assert fresh(third).phase == Phase.STARTING
    assert len(house.installs()) == 1


def test_an_install_that_fails_ends_every_run_that_waits_with_its_last_lines(
    run: Run, house: Reconciler, another: Open
) -> None:
    second = another()
    house.turn()
    house.turn()
    house.report(1, "Collecting larkspur\nERROR: No matching distribution found for larkspur\n")
    house.turn()
    for one in (run, second):
        failed = fresh(one)
        assert (failed.phase, failed.reason) == (Phase.FAILED, "install_failed")
        assert "No matching distribution found for larkspur" in failed.reason_text
        assert "install command" in failed.remedy
        asked = Request.objects.get(run=one, state="open")
        assert asked.kind == RequestKind.FAILURE
        assert asked.body["quotes"][0]["lines"].startswith("Collecting larkspur")
    house.turn()
    assert house.there() == frozenset()


def test_a_retry_installs_again(run: Run, house: Reconciler, another: Open) -> None:
    house.turn()
    house.turn()
    house.report(None, "[it took more than 1800 s]")
    house.turn()
    assert fresh(run).phase == Phase.FAILED
    retried = another()
    house.installed()
    assert fresh(retried).phase == Phase.STARTING
    assert len(house.installs()) == 2


def test_an_install_that_dies_is_tried_again_in_an_empty_folder(run: Run, house: Reconciler) -> None:
    house.turn()
    house.turn()
    house.cluster.end(house.installs()[-1].name, "killed")
    house.turn()
    house.turn()
    first, second = house.installs()
    assert first.environment != second.environment
    assert house.there() == {second.environment}
    house.report(0)
    house.turn()
    house.turn()
    assert fresh(run).phase == Phase.STARTING


def test_an_install_that_dies_each_time_fails_the_run(run: Run, house: Reconciler) -> None:
    house.turn()
    for _ in range(checks.MAX_TRIES):
        house.turn()
        house.cluster.end(house.installs()[-1].name, "oom")
        house.turn()
    assert (fresh(run).phase, fresh(run).reason) == (Phase.FAILED, "install_failed")
    assert "more memory than its limit" in fresh(run).reason_text
    assert fresh(run).remedy.startswith("Give the project more memory"), "its command has nothing to mend"
    house.turn()
    assert house.there() == frozenset()


def test_an_install_that_never_fits_says_what_to_ask_for(run: Run, house: Reconciler) -> None:
    house.turn()
    for _ in range(checks.MAX_TRIES):
        house.cluster.refuse_next(Refused("It asks for 8Gi, the quota is 4Gi.", reason="too_large"))
        house.turn()
    house.turn()
    assert (fresh(run).phase, "8Gi" in fresh(run).reason_text) == (Phase.FAILED, True)
    assert fresh(run).remedy.startswith("Ask for less"), "its command has nothing to mend"


def test_a_report_without_the_ordered_tree_installs_nothing(run: Run, house: Reconciler) -> None:
    house.turn()
    house.turn()
    told = checks.hello(Hello(secret=house.installs()[0].secret, nonce="n"))
    bearer = tokens.find(derive(told.session, Audience.CHECK), Audience.CHECK)
    assert bearer is not None
    with pytest.raises(Refused):
        checks.report(bearer, CheckReport(trees={}))
    assert Check.objects.get().state == "running"


def test_a_reconciler_that_died_after_the_renaming_goes_on(run: Run, house: Reconciler) -> None:
    house.turn()
    house.turn()
    house.report(0)
    house.turn()
    check = Check.objects.get()
    asyncio.run(house.cluster.keep_environment(check.place, check.order["environment"]))
    house.turn()
    assert fresh(run).phase == Phase.STARTING
    assert house.there() == {check.order["environment"]}


def test_other_code_on_the_same_lock_file_needs_no_new_install(
    run: Run, house: Reconciler, another: Open, tmp_path: Path
) -> None:
    house.installed()
    commit(tmp_path / "origin.git", {"other.py": b"x = 1\n"}, ref="refs/heads/main")
    second = another()
    house.turn()
    assert fresh(second).phase == Phase.STARTING
    assert len(house.installs()) == 1


def test_a_new_lock_file_is_installed_and_the_old_one_goes_when_no_run_needs_it(
    run: Run, house: Reconciler, another: Open, tmp_path: Path
) -> None:
    house.installed()
    (old,) = house.there()
    changes_its_lock(tmp_path, "larkspur==2\n")
    second = another()
    house.installed()
    assert fresh(second).phase == Phase.STARTING
    house.turn()
    assert old in house.there(), "an open run still sees it"
    ends(run)
    house.turn()
    assert old not in house.there()
    ends(second)
    house.turn()
    assert len(house.there()) == 1, "the newest stays for the next run"


def test_another_command_is_another_environment(run: Run, house: Reconciler, another: Open, project: Project) -> None:
    house.installed()
    Repository.objects.filter(project=project).update(install="make venv")
    another()
    house.installed()
    assert len(house.there()) == 2


def test_packages_that_were_deleted_by_hand_are_installed_again(run: Run, house: Reconciler) -> None:
    house.installed()
    assert fresh(run).phase == Phase.STARTING
    house.cluster.folders.clear()
    house.turn()
    assert fresh(run).phase == Phase.QUEUED
    house.installed()
    assert fresh(run).phase == Phase.STARTING
    house.turn()
    assert len(house.cluster.specs) == 3, "two installs and the attempt"


def test_a_check_whose_packages_are_gone_does_not_ask_for_ever(run: Run, house: Reconciler) -> None:
    Repository.objects.update(install="")
    house.turn()
    house.turn()
    check = Check.objects.create(run=run, order={"seconds": 1, "trees": {}})
    Run.objects.get(id=run.id).repositories.update(environment="lost")
    for _ in range(checks.MAX_TRIES):
        house.turn()
    check.refresh_from_db()
    assert (check.state, check.note) == ("broken", "The project's packages are not there any more.")


def test_a_folder_that_we_did_not_name_is_left_alone(run: Run, house: Reconciler) -> None:
    house.cluster.folders.update({"by-hand", f"{'0' * 32}-{'0' * 24}"})
    house.turn()
    assert house.there() == {"by-hand"}


def test_a_slow_install_holds_up_no_evidence(run: Run, house: Reconciler) -> None:
    for n in range(checks.PLACES + 1):
        Check.objects.create(run=run, name="install", order={"seconds": 1, "environment": f"e-{n}", "trees": {}})
    Check.objects.create(run=run, order={"seconds": 1, "trees": {}})
    house.turn()
    kinds = sorted(spec.kind for spec in house.cluster.specs.values())
    assert kinds == ["check", "install", "install"]
