"""Where attempts, checks and installs live: create, observe, delete, list. Only the reconciler uses this port.

Backends: `local` (a process under a shim), `memory` (the twin), later `pods`. They obey; they never retry by themselves.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from deckwire.words import Blame
from quarterdeck.errors import Refused


class PlaceState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True)
class PlaceSpec:
    """What one attempt, check or install needs. `name` is deterministic (run and epoch): creating twice is one place.

    `secret` is delivered as a file, never in the environment or argv. Memory in MiB, disk in MiB, deadline in seconds.
    `environment` names a folder of installed packages, seen at /environment, read-only; "" for none. Kind "install" alone may
    be `environment_writable` (the folder is made, empty) and have a `network`: a way out to other machines, none to this one.
    """

    name: str
    kind: str  # "attempt" | "check" | "install"
    run: str
    epoch: int
    secret: str
    cpu: float = 1.0
    memory_mb: int = 2048
    disk_mb: int = 4096
    deadline_s: int = 3600
    image: str = ""
    environment: str = ""
    environment_writable: bool = False
    network: bool = False
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PlaceSeen:
    """What is there. `uid` tells this place from an earlier one of the same name; deletes carry it.

    For an ended place `reason` is a word of END_REASONS, `text` a sentence, `blame` whose doing it was.
    """

    name: str
    uid: str
    kind: str
    run: str
    epoch: int
    state: PlaceState
    node: str = ""
    reason: str = ""
    text: str = ""
    blame: Blame = Blame.NONE
    exit_code: int | None = None
    waiting_for: str = ""


class Cluster(Protocol):
    name: str

    async def create(self, spec: PlaceSpec) -> PlaceSeen:
        """Makes the place, or returns the one of that name that is there.

        Raises TryLater (no room now: reason `quota`; its packages are gone and have to be installed again:
        `environment_missing`), Refused (configuration: image, limits; network or a writable environment for another kind
        than "install"), GaveUp (broken backend).
        """

    async def observe(self, name: str) -> PlaceSeen | None: ...

    async def delete(self, name: str, uid: str, *, grace_s: float = 30.0) -> None:
        """Ends and removes it, if the uid is still the same. Gone already is success. SIGTERM, then SIGKILL after `grace_s`."""

    async def list(self) -> list[PlaceSeen]: ...

    async def environments(self) -> frozenset[str]:
        """The folders of packages that are there: kept ones, and ones that an install fills or left behind."""

    async def keep_environment(self, filled: str, name: str) -> None:
        """Gives a filled folder its lasting name, in one step. Is there one of that name, that one stays. Repeatable."""

    async def drop_environment(self, name: str) -> None:
        """Gone already is success. The caller knows that no place needs it."""

    def watch(self) -> AsyncIterator[PlaceSeen]:
        """Yields what changed, for ever; a hint, never the truth: the reconciler also lists."""


# reason → (whose doing, sentence). Exit codes of deckhand are in deckhand/__main__.py and map here.
END_REASONS: dict[str, tuple[Blame, str]] = {
    "done": (Blame.NONE, "The agent left by itself."),
    "oom": (Blame.AGENT, "The attempt used more memory than its limit."),
    "deadline": (Blame.AGENT, "The attempt ran longer than its deadline."),
    "killed": (Blame.INFRASTRUCTURE, "The attempt was killed from outside."),
    "crashed": (Blame.AGENT, "The agent's process ended with an error."),
    "gone": (Blame.INFRASTRUCTURE, "The attempt disappeared without a word."),
    "start_failed": (Blame.CONFIGURATION, "The attempt could not start."),
    "canary_failed": (Blame.CONFIGURATION, "An address that must not answer did answer from inside the sandbox."),
    "fenced": (Blame.NONE, "A newer attempt took over."),
}


def check_install(spec: PlaceSpec) -> None:
    """What every backend refuses: code that has read a ticket gets no network, and nobody's packages to write into."""
    if spec.kind != "install" and (spec.network or spec.environment_writable):
        raise Refused(f"A place for {spec.kind} gets no network and no writable environment.", reason="install_only")
