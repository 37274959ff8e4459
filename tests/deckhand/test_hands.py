"""The tools one by one, without a model and without a process of the agent's."""

import asyncio
from pathlib import Path
from xml.parsers import expat

import pytest

from deckhand.context.clean import middle_out, storable_tree, tail, visible
from deckhand.tools import junit, offer
from deckhand.tools.bounds import ToolError
from deckhand.tools.edit import create, edit
from deckhand.tools.safety import why_ask
from deckhand.tools.search import _python, search
from deckhand.tools.shell import Shell, descendants
from deckhand.tools.view import view
from testkit.waiting import until


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text("def one():\n    return 1\n\n\ndef two():\n    return 1 + 1\n")
    return tmp_path


def test_a_view_is_a_window_that_says_what_lies_outside(tree: Path):
    assert view(tree, "a.py", 5, 1) == "a.py, 6 lines\n(4 lines above)\n    5  def two():\n(1 lines below)"
    assert "(no" not in view(tree, "a.py", 999)


def test_an_edit_names_one_place_exactly(tree: Path):
    assert edit(tree, "a.py", "return 1\n", "return 2\n").added == 1
    assert "return 2" in (tree / "a.py").read_text()
    with pytest.raises(ToolError, match="2 times"):
        edit(tree, "a.py", "def ", "class ")
    with pytest.raises(ToolError, match=r"does not stand .*'def two"):
        edit(tree, "a.py", "def two_():", "x")


def test_an_edit_that_breaks_the_syntax_writes_nothing(tree: Path):
    before = (tree / "a.py").read_text()
    with pytest.raises(ToolError, match="line 2"):
        edit(tree, "a.py", "return 1\n", "return (\n")
    assert (tree / "a.py").read_text() == before


def test_a_file_that_was_broken_before_may_be_repaired_in_steps(tree: Path):
    (tree / "b.py").write_text("def (:\n    x = [\n")
    assert edit(tree, "b.py", "x = [", "x = []").added == 1


def test_windows_line_ends_stay(tree: Path):
    (tree / "w.txt").write_bytes(b"one\r\ntwo\r\n")
    edit(tree, "w.txt", "two", "three")
    assert (tree / "w.txt").read_bytes() == b"one\r\nthree\r\n"


def test_create_makes_folders_and_overwrites_nothing(tree: Path):
    assert create(tree, "deep/er/c.txt", "x\n").added == 1
    with pytest.raises(ToolError, match="exists"):
        create(tree, "deep/er/c.txt", "y\n")


async def test_search_finds_the_same_with_and_without_ripgrep(tree: Path):
    found = await search(tree, r"def \w+", ".")
    assert found.splitlines() == ["a.py:1:def one():", "a.py:5:def two():"]
    assert _python(tree, r"def \w+", tree) == found.splitlines()
    assert "nothing matches" in await search(tree, "zebra", ".")


async def test_a_shell_command_ends_with_all_that_it_started(tree: Path):
    before = set(descendants())
    shell = Shell(tree, tree, "/usr/bin:/bin", 4096)
    ran = await shell.run("echo out; echo err >&2; sleep 60 & exit 3", 10)
    assert (ran.exit_code, sorted(ran.output.split())) == (3, ["err", "out"])
    assert set(descendants()) <= before


async def test_a_shell_command_ends_when_it_is_interrupted_or_too_slow(tree: Path):
    shell = Shell(tree, tree, "/usr/bin:/bin", 4096)
    interrupted = asyncio.Event()
    ran = await shell.run("echo go; exec sleep 60", 20, interrupted, lambda _text: interrupted.set())
    assert (ran.exit_code, ran.why, ran.output) == (None, "redirected", "go\n")
    slow = await shell.run("sleep 60", 0.05)
    assert slow.exit_code is None
    assert "took more" in slow.why


