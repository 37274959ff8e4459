"""What the dashboard's screens are drawn from. The frontend's `wire/types.ts` is generated from this file.

JSON is camelCase. Times are milliseconds since the epoch, money is micro-units of the project's currency, ids are
UUID strings. `None` means "not known" or "not there"; an empty string means "nothing to say".
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from deckwire.requests import Choice, Fact, PlanStep, Quote
from deckwire.words import AttemptState, Blame, Fate, Phase, RequestKind, Risk, Verb

Attention = Literal["needs-you", "working", "elsewhere", "ready", "done", "failed", "paused", "broken"]
Dial = Literal["ask", "auto"]
Role = Literal["viewer", "supervisor", "admin"]
CheckState = Literal["queued", "running", "passed", "failed", "broken"]


class View(BaseModel):
    """Frozen, camelCase on the wire, and it refuses unknown fields: a misspelt field fails where it is written."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True
    )


# ---- people, projects, tickets --------------------------------------------------------------------------------------


class Person(View):
    id: str
    name: str


class Me(View):
    """Who looks. `roles` maps project id → role; `rehearsal` is true while no real model can be reached."""

    person: Person
    email: str = ""
    roles: dict[str, Role] = Field(default_factory=dict)
    owner: bool = False
    rehearsal: bool = False
    version: str = ""


class ProjectDials(View):
    """How much may happen before a person is asked. Each: ask, or go on by itself."""

    plan: Dial = "ask"
    permissions: Dial = "ask"
    publishing: Dial = "ask"
    merging: Dial = "ask"


class Project(View):
    """A project as rows and cards need it."""

    id: str
    key: str
    name: str
    repository: str = ""
    branch: str = "main"
    currency: str = "USD"
    dials: ProjectDials = ProjectDials()
    cap_micro: int = 0
    places: int = 0


class Repository(View):
    url: str = ""
    branch: str = "main"
    setup: str = ""
    test: str = ""
    report: str = ""


class ProjectView(Project):
    """A project as its settings show it. `routes` maps a kind of work (plan, edit, small) → "connection id/model"."""

    repository_settings: Repository = Repository()
    routes: dict[str, str] = Field(default_factory=dict)
    members: list["Member"] = Field(default_factory=list)
    spent_today_micro: int = 0
    open_runs: int = 0


class Member(View):
    person: Person
    email: str = ""
    role: Role


class PersonView(View):
    """A person as an owner sees them. `invited_until` is set while the one-time link is unused."""

    person: Person
    email: str
    owner: bool = False
    active: bool = True
    roles: dict[str, Role] = Field(default_factory=dict)
    invited_until: int | None = None


class Invitation(View):
    """The one-time link, shown once."""

    person: PersonView
    link: str


class Ticket(View):
    """A ticket as a card shows it."""

    id: str
    key: str
    title: str
    kind: str = "Task"
    priority: Literal["Highest", "High", "Medium", "Low"] = "Medium"
    labels: list[str] = Field(default_factory=list)
    reporter: str = ""
    description: str = ""


class Readiness(View):
    """May an agent take it? `why` says what is missing, in words for the person who can add it."""

    ready: bool
    why: str = ""


class TicketComment(View):
    id: str
    by: str
    at: int
    body: str


class TicketView(Ticket):
    project: str
    status: str = "open"
    readiness: Readiness
    open_run: str | None = None
    comments: list[TicketComment] = Field(default_factory=list)
    updated: int
    url: str = ""
    editable: bool = True


# ---- runs -----------------------------------------------------------------------------------------------------------


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
    """A sealed head with what the platform re-ran for it. Shas are whole. Counts are None until the check has run."""

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
    queue_reason: str = ""
    failure_text: str = ""
    failure_remedy: str = ""
    rehearsal: bool = False


class DecidedBy(View):
    verb: str
    by: str
    at: int
    words: str = ""


class Request(View):
    """Something a person has to answer. `plan` is there for kind plan, `amount_micro` (the offered cap) for budget."""

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
    state: Literal["open", "snoozed", "delegated", "decided", "withdrawn"]
    until: int | None = None
    to: str = ""
    to_id: str = ""
    decided: DecidedBy | None = None


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


# ---- diff and review ------------------------------------------------------------------------------------------------


class DiffFile(View):
    """`patch` is a unified git patch of this file alone, header lines included; empty for a binary file."""

    path: str
    old_path: str = ""
    status: Literal["added", "removed", "changed", "renamed"]
    added: int = 0
    removed: int = 0
    badges: list[str] = Field(default_factory=list)
    patch: str = ""


