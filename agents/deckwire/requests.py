"""What an agent asks a person, and what comes back."""

from typing import Literal

from pydantic import Field

from deckwire.base import Message
from deckwire.words import RequestKind, Risk


class Citation(Message):
    path: str
    line: int = 0
    symbol: str = ""


class PlanStep(Message):
    """`paths` is what the step means to touch: files changed outside all of them are "beyond the plan"."""

    title: str
    paths: list[str] = Field(default_factory=list)
    citations: list[Citation] = Field(default_factory=list)
    state: Literal["todo", "active", "done", "changed"] = "todo"
    note: str = ""


class Plan(Message):
    version: int = 1
    steps: list[PlanStep]
    risk: Risk = Risk.LOW


class Choice(Message):
    id: str
    label: str
    effect: str = ""
    suggested: bool = False


class Quote(Message):
    title: str
    lines: str
    tone: Literal["plain", "hostile"] = "plain"


class Fact(Message):
    label: str
    value: str
    tone: Literal["plain", "warn", "good"] = "plain"


class Ask(Message):
    """One question of one interrupt. A node asks once; several asks make several requests with one resume."""

    kind: RequestKind
    ask: str
    context: str = ""
    risk: Risk = Risk.LOW
    choices: list[Choice] = Field(default_factory=list)
    facts: list[Fact] = Field(default_factory=list)
    quotes: list[Quote] = Field(default_factory=list)
    command: str = ""
    plan: Plan | None = None
    approve_means: str = ""
    reversible: str = ""


class Answer(Message):
    """What a person said to one ask. The value of a resume, keyed by interrupt id, is a list of these in ask order."""

    verb: Literal["approve", "deny", "answer", "redirect", "raise budget"]
    words: str = ""
    choice: str = ""
    plan: Plan | None = None
    by: str = ""
