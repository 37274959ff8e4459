"""What the platform may ask of the git service. `store.Store` does it on disk; `client.RemoteRepos` asks over the internal port.

Shas are 40 hex digits. `repository` and `run` are UUID strings. All calls are synchronous and may take seconds.
Every method raises Refused (reason: no_such_repository, no_such_branch, no_such_commit, empty_repository, quota, frozen,
moved, bad_name) or TryLater (the service is down or busy). `access` is the origin's login for this one call.
"""

from dataclasses import dataclass, field
from typing import Protocol

from quarterdeck.outside.repos.outward import Access


@dataclass(frozen=True)
class DiffFile:
    """One changed path. `patch` is unified diff text from `diff --git` on, made from raw objects; "" when binary or too long.

    badges: protected, lockfile, migration, test, ci, mode, symlink, submodule, binary, bidi, invisible, minified, long
    """

    path: str
    old_path: str
    status: str  # added | changed | deleted | renamed | mode
    added: int
    removed: int
    badges: list[str] = field(default_factory=list)
    patch: str = ""


@dataclass(frozen=True)
class Diff:
    """`digest` is over both trees and every changed byte: an Approval binds it. `files` is complete; `truncated` says patches
    were left out. `change` is over the change alone: it stays when the base moved and the same lines changed between the
    same neighbours.
    """

    base: str
    head: str
    digest: str
    files: list[DiffFile]
    added: int
    removed: int
    commits: int
    truncated: bool = False
    change: str = ""


@dataclass(frozen=True)
class CommitLine:
    sha: str
    title: str
    at: int


@dataclass(frozen=True)
class Preview:
    """What a merge of head into base would be. `tree` is empty when it conflicts."""

    clean: bool
    tree: str = ""
    conflicts: list[str] = field(default_factory=list)


class Repos(Protocol):
    def mirror(self, repository: str, url: str, *, access: Access | None = None) -> dict[str, str]:
        """Fetches heads and tags from `url` into the mirror (made if missing). Returns branch → sha."""

    def tip(self, run: str, url: str, branch: str, *, access: Access | None = None) -> str:
        """Fetches the project's newest state into the run's mirror and answers the branch's commit, adopted by the run."""

    def open_run(self, run: str, repository: str, base: str) -> None:
        """The run's bare repository with relative alternates; pins `base` in the mirror; refs/heads/run = base. Repeatable."""

    def close_run(self, run: str) -> None: ...

    def head(self, run: str) -> str: ...

    def has_commit(self, run: str, sha: str) -> bool: ...

    def pin(self, run: str, n: int, sha: str) -> None:
        """refs/steps/<n> = sha in the run's repository, so that a rewound commit survives."""

    def freeze(self, run: str, sha: str) -> None:
        """From now on no push moves the run's ref, which must be at `sha`. Refused(moved) if it is not."""

    def thaw(self, run: str) -> None: ...

    def adopt(self, run: str, sha: str) -> None:
        """Makes objects of the project's newest `sha` (a moved base) reachable from the run: pins it in mirror and run."""

    def diff(self, run: str, base: str, head: str) -> Diff: ...

    def log(self, run: str, base: str, head: str) -> list[CommitLine]: ...

    def blob(self, run: str, sha: str, path: str) -> bytes: ...

    def manifests(self, run: str, sha: str) -> str:
        """A digest (64 hex digits) of the files that say which packages a project needs, wherever they lie in the commit.
        Two commits with the same ones have the same digest. The names are in `manifests.py`."""

    def preview(self, run: str, base: str, head: str) -> Preview:
        """merge-tree in a scratch repository; writes nothing into mirror or run."""

    def merge_commit(self, run: str, base: str, head: str, *, message: str, author: str, at: int) -> str:
        """Makes the merge commit (parents base, head; fixed author `Name <mail>` and time) and keeps it pinned in the run's
        repository under refs/merges/<sha>. Same input, same sha. Refused(conflict) when it does not merge cleanly."""

    def publish(self, run: str, url: str, branch: str, *, old: str, new: str, access: Access | None = None) -> bool:
        """Moves `branch` of the repository at `url` from exactly `old` to `new`. True if it is there now (also when it
        was there before), False if the branch stands elsewhere and does not contain `new`."""

    def holds(self, run: str, url: str, branch: str, *, old: str, new: str, access: Access | None = None) -> bool:
        """Whether `branch` of the repository at `url`, which stood at `old` once, has `new` in it now. Moves nothing."""
