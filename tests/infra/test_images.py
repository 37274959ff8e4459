"""The images, made without Docker: what is in them, what is not, and that the agent's works where nothing of ours is."""

import os
import shutil
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from testkit import infra

pytestmark = [pytest.mark.pods, pytest.mark.skipif(bool(infra.why_not(root=True)), reason=infra.why_not(root=True))]
OURS = "/opt/deckhand"
LARGEST_MB = 300
COMMIT_AND_FIND = """
import pathlib, subprocess

def out(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True, cwd="/tmp/r").stdout

pathlib.Path("/tmp/r").mkdir()
pathlib.Path("/tmp/r/a").write_text("needle")
out("git", "init", "-q")
out("git", "add", "a")
out("git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "x")
print(out("git", "log", "--format=%s"), out("rg", "-l", "needle", "/tmp/r"))
"""


@pytest.fixture(scope="module")
def agent() -> Path:
    infra.image("agent")
    return infra.MADE / "agent.tar"


@pytest.fixture(scope="module")
def bare(agent: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root folder that holds the agent's bundle and two devices, and nothing else: no shell, no library, no Python."""
    root = tmp_path_factory.mktemp("bare")
    subprocess.run(["cp", "-a", infra.MADE / "bundle" / "opt", root], check=True)
    (root / "dev").mkdir()
    (root / "tmp").mkdir()
    for name, minor in (("null", 3), ("urandom", 9)):
        os.mknod(root / "dev" / name, stat.S_IFCHR | 0o666, os.makedev(1, minor))
    return root


def inside(root: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": f"{OURS}/bin", "HOME": "/tmp", "LANG": "C.UTF-8", **environment}
    return subprocess.run(
        [shutil.which("chroot") or "/usr/sbin/chroot", root, *words],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        cwd="/",
    )


def names(archive: Path) -> list[str]:
    found = []
    with tarfile.open(archive) as whole:
        for blob in (one for one in whole if one.size > 1_000_000):
            with tarfile.open(fileobj=whole.extractfile(blob)) as layer:
                found += layer.getnames()
    return found


def test_the_agent_runs_where_nothing_of_ours_is(bare: Path) -> None:
    done = inside(
        bare, f"{OURS}/bin/python", "-P", "-c", "import deckhand.graph, ssl, sqlite3, sys; print(sys.executable)"
    )
    assert done.stdout.strip() == f"{OURS}/bin/python", done.stderr


def test_it_says_in_words_that_it_was_told_nothing(bare: Path) -> None:
    """It came up as PID 1's child and speaks with deckhand's own exit code."""
    done = inside(bare, f"{OURS}/bin/start", "attempt")
    assert (done.returncode, done.stderr.strip()) == (6, "Misconfigured: QUARTERDECK_URL is not set")


def test_a_word_it_does_not_know_is_refused(bare: Path) -> None:
    assert inside(bare, f"{OURS}/bin/start", "everything").returncode == 6


def test_its_git_commits_and_its_ripgrep_finds(bare: Path) -> None:
    done = inside(bare, f"{OURS}/bin/python", "-c", COMMIT_AND_FIND)
    assert done.stdout.split() == ["x", "/tmp/r/a"], done.stderr


def test_its_git_speaks_http(bare: Path) -> None:
    said = inside(bare, f"{OURS}/bin/git", "ls-remote", "http://127.0.0.1:9/x").stderr
    assert "Failed to connect" in said


def test_it_holds_the_agent_and_nothing_of_the_platform(agent: Path) -> None:
    found = names(agent)
    packages = [name.partition("/dist-packages/")[2] for name in found if "/dist-packages/" in name]
    assert {"deckhand", "deckwire", "langgraph", "pydantic"} <= set(packages)
    forbidden = {"django", "quarterdeck", "celery", "psycopg", "kubernetes"}
    assert forbidden.isdisjoint(packages)
    assert not [name for name in found if name.endswith((".key", ".pem")) and "certifi" not in name]


def test_every_source_has_its_bytecode(agent: Path) -> None:
    """The root is read-only in a pod: what is not compiled now is compiled at each start."""
    found = set(names(agent))
    sources = [name for name in found if name.endswith(".py") and "/dist-packages/deck" in name]
    compiled = {Path(name).name.partition(".cpython")[0] for name in found if "__pycache__" in name and "/deck" in name}
    assert sources
    assert {Path(name).stem for name in sources} <= compiled


def test_it_is_small(agent: Path) -> None:
    assert agent.stat().st_size < LARGEST_MB * 1_000_000


def test_made_again_from_nothing_it_has_the_same_digest(tmp_path: Path) -> None:
    first = infra.image("agent")
    infra.script(infra.IMAGES / "build.sh", "agent", QD_IMAGES=str(tmp_path))
    assert (tmp_path / "agent.digest").read_text().strip() == first
