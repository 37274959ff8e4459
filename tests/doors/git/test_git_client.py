"""A real git client against the served door: clone, fetch, push, and every push that must not be."""

import random
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from testkit.origins import Made, blob_bomb, commit, commit_object, git, pack, tree, tree_bomb, tried

from .conftest import Clone, Served, cloned


def test_a_clone_is_the_base_and_a_push_moves_the_run(served: Served, clone: Clone) -> None:
    assert clone.git("rev-parse", "HEAD") == served.base
    head = clone.write({"app.py": b"new\n"})
    assert clone.push().returncode == 0
    assert served.head() == head
    assert served.store.has_commit(served.run, head)


def test_steps_follow_each_other_and_a_new_clone_has_them(
    served: Served, clone: Clone, token: str, tmp_path: Path
) -> None:
    for n in range(4):
        head = clone.write({f"f{n}.py": b"%d\n" % n})
        assert clone.push().returncode == 0
    again = cloned(served, token, tmp_path / "again")
    assert again.git("rev-parse", "HEAD") == head
    git(served.store.folders.run_path(served.run), "fsck", "--strict")


def test_a_big_push_goes_in_pieces(served: Served, clone: Clone) -> None:
    """Beyond its buffer git asks first with an empty request, then sends in chunks."""
    clone.git("config", "http.postBuffer", "65536")
    head = clone.write({"noise.bin": random.Random(1).randbytes(1 << 20)})
    assert clone.push().returncode == 0
    assert served.head() == head


def test_a_push_that_sends_too_much_is_refused(served: Served, clone: Clone) -> None:
    clone.write({"noise.bin": random.Random(2).randbytes(3 << 20)})
    done = clone.push()
    assert done.returncode != 0
    assert served.head() == served.base


def test_a_shallow_clone_may_push(served: Served, token: str, tmp_path: Path) -> None:
    served.store.close_run(served.run)
    served.base = served.origin.commit({"second": b"2\n"})
    served.store.mirror(served.repository, str(served.origin.path))
    served.store.open_run(served.run, served.repository, served.base)
    shallow = cloned(served, token, tmp_path / "shallow", "--depth=1")
    head = shallow.write({"app.py": b"new\n"})
    assert shallow.push().returncode == 0
    assert served.head() == head


def test_a_push_forced_from_the_exact_old_value_rewinds(served: Served, clone: Clone) -> None:
    first = clone.write({"app.py": b"one\n"})
    clone.push()
    clone.git("reset", "-q", "--hard", served.base)
    other = clone.write({"app.py": b"two\n"})
    assert clone.push().returncode != 0
    assert served.head() == first
    assert clone.push(f"--force-with-lease=refs/heads/run:{first}").returncode == 0
    assert served.head() == other


def test_going_back_to_a_commit_that_is_there_needs_no_objects(served: Served, clone: Clone) -> None:
    clone.write({"app.py": b"one\n"})
    clone.push()
    clone.git("reset", "-q", "--hard", served.base)
    assert clone.push("--force").returncode == 0
    assert served.head() == served.base


def test_a_newer_base_that_was_adopted_is_not_sent_again(served: Served, clone: Clone) -> None:
    served.origin.commit({f"lib/{n}.txt": b"%d\n" % n * 50 for n in range(300)})
    newer = served.store.tip(served.run, str(served.origin.path), "main")
    clone.git("fetch", "-q", "origin", newer)
    clone.git("merge", "-q", "-m", "bring together", newer)
    assert clone.push().returncode == 0
    packs = (served.store.folders.run_path(served.run) / "objects" / "pack").glob("*.pack")
    assert sum(pack.stat().st_size for pack in packs) < 3000


