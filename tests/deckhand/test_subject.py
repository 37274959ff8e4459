"""A commit's first line says what was done to which files, and holds nothing that a file's name could smuggle in."""

import asyncio
import subprocess
import unicodedata
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from deckhand.git import Git
from deckhand.subject import UNSEEN, WIDTH, changes, subject
from deckhand.workspace import Workspace
from deckwire.events import Committed


def test_it_names_the_file_and_what_was_done() -> None:
    assert subject([("M", "larkfield/song.py")]) == "Edit larkfield/song.py"
    assert subject([("A", "larkfield/song.py")]) == "Add larkfield/song.py"
    assert subject([("D", "larkfield/song.py")]) == "Remove larkfield/song.py"
    assert subject([("M", "a.py"), ("T", "b.py")]) == "Edit a.py and b.py"
    assert subject([("M", "a.py"), ("A", "b.py"), ("D", "c.py")]) == "Change a.py, b.py and c.py"


def test_many_files_are_counted() -> None:
    many = [("M", f"larkfield/part_{number}.py") for number in range(9)]
    assert subject(many) == "Edit larkfield/part_0.py, larkfield/part_1.py and 7 more files"


def test_of_a_long_path_the_end_is_told() -> None:
    said = subject([("M", "very/" * 40 + "song.py"), ("M", "x" * 80)])
    assert len(said) <= WIDTH
    assert said.startswith("Edit …")
    assert said.endswith("very/song.py and 1 more file")


def test_a_name_that_lies_shows_its_lie() -> None:
    assert subject([("M", "a\nb\r\u202egnp.py\u200b\x1b[31m")]) == "Edit a?b??gnp.py??[31m"


def test_the_other_side_of_a_conflict_is_named() -> None:
    assert subject([("M", "a.py")], "4f2c9e1" + "0" * 33) == "Bring 4f2c9e100000 together with this run's work"


@given(st.lists(st.tuples(st.sampled_from("AMDT"), st.text(min_size=1)), min_size=1, max_size=20))
def test_no_name_makes_it_long_or_hides_something_in_it(changed: list[tuple[str, str]]) -> None:
    said = subject(changed)
    assert len(said) <= WIDTH
    assert not any(unicodedata.category(one) in UNSEEN for one in said)


def test_paths_come_as_git_tells_them() -> None:
    assert changes(b"M\0a b.py\0A\0\xff\n.py\0") == [("M", "a b.py"), ("A", "\ufffd\n.py")]
    assert changes(b"") == []


def test_a_step_is_committed_under_what_it_did(tmp_path: Path) -> None:
    origin, tree = tmp_path / "origin.git", tmp_path / "tree"
    subprocess.run(["git", "init", "-q", "--bare", origin], check=True)
    empty = subprocess.run(["git", "-C", origin, "mktree"], input=b"", capture_output=True, check=True).stdout.decode()
    author = {"GIT_AUTHOR_NAME": "Alice", "GIT_AUTHOR_EMAIL": "a@example.org"}
    author |= {"GIT_COMMITTER_NAME": "Alice", "GIT_COMMITTER_EMAIL": "a@example.org", "PATH": "/usr/bin:/bin"}
    words = ["git", "-C", str(origin), "commit-tree", empty.strip(), "-m", "start"]
    first = subprocess.run(words, capture_output=True, check=True, env=author).stdout.decode().strip()
    subprocess.run(["git", "-C", origin, "update-ref", "refs/heads/main", first], check=True)
    said: list[object] = []

    async def work() -> None:
        workspace = Workspace(Git(tmp_path / "git", tree, str, "/usr/bin:/bin"), str(origin), "refs/heads/run",
                              say=said.append)  # fmt: skip
        await workspace.prepare(first)
        (tree / "larkfield").mkdir()
        (tree / "larkfield" / "song.py").write_text("la\n")
        workspace.dirty = True
        await workspace.first_act("0" * 8, 28)
        await workspace.first_act("1" * 8, 29)

    asyncio.run(work())
    log = subprocess.run(["git", "-C", origin, "log", "--format=%B", "run"], capture_output=True, text=True, check=True)
    assert log.stdout.split("\n\n")[0] == "Add larkfield/song.py"
    assert "Quarterdeck-Step: 28\nQuarterdeck-Checkpoint: 00000000" in log.stdout
    assert [(one.title, one.step) for one in said if isinstance(one, Committed)] == [("Add larkfield/song.py", 28)]
