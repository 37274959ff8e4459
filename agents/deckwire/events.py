"""Every kind of event: one numbered line in a stream's ledger. Past tense; each says who may send it and what it means.

Agent, binding (only inside a step write):  understood planned asked applied rejected sealed
Agent, narrative (events door):             said read edited ran tested committed progressed noted failed
Platform:                                   opened moved decided attempted resumed spent checked proposed merged
                                            changed quarantined unknown
"""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from deckwire.base import Message
from deckwire.requests import Ask, Plan

# ---- the agent's, binding: stored in the same transaction as the checkpoint they belong to --------------------------


class Understood(Message):
    """The ticket restated, and the behaviours that must hold. working → working."""

    kind: Literal["understood"] = "understood"
    restated: str
    behaviours: list[str] = Field(default_factory=list)


class Planned(Message):
    """A plan, or a changed one (version rises). working → working."""

    kind: Literal["planned"] = "planned"
    plan: Plan


class Asked(Message):
    """One interrupt with its asks; the platform makes one Request per ask. working → waiting."""

    kind: Literal["asked"] = "asked"
    interrupt: str
    asks: list[Ask]


class Applied(Message):
    """These commands are in the history now. waiting → working where it was an answer."""

    kind: Literal["applied"] = "applied"
    commands: list[str]


class Rejected(Message):
    """The agent could not take a command. Its row says why."""

    kind: Literal["rejected"] = "rejected"
    command: str
    why: str


class Sealed(Message):
    """The agent says that `head` is its work, whole. working → sealing."""

    kind: Literal["sealed"] = "sealed"
    head: str
    summary: str


# ---- the agent's, narrative: may be lost with the pod, bind nothing -------------------------------------------------


class Said(Message):
    """What the model said between its tools."""

    kind: Literal["said"] = "said"
    text: str


class Read(Message):
    kind: Literal["read"] = "read"
    path: str
    start: int = 1
    lines: int = 0


class Edited(Message):
    kind: Literal["edited"] = "edited"
    path: str
    added: int = 0
    removed: int = 0


class Ran(Message):
    """A shell command with the end of its output. `exit_code` is None when it was killed (`why` says by what)."""

    kind: Literal["ran"] = "ran"
    command: str
    exit_code: int | None
    output: str = ""
    seconds: float = 0.0
    why: str = ""


class Tested(Message):
    kind: Literal["tested"] = "tested"
    command: str
    passed: int = 0
    failed: int = 0
    output: str = ""
    exit_code: int | None = 0
    seconds: float = 0.0


class Committed(Message):
    kind: Literal["committed"] = "committed"
    sha: str
    step: int
    title: str = ""


class Progressed(Message):
    """Plan step `index` (from 0) is now active, done or changed."""

    kind: Literal["progressed"] = "progressed"
    index: int
    state: Literal["active", "done", "changed"]
    note: str = ""


class Noted(Message):
    """Something worth a line that is none of the others: a nudge of the loop detector, a probe, a search."""

    kind: Literal["noted"] = "noted"
    text: str
    detail: str = ""


class Failed(Message):
    """The agent gives up, or its own limit ended it. `remedy` tells a person what to do. working → failed."""

    kind: Literal["failed"] = "failed"
    reason: str
    text: str
    remedy: str = ""


# ---- the platform's ------------------------------------------------------------------------------------------------


class Opened(Message):
    """A run was opened. → queued."""

    kind: Literal["opened"] = "opened"
    ticket: str
    by: str


class Moved(Message):
    """Run.phase changed; only lifecycle.move writes it."""

    kind: Literal["moved"] = "moved"
    was: str
    to: str
    reason: str
    by: str


class Decided(Message):
    """A decision was stored for this run. `fate` is what it met at once."""

    kind: Literal["decided"] = "decided"
    verb: str
    words: str = ""
    by: str
    fate: str = "pending"
    why: str = ""
    request: str = ""


class Attempted(Message):
    """An attempt changed its state."""

    kind: Literal["attempted"] = "attempted"
    epoch: int
    state: str
    reason: str = ""
    text: str = ""


class Resumed(Message):
    """A new attempt goes on from this checkpoint: older epochs' events after `seq` are drawn as undone."""

    kind: Literal["resumed"] = "resumed"
    epoch: int
    checkpoint: str
    seq: int
    rewound: bool = False


class Spent(Message):
    """A model call was settled. Micro-units of the project's currency."""

    kind: Literal["spent"] = "spent"
    call: str
    model: str
    purpose: str = ""
    micro: int
    tokens_in: int = 0
    tokens_out: int = 0
    estimated: bool = False


class Checked(Message):
    """A platform check ended, or moved on."""

    kind: Literal["checked"] = "checked"
    name: str
    state: Literal["queued", "running", "passed", "failed", "broken"]
    note: str = ""


class Proposed(Message):
    """A proposal stands with its evidence. sealing → review."""

    kind: Literal["proposed"] = "proposed"
    head: str
    base: str


class Merged(Message):
    """The approved head is in the target branch as `sha`. merging → merged."""

    kind: Literal["merged"] = "merged"
    sha: str
    branch: str


class Changed(Message):
    """Something of a project or the site changed: a ticket, a connection, a member, a dial. Names what to fetch again."""

    kind: Literal["changed"] = "changed"
    what: Literal["ticket", "project", "connection", "member", "run", "settings"]
    id: str = ""
    by: str = ""


class Quarantined(Message):
    """An event that could not be stored as it came. It keeps its place in the order."""

    kind: Literal["quarantined"] = "quarantined"
    why: str
    size: int = 0


class Unknown(Message):
    """A kind from a newer agent: kept whole, shown as what it is."""

    kind: Literal["unknown"] = "unknown"
    said: str
    body: dict[str, Any] = Field(default_factory=dict)


BINDING = (Understood, Planned, Asked, Applied, Rejected, Sealed, Failed)
NARRATIVE = (Said, Read, Edited, Ran, Tested, Committed, Progressed, Noted)
PLATFORM = (
    Opened, Moved, Decided, Attempted, Resumed, Spent, Checked, Proposed, Merged, Changed, Quarantined, Unknown,
)  # fmt: skip

type_of: dict[str, type[Message]] = {
    model.model_fields["kind"].default: model for model in (*BINDING, *NARRATIVE, *PLATFORM)
}
BINDING_KINDS = frozenset(model.model_fields["kind"].default for model in BINDING)
NARRATIVE_KINDS = frozenset(model.model_fields["kind"].default for model in NARRATIVE)

AgentEvent = Annotated[
    Understood | Planned | Asked | Applied | Rejected | Sealed | Failed
    | Said | Read | Edited | Ran | Tested | Committed | Progressed | Noted,
    Field(discriminator="kind"),
]  # fmt: skip
AGENT_EVENT: TypeAdapter[AgentEvent] = TypeAdapter(AgentEvent)


def read_event(body: dict[str, Any]) -> Message:
    """The tolerant reader: an unknown kind becomes `Unknown`, a known kind that does not fit becomes `Quarantined`."""
    kind = body.get("kind")
    model = type_of.get(kind) if isinstance(kind, str) else None
    if model is None:
        return Unknown(said=str(kind)[:60], body=body)
    try:
        return model.tolerant(body)
    except ValidationError as bad:
        return Quarantined(why=str(bad.errors(include_url=False, include_input=False))[:400])


class Delta(Message):
    """Not history: typing and terminal bytes between lines. Pushed to whoever watches the run, never stored."""

    kind: Literal["typing", "terminal"]
    text: str
