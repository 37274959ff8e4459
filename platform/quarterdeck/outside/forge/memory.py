"""The forge's twin: branches are lists of commits in memory. For tests, and for trying flows without any repository."""

import hashlib
from dataclasses import dataclass, field
from threading import Lock

from quarterdeck.errors import Refused
from quarterdeck.outside.forge.port import Prepared, PullRequest, Target


@dataclass
class MemoryForge:
    """`branches` holds every commit a branch has ever been moved to, newest last; `conflicts` what each head collides in."""

    name: str = "memory"
    methods: tuple[str, ...] = ("merge",)
    branches: dict[Target, list[str]] = field(default_factory=dict)
    conflicts: dict[str, list[str]] = field(default_factory=dict)
    published: dict[str, PullRequest] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def publish(self, run: str, target: Target, *, head: str, title: str, body: str) -> PullRequest:
        with self._lock:
            return self.published.setdefault(run, PullRequest())

    def prepare(self, run: str, target: Target, *, head: str, message: str, author: str, at: int) -> Prepared:
        old = self._branch(target)[-1]
        if head in self.conflicts:
            return Prepared(old=old, new="", conflicts=self.conflicts[head])
        made = "\0".join((old, head, message, author, str(at)))
        return Prepared(old=old, new=hashlib.sha1(made.encode(), usedforsecurity=False).hexdigest())

    def landed(self, run: str, target: Target, prepared: Prepared) -> bool:
        return prepared.new in self._branch(target)

    def land(self, run: str, target: Target, prepared: Prepared) -> bool:
        with self._lock:
            commits = self._branch(target)
            if prepared.new in commits:
                return True
            if commits[-1] != prepared.old:
                return False
            commits.append(prepared.new)
            return True

    def _branch(self, target: Target) -> list[str]:
        if not self.branches.get(target):
            raise Refused(f"{target.url} has no branch {target.branch!r}.", reason="no_such_branch", status=404)
        return self.branches[target]
