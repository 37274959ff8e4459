"""Where repositories lie under one root: mirrors/<repository>.git, runs/<run>.git, scratch/. And the locks on them."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.repos import names
from quarterdeck.outside.repos.plumbing import Bounds, Git

_CONFIG = """[core]
\trepositoryformatversion = 1
\tfilemode = true
\tbare = true
\tlogAllRefUpdates = false
[extensions]
\tpreciousObjects = true
[gc]
\tauto = 0
[http]
\tgetanyfile = false
[uploadpack]
\tadvertiseSidebandAll = false
"""


@dataclass(frozen=True)
class Folders:
    root: Path

    def mirror(self, repository: str) -> Path:
        return self.root / "mirrors" / f"{names.uuid(repository)}.git"

    def run(self, run: str) -> Path:
        """The run's repository. Raises Refused(no_such_repository)."""
        path = self.run_path(run)
        if not path.is_dir():
            raise Refused("This run has no repository.", reason="no_such_repository", status=404)
        return path

    def run_path(self, run: str) -> Path:
        return self.root / "runs" / f"{names.uuid(run)}.git"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder of one job's own, gone after it. What a crash leaves behind, `sweep` takes."""
        path = self.root / "scratch" / uuid4().hex
        path.mkdir(parents=True)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def loose(self, repository: Path, bounds: Bounds) -> Iterator[tuple[Git, Path]]:
        """git that sees `repository` and writes its objects elsewhere: (git, that object folder).

        The way back is an alternates file with a relative path: it needs no quoting, whatever the root is called.
        """
        with self.scratch() as path:
            objects = path / "objects"
            lend(objects, repository / "objects")
            yield Git(repository, {"GIT_OBJECT_DIRECTORY": str(objects)}, bounds), objects

    @contextmanager
    def lock(self, name: str, *, wait: float) -> Iterator[None]:
        """One holder among all processes on this root. Raises TryLater after `wait` seconds."""
        folder = self.root / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _take(handle, wait)
            yield
        finally:
            os.close(handle)  # closing gives the lock back

    def forget_locks(self, run: str) -> None:
        """Only for a run that is gone: who still waits for its lock will find no repository."""
        for name in (f"push-{run}", f"ref-{run}"):
            (self.root / "locks" / name).unlink(missing_ok=True)

    def own(self, path: Path) -> bool:
        """Whether a path lies below our root: no project's address may, or it would read what other runs wrote."""
        return path.resolve().is_relative_to(self.root.resolve())

    def sweep(self) -> None:
        """Removes scratch folders older than a day: their job died."""
        for path in (self.root / "scratch").glob("*"):
            if path.stat().st_mtime < time.time() - 86_400:
                shutil.rmtree(path, ignore_errors=True)


def make(path: Path, *, fill: Callable[[Path], None]) -> None:
    """A bare repository at `path`, there completely or not at all: built as deep as it will lie, then renamed."""
    building = path.parent.parent / "scratch" / f"{uuid4().hex}.git"
    try:
        _build(building, fill)
        path.parent.mkdir(parents=True, exist_ok=True)
        building.rename(path)
    except OSError as broken:
        if not path.is_dir():  # else somebody was faster, and made the same
            raise TryLater(f"The repository could not be made: {broken}", after=5.0) from broken
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _build(building: Path, fill: Callable[[Path], None]) -> None:
    for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
        (building / folder).mkdir(parents=True)
    (building / "HEAD").write_text("ref: refs/heads/run\n")
    (building / "config").write_text(_CONFIG)
    fill(building)


def lend(borrower: Path, lender: Path) -> None:
    """Lets the object folder `borrower` read `lender`, by a relative path: the root may move."""
    (borrower / "info").mkdir(parents=True, exist_ok=True)
    (borrower / "pack").mkdir(exist_ok=True)
    (borrower / "info" / "alternates").write_text(os.path.relpath(lender, borrower) + "\n")


def migrate(objects: Path, into: Path) -> None:
    """Moves packs and loose objects into a repository; a pack's index goes last, since it makes the pack visible."""
    for pack in sorted((objects / "pack").glob("pack-*"), key=lambda path: path.suffix == ".idx"):
        pack.rename(into / "objects" / "pack" / pack.name)
    for loose in objects.glob("[0-9a-f][0-9a-f]/*"):
        home = into / "objects" / loose.parent.name
        home.mkdir(exist_ok=True)
        loose.rename(home / loose.name)
        _sync(home)
    _sync(into / "objects" / "pack")


def _sync(folder: Path) -> None:
    """Makes renames in this folder durable before a ref relies on them."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _take(handle: int, wait: float) -> None:
    until = time.monotonic() + wait
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise TryLater("Another job holds this repository.", after=1.0) from None
            time.sleep(0.02)
