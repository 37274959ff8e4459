"""One project with one run, on disk below the test's own folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from quarterdeck.outside.repos.store import Store
from testkit.origins import Origin, commit, git

BASE = {
    "app.py": b"def total(rows):\n    return sum(rows)\n",
    "README.md": b"A small shop.\n",
    "src/a/b.txt": b"deep\n",
}


@dataclass(frozen=True)
class World:
    """`repos` is what is under test; `store` the same repositories on disk."""

    store: Store
    origin: Origin
    repository: str
    run: str
    base: str

    @property
    def url(self) -> str:
        return f"file://{self.origin.path}"

    @property
    def run_folder(self) -> Path:
        return self.store.folders.run_path(self.run)

    @property
    def mirror_folder(self) -> Path:
        return self.store.folders.mirror(self.repository)

    def work(self, files: dict, *, parent: str = "", message: str = "step") -> str:
        """What an accepted push leaves: a commit in the run's repository, with its ref on it."""
        return commit(self.run_folder, files, ref="refs/heads/run", parent=parent, message=message)

    def another_run(self) -> str:
        run = str(uuid4())
        self.store.open_run(run, self.repository, self.base)
        return run


@pytest.fixture
def world(tmp_path: Path) -> World:
    origin = Origin.make(tmp_path / "origins" / "shop.git")
    base = origin.commit(BASE, message="first")
    made = World(Store(tmp_path / "repos"), origin, str(uuid4()), str(uuid4()), base)
    made.store.mirror(made.repository, made.url)
    made.store.open_run(made.run, made.repository, base)
    return made


@contextmanager
def nobody() -> Iterator[None]:
    """A fence that is always open."""
    yield


def everything_in(folder: Path) -> set[str]:
    """All object names a repository holds itself."""
    return set(git(folder, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split())
