"""A run's own bare repository: made, read, pinned, frozen and removed. Only a push (quarantine.py) moves its ref."""

import shutil
from pathlib import Path

from quarterdeck.errors import Refused
from quarterdeck.outside.repos import mirror, names, paths
from quarterdeck.outside.repos.folders import Folders, lend, make
from quarterdeck.outside.repos.plumbing import Bounds, Git
from quarterdeck.outside.repos.port import CommitLine

REF = "refs/heads/run"
BLOB_LIMIT = 10 << 20
LOG_LIMIT = 500
_OWNER, _FROZEN = "quarterdeck-repository", "quarterdeck-frozen"


def open_run(folders: Folders, run: str, repository: str, base: str) -> None:
    """Repeatable: a run that is open already keeps its ref, but must have been opened for the same repository."""
    home = folders.mirror(repository)
    if not home.is_dir():
        raise Refused("The project's repository was never fetched.", reason="no_such_repository", status=404)
    # Before anything relies on it. Not under the mirror's lock: a fetch holds that for minutes, and never touches pins.
    mirror.pin(home, run, base)
    path = folders.run_path(run)
    if not path.is_dir():
        make(path, fill=lambda new: _fill(new, home, repository, base))
    if repository_of(path) != repository:
        raise Refused("The run was opened for another repository.", reason="moved")


def close_run(folders: Folders, run: str) -> None:
    path = folders.run_path(run)
    if not path.is_dir():
        return
    home = folders.mirror(repository_of(path))
    with folders.scratch() as scratch:
        shutil.rmtree(path.rename(scratch / "closed.git"))
    if home.is_dir():
        mirror.unpin(home, run)  # last: a pin too many is only disk
    folders.forget_locks(run)


def repository_of(path: Path) -> str:
    return (path / _OWNER).read_text().strip()


def mirror_of(folders: Folders, run: str) -> Path:
    return folders.mirror(repository_of(folders.run(run)))


def head(path: Path) -> str:
    return Git(path).text("rev-parse", "--verify", "--quiet", "--end-of-options", REF)


def has_commit(path: Path, sha: str) -> bool:
    return Git(path).says("cat-file", "-e", f"{names.sha(sha)}^{{commit}}")


def need(path: Path, *shas: str) -> None:
    """Raises Refused(no_such_commit) unless all of them are commits that this run can see."""
    for sha in shas:
        if not has_commit(path, sha):
            raise Refused(f"The run's repository has no commit {sha[:12]}.", reason="no_such_commit", status=404)


def keep(path: Path, ref: str, sha: str) -> None:
    need(path, sha)
    Git(path).text("update-ref", ref, sha)


def adopt(folders: Folders, run: str, sha: str) -> None:
    path = folders.run(run)
    repository = repository_of(path)
    with folders.lock(f"mirror-{repository}", wait=30):
        mirror.pin(folders.mirror(repository), run, sha)
    keep(path, f"refs/bases/{sha}", sha)


def freeze(folders: Folders, run: str, sha: str) -> None:
    """Under the lock that moves the ref: a push is before it, and seen, or after it, and refused."""
    path = folders.run(run)
    names.sha(sha)
    with folders.lock(f"ref-{run}", wait=10):
        if (now := head(path)) != sha:
            raise Refused(f"The run's branch is at {now[:12]}, not at {sha[:12]}.", reason="moved")
        (path / _FROZEN).write_text(sha)


def thaw(path: Path) -> None:
    (path / _FROZEN).unlink(missing_ok=True)


def refuse_frozen(path: Path) -> None:
    if (path / _FROZEN).exists():
        raise Refused(
            "The run's head is sealed: it takes no more commits.",
            reason="frozen",
            remedy="Wait for the review's decision.",
        )


def may_move(path: Path) -> list[tuple[str, str]]:
    """(sha, name): the run's ref, then its bases as `.have`, which a client need not send."""
    bases = Git(path).text("for-each-ref", "--format=%(objectname)", "refs/bases/").splitlines()
    return [(head(path), REF), *((sha, ".have") for sha in bases)]


def log(path: Path, base: str, head: str) -> list[CommitLine]:
    """What `head` has and `base` has not, newest first, at most 500."""
    need(path, base, head)
    out = Git(path).text(
        "log", "-z", f"--max-count={LOG_LIMIT}", "--encoding=UTF-8", "--no-show-signature", "--no-notes",
        "--format=tformat:%H %ct %s", "--end-of-options", head, f"^{base}", "--",
    )  # fmt: skip
    return [_commit_line(line) for line in out.split("\0") if line]


def blob(path: Path, sha: str, name: str) -> bytes:
    """One file's bytes, at most 10 MB; a symlink's are its target. `name` is written as in a DiffFile."""
    need(path, sha)
    if "\0" in name or not name:
        raise Refused("That is not a path.", reason="bad_name", status=422)
    wanted = sha.encode() + b":" + paths.raw(name) + b"\0"
    git = Git(path, bounds=Bounds(output=BLOB_LIMIT + 200))
    kind, size = _described(git.run("cat-file", "--batch-check=%(objecttype) %(objectsize)", "-z", feed=wanted).out)
    if kind != "blob":
        raise Refused(f"There is no file {name!r} in {sha[:12]}.", reason="no_such_file", status=404)
    if size > BLOB_LIMIT:
        raise Refused(f"{name!r} has {size} bytes: more than 10 MB is not shown.", reason="quota", status=413)
    out = git.run("cat-file", "--batch", "-z", feed=wanted).out
    start = out.index(b"\n") + 1
    return out[start : start + size]


def _described(line: bytes) -> tuple[str, int]:
    kind, _, size = line.strip().rpartition(b" ")
    return (kind.decode(), int(size)) if size.isdigit() else ("", 0)


def _commit_line(line: str) -> CommitLine:
    sha, at, title = line.split(" ", 2)
    return CommitLine(sha, paths.shown(title.encode())[:200], int(at))


def _fill(new: Path, home: Path, repository: str, base: str) -> None:
    lend(new / "objects", home / "objects")
    (new / _OWNER).write_text(repository)
    git = Git(new)
    git.text("update-ref", REF, base)
    git.text("update-ref", f"refs/bases/{base}", base)
