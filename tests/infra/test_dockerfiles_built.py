"""The Dockerfiles, really built (by buildah, without Docker or a registry of images): each image holds what the script's holds,
and runs as a pod would run it: as uid 10001, on a root that nobody writes, without a network."""

import hashlib
import importlib.metadata
import os
import shutil
import stat
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from testkit import infra

UID = 10001
KEPT = "tmp var/lib/quarterdeck"
WHY_NOT = infra.why_not_dockerfiles()
pytestmark = [pytest.mark.dockerfiles, pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)]
# A mount namespace of its own: nothing of it is left mounted, however the test ends.
ENTER = """
set -e
mount --rbind "$1" "$1"; mount -o remount,bind,ro "$1"
for one in $3; do mount -t tmpfs -o uid=10001,gid=10001 none "$1/$one"; done
mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; /usr/sbin/ip link set lo up
root="$1" user="$2" where="$4"; shift 4
exec /usr/sbin/chroot --userspec="$user" "$root" /bin/sh -c 'cd "$0" && exec "$@"' "$where" "$@"
"""
LIVES = """
import pathlib, subprocess, zoneinfo
from quarterdeck.outside.tracker import port  # noqa: F401
import psycopg, celery, kubernetes, uvicorn  # noqa: F401
assert str(zoneinfo.ZoneInfo("Europe/Berlin")) == "Europe/Berlin"
path = subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True).stdout.strip()
assert (pathlib.Path(path) / "git-http-backend").exists()
print("all there")
"""
SERVES = """
import pathlib, re, subprocess, urllib.error, urllib.request
process = subprocess.Popen(["/usr/bin/python3", "-m", "quarterdeck.doors.serve", "web"])
script = re.search(r'src="(/static/assets/[^"]+[.]js)"', pathlib.Path("/opt/quarterdeck/frontend/dist/index.html").read_text())[1]
while process.poll() is None:
    try:
        with urllib.request.urlopen("http://127.0.0.1:8640" + script, timeout=10) as answer:
            print(answer.status, len(answer.read()) > 10_000)
        break
    except urllib.error.URLError:
        try:
            process.wait(0.2)
        except subprocess.TimeoutExpired:
            pass
process.kill()
"""
BROUGHT = (
    "mkdir /tmp/b && /opt/deckhand/bin/bring /tmp/b && diff -r --no-dereference /opt/deckhand /tmp/b && echo the same"
)
TOOLS = "cd /tmp && git init -q r && cd r && echo needle >a && git add a && rg -l needle && make -v | head -1"
NO_SETTINGS = "Misconfigured: QUARTERDECK_URL is not set"


