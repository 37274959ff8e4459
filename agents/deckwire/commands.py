"""What the platform tells a living agent. Stop and rewind are not here: they need no agent."""

from typing import Literal

from pydantic import Field

from deckwire.base import Message
from deckwire.requests import Answer


class Command(Message):
    """One row of the agent's mailbox. `n` counts per run; the agent takes them in this order, each once.

    redirect: `words` go into the history (mode interrupt kills the running tool's group first).
    answer: `answers` maps interrupt id → answers in the order of its asks; the agent resumes with exactly this map.
    pause: finish the step, write it, park.
    """

    id: str
    n: int
    verb: Literal["redirect", "answer", "pause"]
    mode: Literal["enqueue", "interrupt"] = "enqueue"
    words: str = ""
    answers: dict[str, list[Answer]] = Field(default_factory=dict)
    by: str = ""


class Mail(Message):
    """Answer of the commands door. Empty after the hold; `fenced` and `stopped` end the agent."""

    commands: list[Command] = Field(default_factory=list)
    fenced: bool = False
    stopped: bool = False
