"""A served git door, its project and one run. Alice's agent holds a good token, Mallory a stale one, a check its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from uuid import UUID, uuid4

import httpx
import pytest

from deckwire.words import Audience
from quarterdeck.doors.git_door import GitDoor, build
from quarterdeck.errors import Refused
from quarterdeck.outside.repos.store import Store
from quarterdeck.outside.repos.weigh import Quota
from testkit.listening import on_loopback
from testkit.origins import Origin, git, tried

FILES = {"app.py": b"def total(rows):\n    return sum(rows)\n", "src/a/b.txt": b"deep\n"}
SMALL = Quota(sent=2 << 20, unpacked=16 << 20, blob=4 << 20, files=10_000, objects=2_000, path=600, depth=30)


@dataclass(frozen=True)
class Holder:
    run: UUID
    epoch: int
    kind: str


@dataclass
class Fence:
    """Stands in for the record: who holds which token, and which epoch a run is at."""

    holders: dict[str, Holder] = field(default_factory=dict)
    fenced: set[str] = field(default_factory=set)
    epochs: dict[UUID, int] = field(default_factory=dict)
    frozen: bool = False
    asked: int = 0
    told: int = 0
    during: object = None

    def find(self, token: str, audience: Audience) -> Holder | None:
        assert audience is Audience.GIT
        self.asked += 1
        if token in self.fenced:
            self.told += 1
            raise Refused("This attempt was replaced or ended.", reason="fenced", remedy="Leave.")
        return self.holders.get(token)

    @contextmanager
    def holding(self, run: UUID, epoch: int) -> Iterator[None]:
        if self.epochs[run] != epoch:
            raise Refused("This attempt was replaced.", reason="fenced")
        if self.frozen:
            raise Refused("The run's head is sealed.", reason="frozen")
        if callable(self.during):
            self.during()
        yield


@dataclass
class Served:
    store: Store
    fence: Fence
    origin: Origin
    repository: str
    base: str
    door: GitDoor
    address: str = ""
    run: str = field(default_factory=lambda: str(uuid4()))

    def open(self, run: str, *, epoch: int = 1) -> str:
        """A run with its agent's token."""
        self.store.open_run(run, self.repository, self.base)
        self.fence.epochs[UUID(run)] = epoch
        return self.hold(run, epoch)

    def hold(self, run: str, epoch: int, kind: str = "attempt") -> str:
        token = f"qd_git_{kind}_{run}_{epoch}"
        self.fence.holders[token] = Holder(UUID(run), epoch, kind)
        return token

    def url(self, run: str = "") -> str:
        return f"{self.address}/run/{run or self.run}.git"

    def head(self) -> str:
        return self.store.head(self.run)

    def ask(self, method: str, path: str, token: str = "", **more: object) -> httpx.Response:
        headers = {**({"authorization": f"Bearer {token}"} if token else {}), **more.pop("headers", {})}
        return httpx.request(method, self.url() + path, headers=headers, trust_env=False, **more)


@dataclass
class Clone:
    """An agent's checkout, spoken to by a real git. The token goes by the environment, never by argv."""

    folder: Path
    token: str

    def env(self) -> dict[str, str]:
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Bearer {self.token}",
        }

    def try_(self, *arguments: str) -> CompletedProcess[str]:
        return tried(self.folder, *arguments, **self.env())

    def git(self, *arguments: str) -> str:
        return git(self.folder, *arguments, **self.env())

    def write(self, files: dict[str, bytes], message: str = "step") -> str:
        for name, body in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def push(self, *more: str) -> CompletedProcess[str]:
        return self.try_("push", "--porcelain", *more, "origin", "HEAD:refs/heads/run")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    origin = Origin.make(tmp_path / "origins" / "shop.git")
    store, fence = Store(tmp_path / "repos", SMALL), Fence()
    door = build(store, fence.find, fence.holding)
    made = Served(store, fence, origin, str(uuid4()), origin.commit(FILES), door)
    made.store.mirror(made.repository, str(origin.path))
    with on_loopback(door) as made.address:
        yield made


@pytest.fixture
def token(served: Served) -> str:
    return served.open(served.run)


def cloned(served: Served, token: str, folder: Path, *more: str, run: str = "") -> Clone:
    folder.mkdir(parents=True)
    clone = Clone(folder, token)
    clone.git("clone", "-q", "-b", "run", *more, served.url(run), ".")
    return clone


@pytest.fixture
def clone(served: Served, token: str, tmp_path: Path) -> Clone:
    return cloned(served, token, tmp_path / "work")
