"""A run as its card: the derived state that the board, the list and the head of its page are drawn from."""

from typing import Literal

from pydantic import Field

from deckwire.requests import PlanStep
from deckwire.views.people import Ticket
from deckwire.views.view import Attention, CheckState, Priority, View
from deckwire.words import AttemptState, Blame, Fate, Phase, RequestKind, Risk, Verb


class Attempt(View):
    epoch: int
    place: str = ""
    state: AttemptState
    reason: str = ""
    blame: Blame = Blame.NONE
    started_at: int
    ended_at: int | None = None


class Command(View):
    id: str
    verb: Verb
    words: str = ""
    by: str
    at: int
    fate: Fate
    why: str = ""
    ended_at: int | None = None
    """When its fate was settled: when the agent read it, where it is applied."""
    about: RequestKind | None = None
    """What it answered, where something was asked; `head` is the sealed head, where that was a review."""
    head: str = ""


class RiskFlag(View):
    label: str
    why: str = ""
    level: Risk


class Check(View):
    """A check on a head: the platform's own or the forge's. `note` says by whom and how long."""

    name: str
    state: CheckState
    note: str = ""


class Proposal(View):
    """A sealed head with what the platform re-ran for it. Shas are whole. Counts are None until the check has run.

    `merge_sha` is the commit on `base` that holds it, once the run is merged.
    """

    id: str
    head: str
    base: str
    base_sha: str
    digest: str = ""
    summary: str = ""
    pull: str = ""
    pull_url: str = ""
    commits: int = 0
    files: int = 0
    added: int = 0
    removed: int = 0
    fail_to_pass: int | None = None
    pass_to_pass: int | None = None
    broken: int | None = None
    still_failing: int | None = None
    known_red: int | None = None
    merge_sha: str = ""
    beyond_plan: list[str] = Field(default_factory=list)
    checks: list[Check] = Field(default_factory=list)


class Run(View):
    """The card: the derived state of one run, stamped with the seq of its stream. Replace if newer.

    `attention` and `actor` say who must act. `doing` is the last heartbeat's line. `last_sign_at` is the last
    word from the attempt; None while no attempt lives. `heartbeat_ms` is how often it should speak.
    """

    id: str
    seq: int
    ticket: Ticket
    project: str
    repository: str = ""
    branch: str = ""
    phase: Phase
    desired: Literal["run", "pause", "stop"] = "run"
    reason: str = ""
    attention: Attention
    actor: str = ""
    since: int
    started_at: int
    last_event_at: int
    last_sign_at: int | None = None
    heartbeat_ms: int = 5000
    epoch: int = 0
    place: str = ""
    owner: str = ""
    model: str = ""
    playbook: str = ""
    lane: int = 0
    parent: str | None = None
    spent_micro: int = 0
    reserved_micro: int = 0
    cap_micro: int = 0
    currency: str = "USD"
    tokens: int = 0
    steps: int = 0
    step_cap: int = 0
    plan: list[PlanStep] = Field(default_factory=list)
    plan_version: int = 0
    last_line: str = ""
    risk: Risk = Risk.LOW
    flags: list[RiskFlag] = Field(default_factory=list)
    attempts: list[Attempt] = Field(default_factory=list)
    commands: list[Command] = Field(default_factory=list)
    proposal: Proposal | None = None
    request: str | None = None
    overlaps: list[str] = Field(default_factory=list)
    priority: Priority = "Medium"
    queue_reason: str = ""
    failure_text: str = ""
    failure_remedy: str = ""
    rehearsal: bool = False