class DiffCommit(View):
    sha: str
    title: str
    at: int


class DiffView(View):
    """From base to head. `truncated` means that files beyond the limit are listed without their patch."""

    base: str
    head: str
    digest: str = ""
    files: list[DiffFile] = Field(default_factory=list)
    commits: list[DiffCommit] = Field(default_factory=list)
    truncated: bool = False


class EvidenceRow(View):
    """`state` good: proof; warn: a person should look; bad: it speaks against merging; unknown: not run (yet)."""

    kind: Literal["f2p", "p2p", "still_failing", "beyond_plan", "check", "cost", "time"]
    what: str
    figure: str
    note: str = ""
    state: Literal["good", "warn", "bad", "unknown"] = "unknown"
    items: list[str] = Field(default_factory=list)


class Approval(View):
    """`stands` is false when head, base or digest moved on; `why` then says which."""

    by: str
    at: int
    head: str
    digest: str
    words: str = ""
    stands: bool = True
    why: str = ""


class MergePreview(View):
    """What a merge would do right now. `base` is the sha of the target branch that this was tried on."""

    clean: bool
    conflicts: list[str] = Field(default_factory=list)
    base: str
    text: str = ""


class Review(View):
    """Everything for one decision. `sentence` says what approving will do, with sha and branch in it."""

    run: Run
    proposal: Proposal
    evidence: list[EvidenceRow] = Field(default_factory=list)
    diff: DiffView
    approvals: list[Approval] = Field(default_factory=list)
    merge_preview: MergePreview | None = None
    sentence: str
    may_merge: bool = True
    why_not: str = ""


# ---- answers --------------------------------------------------------------------------------------------------------


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


# ---- connections, tokens, fleet, audit ------------------------------------------------------------------------------


class ModelPrice(View):
    """Micro-units of the currency for a million tokens. None: no price, and the gateway refuses the model."""

    name: str
    in_micro_per_m_tok: int | None = Field(default=None, alias="inMicroPerMTok")
    out_micro_per_m_tok: int | None = Field(default=None, alias="outMicroPerMTok")
    context_tokens: int = 128_000


class ConnectionView(View):
    """A model endpoint. Its key is never sent back: `has_key` says whether there is one."""

    id: str
    kind: Literal["model"] = "model"
    name: str
    protocol: Literal["openai", "anthropic", "rehearsal"]
    base_url: str = ""
    has_key: bool = False
    models: list[ModelPrice] = Field(default_factory=list)
    state: Literal["steady", "backing off", "unreachable", "unknown"] = "unknown"
    note: str = ""
    editable: bool = True


class TokenView(View):
    id: str
    name: str
    created_at: int
    expires_at: int | None = None
    last_used_at: int | None = None


class NewToken(View):
    """`secret` is shown once."""

    token: TokenView
    secret: str


class Places(View):
    used: int
    all: int


class FleetAttempt(View):
    run: str
    ticket_key: str
    title: str = ""
    epoch: int
    state: AttemptState
    place: str = ""
    started_at: int
    last_sign_at: int | None = None
    doing: str = ""


class QueueEntry(View):
    """`ahead` counts the runs before it; `expected` is when it should start, None where nobody can say."""

    run: str
    ticket_key: str
    title: str = ""
    since: int = 0
    reason: str
    ahead: int
    expected: int | None = None


class Source(View):
    """Where news come from: a tracker, the reconciler, a worker. `last_at` None: never. `expected` in ms."""

    name: str
    what: str
    last_at: int | None = None
    expected: int
    state: Literal["live", "idle", "late", "broken"]
    note: str = ""


class Provider(View):
    name: str
    models: str = ""
    state: Literal["steady", "backing off", "unreachable", "unknown"]
    in_flight: int = 0
    note: str = ""


class Fleet(View):
    places: Places
    backend: str = ""
    attempts: list[FleetAttempt] = Field(default_factory=list)
    queue: list[QueueEntry] = Field(default_factory=list)
    sources: list[Source] = Field(default_factory=list)
    providers: list[Provider] = Field(default_factory=list)


class AuditLine(View):
    id: int
    at: int
    actor: str
    what: str
    subject: str = ""
    detail: str = ""


class Snapshot(View):
    """State and cursors from one read. `timeline` is filled for the view of one run only."""

    heads: dict[str, int]
    runs: list[Run] = Field(default_factory=list)
    requests: list[Request] = Field(default_factory=list)
    projects: list[Project] = Field(default_factory=list)
    people: list[Person] = Field(default_factory=list)
    timeline: list[TimelineEvent] = Field(default_factory=list)


ProjectView.model_rebuild()
