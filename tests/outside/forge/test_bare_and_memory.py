"""What a forge without a server of its own must do: the bare forge on real repositories, and its twin."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest

from quarterdeck.errors import Refused
from quarterdeck.outside.forge.bare import BareForge
from quarterdeck.outside.forge.memory import MemoryForge
from quarterdeck.outside.forge.port import Forge, Prepared, Target
from quarterdeck.outside.repos.store import Store
from testkit.origins import Origin, commit

WORDS = {"message": "Merge SHOP-1", "author": "Alice <alice@example.org>", "at": 1_700_000_000}


@dataclass(frozen=True)
class Scene:
    """A forge, a proposal that merges cleanly and one that does not, and a hand that moves the branch meanwhile."""

    forge: Forge
    run: str
    target: Target
    head: str
    colliding: str
    branch: Callable[[], str]
    meanwhile: Callable[[], str]

    def prepare(self, head: str = "") -> Prepared:
        return self.forge.prepare(self.run, self.target, head=head or self.head, **WORDS)


class ForgeContract:
    def test_publishing_twice_is_once(self, scene: Scene) -> None:
        first = scene.forge.publish(scene.run, scene.target, head=scene.head, title="t", body="b")
        assert scene.forge.publish(scene.run, scene.target, head=scene.head, title="t", body="b") == first
        assert first.state == "open"

    def test_a_merge_is_prepared_without_moving_anything_and_twice_the_same(self, scene: Scene) -> None:
        before = scene.branch()
        prepared = scene.prepare()
        assert prepared.old == before
        assert len(prepared.new) == 40
        assert scene.prepare() == prepared
        assert scene.branch() == before

    def test_landing_moves_the_branch_and_twice_is_once(self, scene: Scene) -> None:
        prepared = scene.prepare()
        assert scene.forge.land(scene.run, scene.target, prepared)
        assert scene.branch() == prepared.new
        assert scene.forge.land(scene.run, scene.target, prepared)

    def test_landing_is_done_when_the_branch_went_on(self, scene: Scene) -> None:
        prepared = scene.prepare()
        assert not scene.forge.landed(scene.run, scene.target, prepared)
        scene.forge.land(scene.run, scene.target, prepared)
        assert scene.forge.landed(scene.run, scene.target, prepared)
        newest = scene.meanwhile()
        assert scene.forge.landed(scene.run, scene.target, prepared)
        assert scene.forge.land(scene.run, scene.target, prepared)
        assert scene.branch() == newest

    def test_a_branch_that_moved_meanwhile_is_left_alone(self, scene: Scene) -> None:
        prepared = scene.prepare()
        newest = scene.meanwhile()
        assert not scene.forge.landed(scene.run, scene.target, prepared)
        assert not scene.forge.land(scene.run, scene.target, prepared)
        assert scene.branch() == newest

    def test_after_a_move_it_can_be_prepared_anew(self, scene: Scene) -> None:
        first = scene.prepare()
        scene.meanwhile()
        again = scene.prepare()
        assert again.old == scene.branch() != first.old
        assert scene.forge.land(scene.run, scene.target, again)

    def test_a_conflict_names_paths_and_no_commit(self, scene: Scene) -> None:
        prepared = scene.prepare(scene.colliding)
        assert (prepared.new, prepared.conflicts) == ("", ["app.py"])

    def test_a_branch_that_is_not_there_is_refused(self, scene: Scene) -> None:
        with pytest.raises(Refused) as caught:
            replace(scene, target=Target(scene.target.url, "nowhere")).prepare()
        assert caught.value.reason == "no_such_branch"


class TestBare(ForgeContract):
    @pytest.fixture
    def scene(self, tmp_path: Path) -> Scene:
        origin = Origin.make(tmp_path / "origin.git")
        base = origin.commit({"app.py": b"one\n"})
        store, run, repository = Store(tmp_path / "repos"), str(uuid4()), str(uuid4())
        store.mirror(repository, str(origin.path))
        store.open_run(run, repository, base)
        folder = store.folders.run_path(run)
        colliding = commit(folder, {"app.py": b"mine\n"}, ref="refs/made/c", parent=base)
        head = commit(folder, {"new.py": b"new\n"}, ref="refs/heads/run", parent=base)
        origin.commit({"app.py": b"two\n"})
        target = Target(f"file://{origin.path}", "main")
        return Scene(
            BareForge(store), run, target, head, colliding, origin.head, lambda: origin.commit({"other.py": b"x\n"})
        )


class TestMemory(ForgeContract):
    @pytest.fixture
    def scene(self) -> Scene:
        forge, target = MemoryForge(), Target("memory:shop", "main")
        forge.branches[target] = ["a" * 40]
        forge.conflicts["c" * 40] = ["app.py"]

        def meanwhile() -> str:
            forge.branches[target].append("d" * 40)
            return "d" * 40

        return Scene(forge, "run", target, "b" * 40, "c" * 40, lambda: forge.branches[target][-1], meanwhile)
