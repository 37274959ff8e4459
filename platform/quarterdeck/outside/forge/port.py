"""Where proposals are published and merged. The bare forge does it in the project's repository itself.

A merge first writes down the commit it will make, then moves the branch from the exact old value: `prepare`, then `land`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Target:
    """The repository and branch a proposal goes to."""

    url: str
    branch: str
    access: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """The login of the repository, where it asks for one."""


@dataclass(frozen=True)
class Prepared:
    """What will be merged: `old` is the branch's value it was made for, `new` the commit. Conflicts: `new` is empty."""

    old: str
    new: str
    conflicts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class PullRequest:
    """A neutral view of what was published. The bare forge has no number and no page of its own."""

    number: int = 0
    url: str = ""
    state: str = "open"  # open | merged | closed


class Repositories(Protocol):
    """The little that a forge without a server of its own needs of the git service (a part of outside/repos/port.py)."""

    def tip(self, run: str, url: str, branch: str, *, access: Mapping[str, str] | None = None) -> str: ...

    def preview(self, run: str, base: str, head: str) -> "Mergeable": ...

    def merge_commit(self, run: str, base: str, head: str, *, message: str, author: str, at: int) -> str: ...

    def publish(
        self, run: str, url: str, branch: str, *, old: str, new: str, access: Mapping[str, str] | None = None
    ) -> bool: ...

    def holds(
        self, run: str, url: str, branch: str, *, old: str, new: str, access: Mapping[str, str] | None = None
    ) -> bool: ...


class Mergeable(Protocol):
    @property
    def clean(self) -> bool: ...
    @property
    def conflicts(self) -> list[str]: ...


class Forge(Protocol):
    name: str
    methods: tuple[str, ...]

    def publish(self, run: str, target: Target, *, head: str, title: str, body: str) -> PullRequest:
        """Shows the sealed head to the world. Looks for its own marker first: twice is one."""

    def prepare(self, run: str, target: Target, *, head: str, message: str, author: str, at: int) -> Prepared: ...

    def landed(self, run: str, target: Target, prepared: Prepared) -> bool:
        """Whether `new` is in the branch already: somebody moved it and died before he could say so."""

    def land(self, run: str, target: Target, prepared: Prepared) -> bool:
        """Moves the branch. True when `new` is in it (now or already); False when the branch moved elsewhere."""