@pytest.mark.parametrize(
    "spec",
    ["HEAD:refs/heads/main", "HEAD:refs/tags/v1", "HEAD:refs/steps/9", "HEAD:refs/replace/" + "a" * 40, "HEAD:refs/heads/run/x",
     "HEAD:refs/pins/x", "HEAD:refs/heads/runs"],
)  # fmt: skip
def test_no_other_ref_is_ever_moved(served: Served, clone: Clone, spec: str) -> None:
    clone.write({"app.py": b"new\n"})
    before = git(served.store.folders.run_path(served.run), "for-each-ref")
    done = clone.try_("push", "origin", spec)
    assert done.returncode != 0
    assert "one_ref" in done.stderr
    assert git(served.store.folders.run_path(served.run), "for-each-ref") == before


def test_the_run_is_never_deleted(served: Served, clone: Clone, token: str) -> None:
    assert clone.try_("push", "origin", ":refs/heads/run").returncode != 0  # git itself was not offered it
    assert "ng refs/heads/run one_ref: The run's branch cannot be deleted." in sent_by_hand(
        served, token, "0" * 40, b""
    )
    assert served.head() == served.base


def test_two_refs_in_one_push_move_nothing(served: Served, clone: Clone) -> None:
    clone.write({"app.py": b"new\n"})
    done = clone.try_("push", "origin", "HEAD:refs/heads/run", "HEAD:refs/heads/x")
    assert done.stderr.count("one_ref") == 2
    assert served.head() == served.base


def test_a_zombies_push_is_fenced_when_the_epoch_rose_in_mid_push(served: Served, clone: Clone) -> None:
    """Its token was good when it came; the fence is asked again at the very move."""
    clone.write({"app.py": b"late\n"})
    served.fence.epochs[UUID(served.run)] = 2
    done = clone.push()
    assert done.returncode != 0
    assert "fenced: This attempt was replaced." in done.stdout
    assert served.head() == served.base


def test_a_frozen_run_takes_no_push_whoever_froze_it(served: Served, clone: Clone) -> None:
    clone.write({"app.py": b"late\n"})
    served.fence.frozen = True
    assert "frozen:" in clone.push().stdout
    served.fence.frozen = False
    served.store.freeze(served.run, served.base)
    assert "frozen:" in clone.push().stdout
    assert served.head() == served.base
    served.store.thaw(served.run)
    assert clone.push().returncode == 0


def test_a_ref_that_moved_while_the_push_was_checked_stays(served: Served, clone: Clone) -> None:
    clone.write({"app.py": b"late\n"})
    folder = served.store.folders.run_path(served.run)
    rival = commit(folder, {"rival": b"1\n"}, ref="refs/made/rival", parent=served.base)
    served.fence.during = lambda: git(folder, "update-ref", "refs/heads/run", rival)
    assert clone.push().returncode != 0
    assert served.head() == rival


def test_one_push_of_a_run_at_a_time_in_all_processes(served: Served, clone: Clone) -> None:
    clone.write({"app.py": b"new\n"})
    with served.store.folders.lock(f"push-{served.run}", wait=0):
        done = clone.push()
    assert done.returncode != 0
    assert "429" in done.stderr
    assert clone.push().returncode == 0


def sent_by_hand(served: Served, token: str, new: str, packed: bytes) -> str:
    """The report's text: a pack that no git would make."""
    command = f"{served.base} {new} refs/heads/run\0report-status\n".encode()
    body = f"{len(command) + 4:04x}".encode() + command + b"0000" + packed
    return served.ask("POST", "/git-receive-pack", token, content=body, timeout=60).text


def test_a_tree_bomb_is_refused_before_anything_relies_on_it(served: Served, token: str) -> None:
    new, bomb = tree_bomb(served.base, width=10, levels=9)
    assert len(bomb) < 2000
    assert "ng refs/heads/run quota: Too many files in one folder:" in sent_by_hand(served, token, new, bomb)
    assert served.head() == served.base
    assert not served.store.has_commit(served.run, new)


