"""What was found out by trying, held by a test each: mirrors, alternates, pins, hidden objects."""

import os
import shutil
from pathlib import Path

from quarterdeck.outside.repos.store import Store
from testkit.origins import Origin, git, tried

from .conftest import World, everything_in


def test_a_branch_deleted_upstream_leaves_every_open_run_whole(world: World) -> None:
    topic = world.origin.commit({"t.py": b"1\n"}, branch="topic", parent=world.base)
    world.store.mirror(world.repository, world.url)
    world.store.open_run(run := world.another_run()[:-12] + "a" * 12, world.repository, topic)
    git(world.origin.path, "update-ref", "-d", "refs/heads/topic")
    assert world.store.mirror(world.repository, world.url) == {"main": world.base}
    tried(world.mirror_folder, "gc", "--prune=now")
    git(world.store.folders.run_path(run), "fsck", "--connectivity-only")
    assert world.store.has_commit(run, topic)


def test_a_fetch_with_prune_leaves_our_pins(world: World) -> None:
    world.origin.commit({"x": b"1\n"})
    world.store.mirror(world.repository, world.url)
    assert git(world.mirror_folder, "for-each-ref", "--format=%(refname)", "refs/pins") == (
        f"refs/pins/{world.run}/{world.base}"
    )


def test_a_rewritten_branch_is_followed_and_tags_come_along(world: World) -> None:
    git(world.origin.path, "tag", "v1", world.base)
    again = world.origin.commit({"y": b"1\n"}, branch="other")
    git(world.origin.path, "update-ref", "refs/heads/main", again)
    assert world.store.mirror(world.repository, world.url)["main"] == again
    assert git(world.mirror_folder, "rev-parse", "v1") == world.base


def test_git_refuses_to_prune_a_mirror_and_a_run(world: World) -> None:
    for folder in (world.mirror_folder, world.run_folder):
        for command in (["prune"], ["repack", "-a", "-d"]):
            done = tried(folder, *command)
            assert done.returncode != 0
            assert "precious" in done.stderr


def test_the_whole_root_may_move(world: World, tmp_path: Path) -> None:
    head = world.work({"app.py": b"new\n"})
    shutil.move(world.store.root, tmp_path / "else" / "where")
    moved = Store(tmp_path / "else" / "where")
    assert moved.diff(world.run, world.base, head).added == 1
    assert not os.path.isabs((moved.folders.run_path(world.run) / "objects/info/alternates").read_text())


def test_a_root_with_odd_characters_in_its_name_works(world: World, tmp_path: Path) -> None:
    store = Store(tmp_path / 'a:b "c" #d')
    store.mirror(world.repository, world.url)
    store.open_run(world.run, world.repository, world.base)
    assert store.preview(world.run, world.base, world.base).clean


def test_nothing_of_a_run_reaches_the_mirror(world: World) -> None:
    before = everything_in(world.mirror_folder)
    head = world.work({"app.py": b"ours\n"})
    newer = world.origin.commit({"other.py": b"theirs\n"})
    world.store.preview(world.run, world.base, head)
    world.store.tip(world.run, world.url, "main")
    fetched = everything_in(world.mirror_folder)
    sha = world.store.merge_commit(world.run, newer, head, message="m", author="Alice <a@example.org>", at=1)
    world.store.freeze(world.run, head)
    assert everything_in(world.mirror_folder) == fetched
    assert not {head, sha} & everything_in(world.mirror_folder)
    assert before < fetched


def test_a_preview_leaves_nothing_in_the_run_either(world: World) -> None:
    head = world.work({"app.py": b"ours\n"})
    newer = world.origin.commit({"other.py": b"theirs\n"})
    world.store.tip(world.run, world.url, "main")
    before = everything_in(world.run_folder)
    world.store.preview(world.run, newer, head)
    assert everything_in(world.run_folder) == before
    assert list((world.store.root / "scratch").iterdir()) == []


def test_a_repository_half_made_is_never_met(world: World) -> None:
    """The process died while it built: the leavings lie in scratch, and opening again makes the whole."""
    leavings = world.store.root / "scratch" / "f00.git"
    (leavings / "objects").mkdir(parents=True)
    run = world.another_run()
    assert world.store.head(run) == world.base
    os.utime(leavings, (1, 1))
    world.store.folders.sweep()
    assert not leavings.exists()


def test_a_hook_of_the_run_or_the_mirror_is_never_started(world: World, tmp_path: Path) -> None:
    for folder in (world.run_folder, world.mirror_folder):
        for name in ("reference-transaction", "pre-push", "post-update"):
            hook = folder / "hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
            hook.chmod(0o755)
    head = world.work({"app.py": b"ours\n"})
    assert (tmp_path / "started").exists()  # the tests' own git does start them
    (tmp_path / "started").unlink()
    world.store.pin(world.run, 1, head)
    world.store.publish(world.run, world.url, "main", old=world.base, new=head)
    world.store.mirror(world.repository, world.url)
    assert not (tmp_path / "started").exists()


def test_the_newest_state_of_another_project_is_not_this_runs(world: World, tmp_path: Path) -> None:
    foreign = Origin.make(tmp_path / "foreign.git").commit({"secret": b"1\n"})
    assert not world.store.has_commit(world.run, foreign)