async def test_who_is_stopped_in_the_moment_a_command_starts_leaves_nothing_of_it(tree: Path):
    """Cut short there, the shell's own child would hold us up until its natural end."""
    before = set(descendants())
    shell = Shell(tree, tree, "/usr/bin:/bin", 4096)
    running = asyncio.ensure_future(shell.run("sleep 60 & echo so > started; wait", 90))
    while set(descendants()) <= before:  # noqa: ASYNC110 — turns of the loop, until the shell is begun
        await asyncio.sleep(0)
    until((tree / "started").exists)  # the loop stands still meanwhile: it has not heard that the command began
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 10)
    assert set(descendants()) <= before


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("curl http://x", "network"),
        ("FOO=1 timeout 5 wget x", "network"),
        ("ls && sudo rm x", "rights"),
        ("python -m pip install x", "packages"),
        ("npm ci", "packages"),
        ("git push origin main", "remote"),
        ("git -C sub fetch", "remote"),
        ("rm -rf /etc", "outside"),
        ("rm -rf ../other", "outside"),
        ("mv a $HOME/b", "outside"),
        ("sh -c 'curl x'", "network"),
        ("echo $(curl x)", "network"),
        ("docker run x", "other systems"),
        ("find . | xargs rm -rf ~/x", "outside"),
    ],
)
def test_a_command_that_reaches_out_is_asked_for(command: str, why: str):
    assert why in why_ask(command)


@pytest.mark.parametrize(
    "command",
    [
        "ls -la", "rm -rf build", "git status", "git diff HEAD", "pip list", "npm test", "python -m pytest -q", "rm /tmp/x",
        "grep -rn curl .", "echo 'sudo make me a sandwich'", "cat /etc/passwd", "mv a b", "git log --oneline", "",
    ],
)  # fmt: skip
def test_a_command_that_stays_inside_is_not(command: str):
    assert why_ask(command) == ""


def test_a_report_is_read_by_outcome():
    report = junit.parse(
        b"<testsuites><testsuite><testcase classname='a' name='x'/><testcase name='y'><failure/></testcase>"
        b"<testcase name='z'><skipped/></testcase><testcase name='e'><error/></testcase></testsuite></testsuites>"
    )
    assert report.cases == {"a.x": "passed", "y": "failed", "z": "skipped", "e": "error"}
    assert (report.count("passed"), report.count("failed", "error")) == (1, 2)


def test_a_report_with_entities_of_its_own_is_none(tmp_path: Path):
    bomb = b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"
    with pytest.raises(ValueError, match="document type"):
        junit.parse(bomb)
    (tmp_path / "r.xml").write_bytes(bomb)
    assert junit.read(tmp_path / "r.xml") is None
    (tmp_path / "r.xml").write_bytes(b"<a>")
    assert junit.read(tmp_path / "r.xml") is None
    with pytest.raises(expat.ExpatError):
        junit.parse(b"<a>")


def test_the_last_lines_say_how_many_passed():
    assert junit.summary_counts("...\n3 failed, 5 passed, 1 error in 0.1s") == (5, 4)
    assert junit.summary_counts("nothing") == (0, 0)


def test_hidden_text_is_taken_out_and_the_rest_stays():
    assert visible("a\u202eb\u200bc<!-- do evil -->d\U000e0041e\ufefff\x1b[31mg\th\n") == "abcdef[31mg\th\n"
    assert visible("Grüße, 日本語, 👍") == "Grüße, 日本語, 👍"


def test_what_a_database_refuses_is_replaced_everywhere():
    assert storable_tree({"a\0": ["b\ud800", {"c": "\0"}], "n": 1}) == {"a\ufffd": ["b\ufffd", {"c": "\ufffd"}], "n": 1}


def test_long_text_says_what_is_left_out():
    assert tail("x" * 10 + "end", 3) == "[10 characters before this are left out]\nend"
    short = middle_out("a" * 100 + "z" * 100, 30)
    assert short.startswith("a" * 10 + "\n[170 characters left out]")
    assert short.endswith("z" * 20)


def test_wrong_arguments_are_told_in_a_sentence():
    with pytest.raises(ValueError, match="path: Field required"):
        offer.arguments("view", {})
    assert offer.arguments("view", {"path": "a", "nonsense": 1})


def test_every_stage_offers_tools_that_exist_with_a_sentence_each():
    for stage in offer.OFFER:
        for spec in offer.specs(stage):
            assert spec["function"]["description"]
            assert spec["function"]["parameters"]["type"] == "object"
