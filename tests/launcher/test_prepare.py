"""Before there is anything to import: each step looks first, and says in a sentence what a person has to do."""

import os
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path

import pytest

from quarterdeck.up import prepare

NPM = """#!/bin/sh
echo "$1 $2" >>../calls
mkdir -p node_modules dist
case "$2" in build) echo page >dist/index.html ;; esac
"""


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


@pytest.fixture
def front(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dashboard of three files and an npm that only writes down what it was asked."""
    program(tmp_path / "bin", "npm", NPM)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    front = tmp_path / "frontend"
    (front / "src").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "src/main.tsx"):
        (front / name).write_text("{}")
    return front


def build(front: Path) -> list[str]:
    """What npm was asked in this build."""
    calls = front.parent / "calls"
    calls.write_text("")
    prepare.build(True, Future(), front)
    return [line.split()[0] if line.startswith("ci") else line for line in calls.read_text().splitlines()]


def test_the_dashboard_is_built_once(front: Path) -> None:
    assert build(front) == ["ci", "run build"]
    assert build(front) == []


def test_a_changed_source_is_built_and_nothing_is_installed(front: Path) -> None:
    build(front)
    (front / "src" / "main.tsx").write_text("export {}")
    assert build(front) == ["run build"]


def test_a_changed_lock_installs_and_builds(front: Path) -> None:
    build(front)
    (front / "package-lock.json").write_text("{ }")
    assert build(front) == ["ci", "run build"]


def test_removed_files_are_built_again(front: Path) -> None:
    build(front)
    (front / "dist" / "index.html").unlink()
    assert build(front) == ["run build"]


def test_a_step_that_fails_shows_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(prepare.CannotPrepare, match=r"(?s)failed:.*no such lock"):
        prepare.quietly(["sh", "-c", "echo no such lock; exit 1"], cwd=tmp_path)


@pytest.mark.parametrize(
    ("version", "good"),
    [("v20.19.0", True), ("v20.18.3", False), ("v22.11.0", False), ("v22.12.0", True), ("v24.1.0", True), ("", False)],
)
def test_only_a_node_that_can_build_the_dashboard_is_used(
    version: str, good: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "node", f"#!/bin/sh\necho {version}\n")
    program(tmp_path / "bin", "npm", "#!/bin/sh\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert prepare.system_node() is good


def test_a_machine_without_git_is_told_in_a_sentence(tmp_path: Path) -> None:
    program(tmp_path / "bin", "python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    for tool in ("sh", "dirname"):
        (tmp_path / "bin" / tool).symlink_to(f"/usr/bin/{tool}")
    told = subprocess.run(
        [prepare.TOP / "run"], env={"PATH": str(tmp_path / "bin")}, capture_output=True, text=True, timeout=30
    )
    assert told.returncode == 1
    assert "git was not found" in told.stderr


def test_a_machine_without_a_new_enough_python_is_told_in_a_sentence(tmp_path: Path) -> None:
    program(tmp_path / "bin", "python3", '#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\nexit 1\n')
    for tool in ("sh", "dirname"):
        (tmp_path / "bin" / tool).symlink_to(f"/usr/bin/{tool}")
    told = subprocess.run(
        [prepare.TOP / "run"], env={"PATH": str(tmp_path / "bin")}, capture_output=True, text=True, timeout=30
    )
    assert told.returncode == 1
    assert "Quarterdeck needs Python 3.11 or newer: Python 3.9.2" in told.stderr


def test_the_agents_environment_knows_the_wire_and_neither_django_nor_the_platform() -> None:
    script = (
        "import deckwire, deckhand, importlib.util as u; print([u.find_spec(n) for n in ('django', 'quarterdeck')])"
    )
    python = prepare.AGENT / "bin" / "python"
    told = subprocess.run([python, "-P", "-c", script], capture_output=True, text=True, timeout=60, cwd="/")
    assert told.stdout.strip() == "[None, None]", told.stderr
