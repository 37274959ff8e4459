"""Where attempts, checks and installs live: create, observe, delete, list. Only the reconciler uses this port.

Backends: `local` (a process under a shim), `pods` (Kubernetes), `memory` (the twin). They obey; they never retry by themselves.
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
    From `cpu` on, a project's own wishes; `image`, `runtime_class`, `node_selector`, `priority_class` and `labels` mean
    something on Kubernetes only, "" and {} leave them to the installation. A runtime class or a node's label that the
    installation names holds for everybody: a project chooses where nothing is said.
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
    runtime_class: str = ""
    node_selector: dict[str, str] = field(default_factory=dict)
    priority_class: str = ""


@dataclass(frozen=True)
class PlaceSeen:
    """What is there. `uid` tells this place from an earlier one of the same name; deletes carry it.

    For an ended place `reason` is a word of END_REASONS, `text` a sentence, `blame` whose doing it was; for one that is
    pending `waiting_for` says in words what it hangs on outside of itself, once that is known ("a node with enough memory").
    `age_s`: seconds since it was made, by the cluster's clock; 0 from a backend whose places begin at once.
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
    age_s: float = field(default=0.0, compare=False)


class Cluster(Protocol):
    name: str

    async def create(self, spec: PlaceSpec) -> PlaceSeen:
        """Makes the place, or returns the one of that name that is there.

        Raises TryLater (no room now: reason `quota`; the cluster does not answer, so whether it was made is not known:
        `cluster_away`; its packages are gone and have to be installed again: `environment_missing`), Refused
        (configuration: image, limits; network or a writable environment for another kind than "install"), GaveUp (broken
        backend).
        """

    async def observe(self, name: str) -> PlaceSeen | None:
        """Asks anew, always. What `list` does not show may still be there: only this knows."""

    async def delete(self, name: str, uid: str, *, grace_s: float = 30.0) -> None:
        """Ends and removes it, if the uid is still the same. Gone already is success. SIGTERM, then SIGKILL after `grace_s`."""

    async def list(self) -> list[PlaceSeen]:
        """May be some seconds old. Shows once more what somebody else removed, as ended, until it is deleted."""

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
    "disk": (Blame.AGENT, "The attempt wrote more than its disk limit."),
    "deadline": (Blame.AGENT, "The attempt ran longer than its deadline."),
    "killed": (Blame.INFRASTRUCTURE, "The attempt was killed."),
    "stopped": (Blame.INFRASTRUCTURE, "Quarterdeck was stopped. The run goes on at its next start."),
    "crashed": (Blame.AGENT, "The agent's process ended with an error."),
    "gone": (Blame.INFRASTRUCTURE, "The attempt disappeared without a word."),
    "start_failed": (Blame.CONFIGURATION, "The attempt could not start."),
    "canary_failed": (Blame.CONFIGURATION, "An address that must not answer did answer from inside the sandbox."),
    "fenced": (Blame.NONE, "A newer attempt took over."),
    "deleted": (Blame.INFRASTRUCTURE, "Somebody deleted the attempt's pod."),
    "evicted": (Blame.INFRASTRUCTURE, "The cluster evicted the attempt's pod."),
    "preempted": (Blame.INFRASTRUCTURE, "The cluster gave the attempt's node to work of a higher priority."),
    "node_lost": (Blame.INFRASTRUCTURE, "The node that the attempt ran on was lost."),
    "node_refused": (Blame.INFRASTRUCTURE, "The node did not take the attempt's pod."),
    "image_name": (Blame.CONFIGURATION, "The image's name is not a valid one."),
    "image_missing": (Blame.CONFIGURATION, "There is no such image."),
    "image_auth": (Blame.CONFIGURATION, "The registry does not let this cluster have the image."),
    "image_pull": (Blame.INFRASTRUCTURE, "The image could not be pulled."),
    "config_error": (Blame.CONFIGURATION, "The cluster cannot make the attempt's container as it is configured."),
    "start_error": (Blame.CONFIGURATION, "The image's program could not be started."),
    "unschedulable": (Blame.INFRASTRUCTURE, "No node had room for the attempt."),
    "no_such_node": (Blame.CONFIGURATION, "No node is of the kind that the project asks for."),
    "start_slow": (Blame.INFRASTRUCTURE, "The attempt did not start in time."),
}

# reason → what a person can do. What is missing here is mended by trying again.
END_REMEDIES: dict[str, str] = {
    "oom": "Give the project more memory, or let its tests use less, then retry.",
    "disk": "Give the project more disk, or let its work write less, then retry.",
    "deadline": "Cut the ticket into smaller ones, or give the project more time, then retry.",
    "killed": "Look for a command that ends every process of its user, or a node that is short of memory, then retry.",
    "silent": "Look for a command that stops or starves every process of its user, or a node that is overloaded, then retry.",
    "theft": "Look in the run's steps for what reads the attempt's own files, then stop it, or retry.",
    "canary_failed": "Let the cluster enforce the agents' NetworkPolicy (quarterdeck doctor tells), then retry.",
    "image_name": "Correct the image's name in the project's settings, then retry.",
    "image_missing": "Push the image, or correct its name in the project's settings, then retry.",
    "image_auth": "Give the agents' namespace a pull secret for that registry, then retry.",
    "image_pull": "Look whether the nodes reach the registry.",
    "config_error": "Mend what it names in the project's image or the installation's pod options, then retry.",
    "start_error": "Look whether the image is made for the nodes' kind of processor and has what it names, then retry.",
    "unschedulable": "Ask for less, free a node, or add one.",
    "no_such_node": "Correct the project's node selector, or label a node, then retry.",
    "start_slow": "Look at the cluster's nodes.",
    "too_large": "Ask for less in the project's settings, or raise the namespace's quota that it names, then retry.",
}


def check_install(spec: PlaceSpec) -> None:
    """What every backend refuses: code that has read a ticket gets no network, and nobody's packages to write into."""
    if spec.kind != "install" and (spec.network or spec.environment_writable):
        raise Refused(f"A place for {spec.kind} gets no network and no writable environment.", reason="install_only")
