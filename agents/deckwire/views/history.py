"""A run from close by: its timeline, its ledger, where it can go back to, and the files it was offered."""

from typing import Any, Literal

from deckwire.views.view import View


class TimelineEvent(View):
    """One line of a run's history, ready to draw. `kind` is the ledger's; `what` groups kinds for the eye.

    `step` is the number of the checkpointed step it belongs to. `undone` marks what a resume or rewind set aside.
    `plan_step` is there for `progressed` alone: which step of the plan (from 0); `detail` then holds its new state.
    `resumed_at` is there for `resumed` alone: what older epochs said after this seq is undone from now on.
    """

    seq: int
    at: int
    epoch: int = 0
    kind: str
    what: Literal[
        "thought", "read", "edit", "shell", "test", "commit", "plan", "request", "decision", "state", "check", "cost",
        "note", "error",
    ]  # fmt: skip
    step: int = 0
    by: str = ""
    text: str
    detail: str = ""
    output: str = ""
    cost_micro: int = 0
    sha: str = ""
    plan_step: int | None = None
    resumed_at: int | None = None
    undone: bool = False


class Events(View):
    """`head` is the stream's last seq: more is to be had while the last event's seq is below it."""

    head: int
    events: list[TimelineEvent]


class RawEvent(View):
    """A ledger line as it is stored."""

    seq: int
    at: int
    epoch: int
    actor: str
    kind: str
    body: dict[str, Any]


class RawEvents(View):
    head: int
    events: list[RawEvent]


class Checkpoint(View):
    """Where a rewind can go back to."""

    id: str
    step: int
    node: str = ""
    title: str = ""
    at: int
    commit: str = ""
    undone: bool = False


class OfferedFile(View):
    """A file in the agent's context: its rank when offered (0: not offered), why, and what became of it."""

    path: str
    rank: int = 0
    why: str = ""
    read: bool = False
    changed: bool = False
