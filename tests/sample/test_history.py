"""The sample's repository: the same everywhere, and red only where it says so."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from quarterdeck.sample.repository import build
from quarterdeck.sample.tickets import project, tickets
from sample.player import git

WAITS_FOR_LARK_1 = "test_whoever_sends_back_everything_gets_back_everything"


def checkout(origin: Path, tree: Path) -> Path:
    build(origin)
    subprocess.run(["git", "clone", "--quiet", str(origin), str(tree)], check=True)
    return tree


def test_building_twice_gives_the_same_head(tmp_path: Path) -> None:
    assert build(tmp_path / "one.git") == build(tmp_path / "two.git")


def test_a_repository_that_is_there_stays(tmp_path: Path) -> None:
    tree = checkout(tmp_path / "origin.git", tmp_path / "tree")
    (tree / "new.txt").write_text("merged meanwhile\n")
    git(tree, "add", "new.txt")
    git(tree, "commit", "--quiet", "-m", "Merged")
    git(tree, "push", "--quiet", "origin", "main")
    assert build(tmp_path / "origin.git") == git(tree, "rev-parse", "HEAD").strip()


def test_a_build_that_died_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "origin.git.99.new").mkdir()
    assert build(tmp_path / "origin.git")


def test_a_persons_git_settings_change_nothing(tmp_path: Path, monkeypatch) -> None:
    plain = build(tmp_path / "one.git")
    config = tmp_path / "config"
    config.write_text("[init]\n\tdefaultBranch = trunk\n\tdefaultObjectFormat = sha256\n[user]\n\tname = Mallory\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert build(tmp_path / "two.git") == plain


def test_history_has_authors_dates_and_words(tmp_path: Path) -> None:
    tree = checkout(tmp_path / "origin.git", tmp_path / "tree")
    rows = git(tree, "log", "--format=%an|%aI|%s").splitlines()
    assert 6 <= len(rows) <= 10
    assert {row.split("|")[0] for row in rows} == {"Ida Larkfield", "Tom Berger"}


def test_main_is_red_only_where_the_first_ticket_says(tmp_path: Path) -> None:
    tree = checkout(tmp_path / "origin.git", tmp_path / "tree")
    ran = subprocess.run(
        [sys.executable, "tools/run_tests.py", "--report", "report.xml"], cwd=tree, capture_output=True
    )
    cases = ElementTree.parse(tree / "report.xml").getroot().findall("testcase")
    red = [case.get("name") for case in cases if case.find("failure") is not None or case.find("error") is not None]
    assert red == [WAITS_FOR_LARK_1]
    assert len(cases) > 25
    # Known: it does not stop the checks of other tickets.
    assert ran.returncode == 0
    assert git(tree, "status", "--porcelain") == ""


def test_a_red_test_that_nobody_knows_ends_with_one(tmp_path: Path) -> None:
    tree = checkout(tmp_path / "origin.git", tmp_path / "tree")
    slugs = tree / "larkfield" / "slugs.py"
    slugs.write_text(slugs.read_text().replace("LONGEST = 60", "LONGEST = 61"))
    assert subprocess.run([sys.executable, "tools/run_tests.py"], cwd=tree, capture_output=True).returncode == 1


def test_tickets_are_eight_and_the_project_knows_how_to_test() -> None:
    assert [ticket.key for ticket in tickets()] == [f"LARK-{n}" for n in range(1, 9)]
    assert all(len(ticket.description) > 100 and ticket.labels and ticket.shows for ticket in tickets())
    assert project()["test"].startswith("python3 tools/run_tests.py")
