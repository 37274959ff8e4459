"""Only what was approved is merged: heads made to look like one thing and merge as another, and neighbours that are broken."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deckwire.words import AttemptState, Phase, Verb
from quarterdeck.flow import decide, intake, merge, seal
from quarterdeck.flow.actor import Actor
from quarterdeck.outside import plugs
from quarterdeck.outside.forge.bare import BareForge
from quarterdeck.outside.forge.port import Prepared, Target
from quarterdeck.outside.repos.store import Store
from quarterdeck.record.models import Approval, Check, Proposal, Repository, Run, RunRepository, Ticket
from testkit import starting
from testkit.hand import commit
from testkit.origins import Origin

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed(
    store: Store, alice_acts: Actor, make_ticket: Callable[..., Ticket], tmp_path: Path
) -> Callable[[Callable[[Path], str]], Run]:
    """A run whose agent pushed and sealed what the given function makes in its repository."""
    Repository.objects.update(test="")  # no checks: these tests are about the merge alone

    def make(write: Callable[[Path], str]) -> Run:
        run = intake.open_run(alice_acts, "assign", make_ticket().id)
        assert starting.prepared(run)
        hand = starting.next_hand(run)
        hand.step()
        hand.seal(write(tmp_path / "repos" / "runs" / f"{run.id}.git"))
        hand.bye(AttemptState.SEALED, "sealed")
        return run

    return make


class Dying:
    """A forge whose worker is killed with the push done and the answer not yet heard."""

    def __init__(self, forge: BareForge) -> None:
        self.forge = forge

    def __getattr__(self, name: str) -> Any:
        return getattr(self.forge, name)

    def land(self, run: str, target: Target, prepared: Prepared) -> bool:
        self.forge.land(run, target, prepared)
        raise KeyboardInterrupt


def plain(repository: Path) -> str:
    return commit(repository, {"larkfield/new.py": "ANSWER = 42\n"})


def on_an_older_base(repository: Path) -> str:
    """Looks as if it took the branch's last commit back; merged, it would not."""
    older = git(repository, "rev-parse", "refs/heads/run~1")
    return commit(repository, {"larkfield/new.py": "ANSWER = 42\n"}, parent=older)


def git(repository: Path, *arguments: str) -> str:
    command = ["git", "--git-dir", str(repository), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def approve(actor: Actor, run: Run) -> None:
    proposal = Proposal.objects.get(run=run, void=False)
    line = decide.decide(actor, "m", Verb.MERGE, runs=[run.id], head=proposal.head, digest=proposal.digest).lines[0]
    assert line.fate == "applied", line.why


def phase(run: Run) -> str:
    return Run.objects.get(id=run.id).phase


def test_a_head_whose_merge_is_not_the_diff_that_was_approved_goes_back_to_review(
    sealed: Callable[[Callable[[Path], str]], Run], alice_acts: Actor, tmp_path: Path
) -> None:
    run = sealed(on_an_older_base)
    seal.advance_all()
    seal.advance_all()
    before = git(tmp_path / "origin.git", "rev-parse", "main")
    approve(alice_acts, run)
    merge.advance_all()
    assert (phase(run), Run.objects.get(id=run.id).reason) == (Phase.REVIEW, "diff_changed")
    assert git(tmp_path / "origin.git", "rev-parse", "main") == before
    assert not Approval.objects.filter(run=run, void_at__isnull=True).exists()


def test_what_a_died_push_had_landed_is_neither_tested_nor_landed_again(
    sealed: Callable[[Callable[[Path], str]], Run], alice_acts: Actor, tmp_path: Path, store: Store
) -> None:
    """The base moved, there was no test command; the push went through, and its worker died before it could say so."""
    origin, run = tmp_path / "origin.git", sealed(plain)
    for _ in range(2):
        seal.advance_all()
    Origin(origin).commit({"elsewhere.txt": b"1"})
    approve(alice_acts, run)
    plugs.fit("forge:bare", Dying(BareForge(store)))
    with pytest.raises(KeyboardInterrupt):
        merge.advance(run.id)
    landed = git(origin, "rev-parse", "main")
    assert phase(run) == Phase.MERGING
    plugs.fit("forge:bare", BareForge(store))
    Repository.objects.update(test="make test")
    Origin(origin).commit({"later.txt": b"1"})
    after = git(origin, "rev-parse", "main")
    assert merge.advance(run.id)
    assert (phase(run), Check.objects.count()) == (Phase.MERGED, 0)
    assert git(origin, "rev-parse", "main") == after
    assert git(origin, "rev-list", "--count", "--merges", "main") == "1"
    assert Proposal.objects.get(run=run).merge_new == landed


def test_a_merge_whose_record_is_broken_does_not_hold_up_the_others(
    sealed: Callable[[Callable[[Path], str]], Run], alice_acts: Actor
) -> None:
    broken, good = sealed(plain), sealed(plain)
    for _ in range(2):
        seal.advance_all()
    approve(alice_acts, broken)
    approve(alice_acts, good)
    Proposal.objects.filter(run=broken).update(void=True)
    merge.advance_all()
    assert (phase(broken), phase(good)) == (Phase.PUBLISHING, Phase.MERGED)


def test_a_seal_whose_record_is_broken_does_not_hold_up_the_others(
    sealed: Callable[[Callable[[Path], str]], Run],
) -> None:
    broken, good = sealed(plain), sealed(plain)
    RunRepository.objects.filter(run=broken).delete()
    for _ in range(2):
        seal.advance_all()
    assert (phase(broken), phase(good)) == (Phase.SEALING, Phase.REVIEW)