def test_a_tree_bomb_made_of_folders_we_already_hold_is_refused(served: Served, token: str) -> None:
    held = git(served.store.folders.run_path(served.run), "rev-parse", f"{served.base}^{{tree}}")
    below, objects = held, []
    for _ in range(5):
        objects.append(tree([("40000", f"d{n:02}", below) for n in range(10)]))
        below = objects[-1].sha
    top = commit_object(below, served.base)
    assert "Too many files" in sent_by_hand(served, token, top.sha, pack([*objects, top]))


def test_a_deep_tree_and_a_long_path_are_refused(served: Served, token: str) -> None:
    new, bomb = tree_bomb(served.base, width=1, levels=40)
    assert "levels of folders" in sent_by_hand(served, token, new, bomb)


def test_a_blob_bomb_is_refused_by_what_it_unpacks_to(served: Served, token: str) -> None:
    new, bomb = blob_bomb(served.base, size=64 << 20)
    assert len(bomb) < 100_000
    assert "quota: Too many unpacked bytes" in sent_by_hand(served, token, new, bomb)
    assert not served.store.has_commit(served.run, new)


def test_a_commit_without_its_tree_is_refused(served: Served, token: str) -> None:
    top = commit_object("a" * 40, served.base)
    assert "ng refs/heads/run broken:" in sent_by_hand(served, token, top.sha, pack([top]))


def test_a_commit_on_a_parent_that_we_lack_is_refused(served: Served, token: str) -> None:
    blob = Made("blob", b"x\n")
    folder = tree([("100644", "x", blob.sha)])
    top = commit_object(folder.sha, "b" * 40)
    assert "ng refs/heads/run broken:" in sent_by_hand(served, token, top.sha, pack([blob, folder, top]))


@pytest.mark.parametrize("name", [".git", ".GIT", ".git ", "git~1", ".g\u200cit", "..", "a/b"])
def test_a_name_that_would_be_dot_git_on_some_disk_is_refused(served: Served, token: str, name: str) -> None:
    blob = Made("blob", b"x\n")
    folder = tree([("100644", name, blob.sha)])
    top = commit_object(folder.sha, served.base)
    assert "ng refs/heads/run broken:" in sent_by_hand(served, token, top.sha, pack([blob, folder, top]))


def test_a_broken_pack_is_refused_and_leaves_nothing(served: Served, token: str) -> None:
    new, bomb = tree_bomb(served.base, width=1, levels=1)
    assert "broken" in sent_by_hand(served, token, new, bomb[:-25])
    assert "broken" in sent_by_hand(served, token, new, b"PACK")
    assert "broken" in sent_by_hand(served, token, new, b"")
    assert list((served.store.root / "scratch").iterdir()) == []


def test_a_file_as_head_is_refused(served: Served, token: str) -> None:
    blob = Made("blob", b"x\n")
    assert "broken" in sent_by_hand(served, token, blob.sha, pack([blob]))


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_another_runs_commits_cannot_be_had_by_any_protocol(
    served: Served, clone: Clone, tmp_path: Path, version: str
) -> None:
    other = str(uuid4())
    theirs = cloned(served, served.open(other), tmp_path / "theirs", run=other)
    secret = theirs.write({"secret.txt": b"the other run's\n"})
    assert theirs.push().returncode == 0
    done = clone.try_("-c", f"protocol.version={version}", "fetch", "origin", secret)
    assert done.returncode != 0
    assert tried(clone.folder, "cat-file", "-e", secret).returncode != 0


def test_a_check_reads_and_does_not_write(served: Served, clone: Clone, tmp_path: Path) -> None:
    check = cloned(served, served.hold(served.run, 0, kind="check"), tmp_path / "check")
    check.write({"app.py": b"forged\n"})
    done = check.push()
    assert done.returncode != 0
    assert "403" in done.stderr
    assert served.head() == served.base


def test_a_pack_of_too_many_objects_is_refused_before_git_holds_them(served: Served, token: str) -> None:
    packed = b"PACK" + (2).to_bytes(4) + (2_000_000).to_bytes(4)
    assert "quota: Too many objects: 2,000,000" in sent_by_hand(served, token, "a" * 40, packed)