@pytest.fixture(scope="module", params=["agent", "platform"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def agent() -> Path:
    return infra.dockerfile("agent")


@pytest.fixture(scope="module")
def platform() -> Path:
    return infra.dockerfile("platform")


def inside(root: Path, *words: str, writable: str = "tmp", **more: str) -> subprocess.CompletedProcess[str]:
    """`words` after the image's own entrypoint when they are none of a path's."""
    config = infra.config(infra.MADE / f"{root.name}.tar")
    env = dict(one.split("=", 1) for one in config["Env"]) | more
    command = words if words[0].startswith("/") else (*config["Entrypoint"], *words)
    enter = (
        "--mount",
        "--net",
        "--pid",
        "--fork",
        "--kill-child",
        "sh",
        "-c",
        ENTER,
        "-",
        str(root),
        f"{UID}:{UID}",
        writable,
    )
    argv = [shutil.which("unshare") or "/usr/bin/unshare", *enter, config["WorkingDir"], *command]
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=120, cwd="/")


def test_below_opt_both_ways_made_the_same_files(name: str) -> None:
    """What a build's machine decides is left out: its certificates, and the dashboard, which each way builds by itself."""
    built = infra.dockerfile(name)
    infra.image(name)
    ours = {path: one for path, one in of_script(infra.MADE / f"{name}.tar").items() if compared(name, path)}
    theirs = {path: one for path, one in of_folder(built).items() if compared(name, path)}
    assert sorted(ours.keys() - theirs.keys()) == []
    assert sorted(theirs.keys() - ours.keys()) == []
    assert [path for path in sorted(ours) if ours[path] != theirs[path]] == []
    assert len(ours) > 1000


def compared(name: str, path: str) -> bool:
    return path.startswith(f"opt/{'deckhand' if name == 'agent' else 'quarterdeck'}/") and not path.startswith(
        ("opt/deckhand/lib/ca-certificates.crt", "opt/quarterdeck/frontend/")
    )


def of_script(archive: Path) -> dict[str, tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}
    with tarfile.open(archive) as whole:
        for blob in (one for one in whole if one.size > 100_000):
            with tarfile.open(fileobj=whole.extractfile(blob)) as layer:
                for one in layer:
                    file = layer.extractfile(one) if one.isreg() else None
                    path = one.name.removeprefix("./").rstrip("/")
                    found[path] = (one.mode & 0o7777, one.uid, one.linkname, digest(path, file.read() if file else b""))
    return found


def of_folder(root: Path) -> dict[str, tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}
    for path in (root / "opt").rglob("*"):
        seen, name = path.lstat(), str(path.relative_to(root))
        link = os.readlink(path) if path.is_symlink() else ""
        content = path.read_bytes() if stat.S_ISREG(seen.st_mode) else b""
        mode = 0o777 if link else stat.S_IMODE(seen.st_mode)
        found[name] = (mode, seen.st_uid, link, digest(name, content))
    return found


def digest(path: str, content: bytes) -> str:
    """Of bytecode only what tells that it never goes stale: how sets are written there differs from one run to the next."""
    return content[:8].hex() if path.endswith(".pyc") else hashlib.sha256(content).hexdigest()


def test_nothing_belongs_to_its_user_but_the_platforms_data(name: str) -> None:
    """Who breaks out of the agent finds no file of the image to change, even where the root is not read-only."""
    root = infra.dockerfile(name)
    found = [path for path in root.rglob("*") if not path.is_symlink() and may_write(path)]
    assert [str(path.relative_to(root)) for path in found] == (["var/lib/quarterdeck"] if name == "platform" else [])


def may_write(path: Path) -> bool:
    seen = path.lstat()
    if stat.S_ISCHR(seen.st_mode) or seen.st_mode & stat.S_ISVTX:
        return False
    return seen.st_uid == UID or bool(seen.st_mode & stat.S_IWOTH)


def test_it_carries_no_list_of_packages_and_no_tool_of_its_making(name: str) -> None:
    root = infra.dockerfile(name)
    left = [
        "usr/local/bin/uv",
        "usr/local/bin/trim.sh",
        "usr/local/bin/node",
        "usr/bin/patchelf",
        "packages",
        "src",
        "made",
    ]
    assert [one for one in left if (root / one).exists()] == []
    assert list((root / "var/lib/apt/lists").glob("*")) == []


def test_the_agent_says_in_words_that_it_was_told_nothing(agent: Path) -> None:
    for kind in ("attempt", "check", "install"):
        done = inside(agent, kind)
        assert (done.returncode, done.stderr.strip()) == (6, NO_SETTINGS)
    done = inside(agent, "/opt/deckhand/bin/python", "-P", "-m", "deckhand")
    assert (done.returncode, done.stderr.strip()) == (6, NO_SETTINGS)


def test_the_agent_loads_whole_and_is_brought_whole(agent: Path) -> None:
    loads = (
        "import deckhand.aboard, deckhand.check, deckhand.install, os, ssl; print(os.getuid(), os.access('/', os.W_OK))"
    )
    assert inside(agent, "/opt/deckhand/bin/python", "-P", "-c", loads).stdout.split() == [str(UID), "False"]
    done = inside(agent, "/bin/sh", "-c", BROUGHT)
    assert done.stdout.strip() == "the same", done.stderr


def test_the_agents_tools_are_there(agent: Path) -> None:
    said = inside(agent, "/bin/sh", "-c", TOOLS)
    assert said.stdout.splitlines()[0] == "a", said.stderr
    assert "GNU Make" in said.stdout
    assert inside(agent, "/usr/bin/python3", "-c", "import unittest, sqlite3; print('tests')").stdout.strip() == "tests"


def test_the_platform_holds_what_its_processes_need(platform: Path) -> None:
    done = inside(platform, "/usr/bin/python3", "-c", LIVES, writable=KEPT)
    assert done.stdout.strip() == "all there", done.stderr


def test_the_platform_starts_by_its_own_entrypoint(platform: Path) -> None:
    """Without its servers: the dashboard is given out, Django's checks find nothing, no other word is a process."""
    start = infra.config(infra.MADE / f"{platform.name}.tar")["Entrypoint"]
    served = inside(platform, *start, "/usr/bin/python3", "-c", SERVES, writable=KEPT)
    assert served.stdout.split() == ["200", "True"], served.stderr
    checked = inside(platform, *start, "/usr/bin/python3", "manage.py", "check", writable=KEPT)
    assert (checked.returncode, "no issues" in checked.stdout) == (0, True), checked.stderr
    other = inside(platform, *start, "/usr/bin/python3", "-m", "quarterdeck.doors.serve", "everything", writable=KEPT)
    assert (other.returncode, other.stderr.strip()) == (1, "Say what to serve: web, git or outlet.")
    said = inside(platform, "/opt/quarterdeck/bin/quarterdeck", "--version", writable=KEPT)
    assert said.stdout.strip() == f"Quarterdeck {importlib.metadata.version('quarterdeck')}", said.stderr
