"""Time, memory and output have ends, and what oversteps them is ended with its children."""

import multiprocessing
import resource
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.repos.plumbing import Bounds, Git
from quarterdeck.outside.repos.push import Move, read_moves
from quarterdeck.outside.repos.weigh import Known, Quota, Spread
from testkit.origins import blob_bomb, delta_bomb, tree_bomb

from .conftest import World, nobody


def pushed(world: World, new: str, packed: bytes, path: Path) -> None:
    path.write_bytes(packed)
    move = Move("refs/heads/run", world.base, new, frozenset())
    with path.open("rb") as pack:
        world.store.take(world.run, [move], pack, nobody)


@pytest.mark.parametrize("bomb", ["blob", "tree"])
def test_a_bomb_costs_us_little_memory(world: World, tmp_path: Path, bomb: str) -> None:
    if bomb == "blob":
        new, packed = blob_bomb(world.base, size=600 << 20)
    else:
        new, packed = tree_bomb(world.base, width=10, levels=12)
    reason, kilobytes, own = _apart(lambda: pushed(world, new, packed, tmp_path / "pack"))
    assert reason == "quota"
    assert kilobytes < max(300 << 10, own + (32 << 10)), "the biggest git of all"


def _apart(push: Callable[[], None]) -> tuple[str, int, int]:
    """Pushes in a process of its own, whose children are only this push's: why it was refused, its biggest child and itself.

    A child begins as a copy of this process, which has grown by all the tests before: it is never smaller than that."""
    fork = multiprocessing.get_context("fork")
    told = fork.SimpleQueue()

    def act() -> None:
        try:
            push()
        except Refused as no:
            biggest = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
            told.put((no.reason, *biggest))

    child = fork.Process(target=act)
    child.start()
    child.join(timeout=120)
    assert child.exitcode == 0
    assert not told.empty(), "nobody refused it"
    answer: tuple[str, int, int] = told.get()
    return answer


@pytest.mark.parametrize(("memory", "reason"), [(160 << 20, "broken"), (768 << 20, "quota")])
def test_a_delta_that_unfolds_is_stopped_by_memory_or_by_weight(
    world: World, tmp_path: Path, memory: int, reason: str
) -> None:
    """A delta of kilobytes says how big its result is, and git reserves it at once."""
    new, packed = delta_bomb(world.base, size=256 << 20)
    assert len(packed) < 1000
    tight = replace(world, store=replace(world.store, quota=Quota(memory=memory)))
    with pytest.raises(Refused) as caught:
        pushed(tight, new, packed, tmp_path / "pack")
    assert caught.value.reason == reason


def test_a_run_that_is_full_takes_no_more(world: World, tmp_path: Path) -> None:
    (world.run_folder / "objects" / "pack" / "pack-old.pack").write_bytes(bytes(100))
    full = replace(world.store, quota=Quota(run=10))
    with pytest.raises(Refused) as caught:
        full.take(world.run, [Move("refs/heads/run", world.base, world.base, frozenset())], BytesIO(), nobody)
    assert (caught.value.reason, caught.value.status) == ("quota", 413)


def test_a_git_that_takes_too_long_is_ended(world: World, tmp_path: Path) -> None:
    slow = Git(world.run_folder, {"GIT_SSH": "x"}, Bounds(seconds=0.2))
    with pytest.raises(TryLater) as caught:
        slow.run("-c", "alias.wait=!exec sleep 60", "wait")
    assert caught.value.reason == "slow"


def test_output_beyond_the_bound_is_cut_and_said(world: World) -> None:
    done = Git(world.run_folder, bounds=Bounds(output=10)).run("cat-file", "-p", world.base)
    assert (len(done.out), done.cut) == (10, True)


def test_the_machines_own_git_settings_are_not_read(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text("[alias]\n\tshout = !echo read\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "alias.shout")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "!echo read")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/nowhere")
    assert Git(world.run_folder).run("shout").code != 0
    assert world.store.has_commit(world.run, world.base)


def test_weights_are_remembered_and_the_oldest_forgotten() -> None:
    known = Known(most=2)
    known.put({"a": Spread(1, 1, 1), "b": Spread(2, 1, 1)})
    known.get("a")
    known.put({"c": Spread(3, 1, 1)})
    assert (known.get("a"), known.get("b"), known.get("c")) == (Spread(1, 1, 1), None, Spread(3, 1, 1))


def test_a_push_of_endless_lines_is_not_read_to_its_end() -> None:
    line = b"0035shallow " + b"a" * 40 + b"\n"
    with pytest.raises(Refused):
        read_moves(BytesIO(line * 100))
