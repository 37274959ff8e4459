"""port.Repos on disk, below one root. Each method hands on to the module that knows how."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from quarterdeck.outside.repos import diff, manifests, merge, mirror, names, publish
from quarterdeck.outside.repos import run as runs
from quarterdeck.outside.repos.folders import Folders
from quarterdeck.outside.repos.outward import Access, Outward
from quarterdeck.outside.repos.plumbing import MEGA, Bounds, command, environment
from quarterdeck.outside.repos.port import CommitLine, Diff, Preview
from quarterdeck.outside.repos.push import Move
from quarterdeck.outside.repos.quarantine import Intake
from quarterdeck.outside.repos.weigh import Known, Quota

READING = Bounds(seconds=300, memory=4096 * MEGA)


@dataclass(frozen=True)
class Store:
    """Every repository of the platform. Safe for many threads and processes on the same root."""

    root: Path
    quota: Quota = field(default_factory=Quota)
    known: Known = field(default_factory=Known)
    outward: Outward = field(default_factory=Outward)

    @property
    def folders(self) -> Folders:
        return Folders(self.root)

    def mirror(self, repository: str, url: str, *, access: Access | None = None) -> dict[str, str]:
        return mirror.refresh(self.folders, repository, url, self._out(url, access))

    def tip(self, run: str, url: str, branch: str, *, access: Access | None = None) -> str:
        return publish.tip(self.folders, run, url, names.branch(branch), self._out(url, access))

    def _out(self, url: str, access: Access | None) -> dict[str, str]:
        return self.outward.environment(names.origin(url), access)

    def open_run(self, run: str, repository: str, base: str) -> None:
        runs.open_run(self.folders, run, repository, base)

    def close_run(self, run: str) -> None:
        runs.close_run(self.folders, run)

    def head(self, run: str) -> str:
        return runs.head(self.folders.run(run))

    def has_commit(self, run: str, sha: str) -> bool:
        return runs.has_commit(self.folders.run(run), sha)

    def pin(self, run: str, n: int, sha: str) -> None:
        runs.keep(self.folders.run(run), f"refs/steps/{int(n)}", sha)

    def freeze(self, run: str, sha: str) -> None:
        runs.freeze(self.folders, run, sha)

    def thaw(self, run: str) -> None:
        runs.thaw(self.folders.run(run))

    def adopt(self, run: str, sha: str) -> None:
        runs.adopt(self.folders, run, sha)

    def diff(self, run: str, base: str, head: str) -> Diff:
        return diff.diff(self.folders.run(run), base, head)

    def log(self, run: str, base: str, head: str) -> list[CommitLine]:
        return runs.log(self.folders.run(run), base, head)

    def blob(self, run: str, sha: str, path: str) -> bytes:
        return runs.blob(self.folders.run(run), sha, path)

    def manifests(self, run: str, sha: str) -> str:
        return manifests.digest(self.folders.run(run), sha)

    def preview(self, run: str, base: str, head: str) -> Preview:
        return merge.preview(self.folders, run, base, head)

    def merge_commit(self, run: str, base: str, head: str, *, message: str, author: str, at: int) -> str:
        return merge.merge_commit(self.folders, run, base, head, message=message, author=author, at=at)

    def publish(self, run: str, url: str, branch: str, *, old: str, new: str, access: Access | None = None) -> bool:
        return publish.publish(self.folders, run, url, branch, old=old, new=new, env=self._out(url, access))

    def holds(self, run: str, url: str, branch: str, *, old: str, new: str, access: Access | None = None) -> bool:
        return publish.holds(self.folders, run, url, branch, old=old, new=new, env=self._out(url, access))

    def may_move(self, run: str) -> list[tuple[str, str]]:
        """What a pushing client is told: the run's ref, and the bases that it need not send."""
        return runs.may_move(self.folders.run(run))

    def reading(self, run: str, *arguments: str, version: str = "") -> tuple[list[str], dict[str, str]]:
        """(argv, environment) of an upload-pack on the run's repository, for a door that streams its output."""
        path = self.folders.run(run)
        extra = {"GIT_PROTOCOL": version} if version else {}
        argv = command(path, ("upload-pack", *arguments, str(path)), READING)
        return argv, environment(path, extra)

    def take(
        self, run: str, moves: list[Move], pack: IO[bytes], holding: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """An agent's push. See quarantine.Intake.take."""
        Intake(self.folders, self.quota, self.known).take(run, moves, pack, holding)
