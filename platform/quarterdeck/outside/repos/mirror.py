"""Mirrors of projects' repositories: heads and tags are fetched in, pins keep what runs rely on, nothing else is written."""

from collections.abc import Mapping
from pathlib import Path

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.repos import names
from quarterdeck.outside.repos.folders import Folders, make
from quarterdeck.outside.repos.plumbing import Bounds, Done, Git

# Never --mirror: with it `--prune` deletes our pins, and with them the objects that runs borrow.
_REFSPECS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_FETCH = Bounds(seconds=600, memory=4096 << 20)
_GONE = (
    "not found",
    "does not exist",
    "not appear to be a git repository",
    "Authentication failed",
    "could not read Username",
    "could not read Password",
    "The requested URL returned error: 403",
)


def refresh(folders: Folders, repository: str, url: str, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Fetches heads and tags and answers branch → sha. `env` opens the way out (outward.py).

    Raises Refused(no_such_repository, empty_repository), TryLater.
    """
    path = folders.mirror(repository)
    refuse_missing(folders, url)
    with folders.lock(f"mirror-{repository}", wait=30):
        if not path.is_dir():
            make(path, fill=lambda _: None)
        _fetch(path, url, env or {})
    heads = branches(path)
    if not heads:
        raise Refused(
            "The repository has no branch yet.", reason="empty_repository", remedy="Push a first commit to it."
        )
    return heads


def branches(path: Path) -> dict[str, str]:
    lines = Git(path).text("for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads/").splitlines()
    return {name: sha for sha, _, name in (line.partition(" ") for line in lines)}


def pin(path: Path, run: str, sha: str) -> None:
    """Keeps `sha` whatever happens upstream, as long as the run is open. Raises Refused(no_such_commit)."""
    git = Git(path)
    if not git.says("cat-file", "-e", f"{names.sha(sha)}^{{commit}}"):
        raise Refused(f"The project has no commit {sha[:12]}.", reason="no_such_commit", status=404)
    git.text("update-ref", f"refs/pins/{names.uuid(run)}/{sha}", sha)


def unpin(path: Path, run: str) -> None:
    git = Git(path)
    refs = git.text("for-each-ref", "--format=delete %(refname)", f"refs/pins/{names.uuid(run)}/")
    git.text("update-ref", "--stdin", feed=(refs + "\n").encode() if refs else b"")


def refuse_missing(folders: Folders, url: str) -> None:
    """Raises Refused(bad_name) for what is no address of a project, Refused(no_such_repository) where nothing is."""
    if names.origin(url).startswith("https://"):
        return
    place = Path(url.removeprefix("file://"))
    if folders.own(place):
        raise Refused(f"{url} lies in the platform's own folder.", reason="bad_name", status=422)
    if not place.is_dir():
        raise Refused(f"There is no repository at {url}.", reason="no_such_repository", status=404)


def _fetch(path: Path, url: str, env: Mapping[str, str]) -> None:
    arguments = (
        "fetch",
        "--quiet",
        "--prune",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-auto-maintenance",
        "--force",
    )
    done = Git(path, env, _FETCH).run(*arguments, "--end-of-options", url, *_REFSPECS)
    if done.code:
        raise why(done, url)


def why(done: Done, url: str) -> Refused | TryLater:
    last = done.err.splitlines()[-1][:300] if done.err else f"git fetch ended with {done.code}"
    if any(sign in done.err for sign in _GONE):
        return Refused(
            f"{url} cannot be fetched: {last}",
            reason="no_such_repository",
            remedy="Check the address and the access.",
            status=404,
        )
    return TryLater(f"{url} cannot be fetched now: {last}", after=10.0, reason="unreachable")
