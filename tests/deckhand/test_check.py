"""A check as a process: each tree from nothing, the overlay exactly as it is on its side, a report once."""

import subprocess
import sys
from pathlib import Path

import pytest

from deckwire.check import CheckOrder, CheckReport, CheckTree

from .cast import PYTHON, ROOT, git, make_repository
from .check_twin import Desk

BASE = {
    "till.py": "def total(prices):\n    return -sum(prices)\n",
    "tests/test_old.py": "import unittest\n\n\nclass Old(unittest.TestCase):\n    def test_old(self):\n        pass\n",
    "tests/helper.txt": "base\n",
}
JUNIT = "<testsuite><testcase name='t'/></testsuite>"
LOOK = "import till, os; print(till.total([1]), sorted(os.listdir('tests')), os.path.exists('left'))"
SEES = f'{sys.executable} -B -c "{LOOK}"; echo "{JUNIT}" > r.xml; touch left'


def order(trees: dict[str, CheckTree], test: str, report: str = "", seconds: int = 20) -> CheckOrder:
    return CheckOrder(
        run="r", check="c", session="s", git_path="/run.git", setup="", test=test, report=report, seconds=seconds, trees=trees
    )  # fmt: skip


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Path, str, str]:
    bare, base = make_repository(tmp_path, BASE)
    seed = tmp_path / "seed"
    (seed / "till.py").write_text("def total(prices):\n    return sum(prices)\n")
    (seed / "tests/test_new.py").write_text("new\n")
    (seed / "tests/helper.txt").unlink()
    git("add", "-A", cwd=seed)
    git("commit", "-qm", "head", cwd=seed)
    git("push", "-q", str(bare), "HEAD:run", cwd=seed)
    return bare, base, git("rev-parse", "run", cwd=bare)


def test_code_of_one_side_runs_with_tests_of_the_other(checked, repository):
    _, base, head = repository
    trees = {
        "before": CheckTree(code=base),
        "after": CheckTree(code=head),
        "old tests": CheckTree(code=head, overlay=base, overlay_paths=["tests", "missing"]),
        "new tests": CheckTree(code=base, overlay=head, overlay_paths=["tests"]),
    }
    report = checked(order(trees, SEES, report="r.xml"))
    said = {name: tree.output.strip() for name, tree in report.trees.items()}
    assert said == {
        "before": "-1 ['helper.txt', 'test_old.py'] False",
        "after": "1 ['test_new.py', 'test_old.py'] False",
        "old tests": "1 ['helper.txt', 'test_old.py'] False",
        "new tests": "-1 ['test_new.py', 'test_old.py'] False",
    }
    assert all(tree.exit_code == 0 for tree in report.trees.values())
    assert [case.name for case in report.trees["after"].cases] == ["t"]


def test_a_test_that_never_ends_is_killed_and_a_setup_that_fails_is_told(checked, repository):
    _, base, _ = repository
    slow = order({"after": CheckTree(code=base)}, "sleep 60", seconds=1)
    assert checked(slow).trees["after"].exit_code is None
    broken = checked(slow.model_copy(update={"setup": "echo no network; exit 4"})).trees["after"]
    assert (broken.exit_code, "no network" in broken.output) == (4, True)


def test_a_commit_that_is_not_there_makes_no_report(repository, checking):
    assert checking(order({"after": CheckTree(code="0" * 40)}, "true")) == (6, [])


@pytest.fixture
def checked(checking):
    def run(order: CheckOrder) -> CheckReport:
        code, reports = checking(order)
        assert code == 0
        return reports[-1]

    return run


@pytest.fixture
def checking(tmp_path: Path, repository):
    desks = []

    def run(order: CheckOrder):
        desk = Desk(order)
        desks.append(desk)
        place = tmp_path / f"place-{len(desks)}"
        place.mkdir()
        (place / "secret").write_text("secret")
        env = {
            "PATH": "/usr/bin:/bin", "HOME": str(place), "PYTHONPATH": str(ROOT / "agents"), "QUARTERDECK_URL": desk.url,
            "QUARTERDECK_GIT_URL": str(repository[0].parent), "QUARTERDECK_SECRET_FILE": str(place / "secret"),
            "QUARTERDECK_WORKSPACE": str(place / "work"), "QUARTERDECK_HOME": str(place / "home"), "QUARTERDECK_TOOLS": "plain",
            "QUARTERDECK_CANARY": "none",
        }  # fmt: skip
        argv = [str(PYTHON), "-P", "-m", "deckhand", "check"]
        done = subprocess.run(argv, cwd="/", env=env, capture_output=True, text=True, timeout=60)
        return done.returncode, desk.reports

    yield run
    for desk in desks:
        desk.close()
