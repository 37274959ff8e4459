"""What waits for a person, and what a decision met."""

from typing import Literal

from pydantic import Field

from deckwire.requests import Choice, Fact, PlanStep, Quote
from deckwire.views.runs import RiskFlag
from deckwire.views.view import View
from deckwire.words import RequestKind, Risk


class DecidedBy(View):
    verb: str
    by: str
    at: int
    words: str = ""


class Request(View):
    """Something a person has to answer. `plan` is there for kind plan, `amount_micro` (the offered cap) for budget,
    `head` (the sealed commit that is asked about) for review: an approval sends it back."""

    id: str
    seq: int = 0
    kind: RequestKind
    project: str
    runs: list[str]
    interrupt: str = ""
    ask: str
    context: str = ""
    waiting_since: int
    risk: Risk = Risk.LOW
    flags: list[RiskFlag] = Field(default_factory=list)
    choices: list[Choice] = Field(default_factory=list)
    facts: list[Fact] = Field(default_factory=list)
    quotes: list[Quote] = Field(default_factory=list)
    plan: list[PlanStep] = Field(default_factory=list)
    approve_means: str = ""
    command: str = ""
    reversible: str = ""
    amount_micro: int | None = None
    head: str = ""
    state: Literal["open", "snoozed", "delegated", "decided", "withdrawn"]
    until: int | None = None
    to: str = ""
    to_id: str = ""
    decided: DecidedBy | None = None


class ReceiptLine(View):
    """What one run met. `why` is the platform's sentence: the effect, or the reason of the refusal."""

    run: str
    ticket_key: str
    request: str = ""
    fate: Literal["applied", "pending", "rejected"]
    why: str = ""
    command: str = ""


class Receipt(View):
    """`undo_until`: until then, and only while nobody has read it, the batch can be undone. None: it cannot."""

    batch: str
    lines: list[ReceiptLine] = Field(default_factory=list)
    undo_until: int | None = None


class Refused(View):
    """Every error's body."""

    reason: str
    text: str
    remedy: str = ""


class SettingFact(View):
    """One line of a connection's or repository's test."""

    label: str
    ok: bool
    remedy: str = ""


class RepositoryLook(View):
    """`looking`: a worker asks the remote, or soon will; else what it found, and when that was (`at`)."""

    looking: bool = False
    at: int | None = None
    facts: list[SettingFact] = Field(default_factory=list)
