"""What crosses the agents' doors: hello, heartbeat, step, events, checkpoints. JSON over HTTP.

A refusal at any door is a `Refusal` body with its HTTP status: 401 token, 403 not yours, 409 fenced or conflicting,
402 budget, 413 too big, 422 malformed, 429 too fast (Retry-After in seconds), 503 try again.
"""

from typing import Any, Literal

from pydantic import Field

from deckwire.base import Message
from deckwire.words import AttemptState

GRAPH_VERSION = 1
MAIN_THREAD = "main"


class Refusal(Message):
    """One reason word for machines, one sentence for people, one remedy."""

    reason: str
    text: str
    remedy: str = ""
    retry_after: float | None = None


class Hello(Message):
    """`nonce` is made by the agent before its first try: the pair may repeat until the session is first used."""

    secret: str
    nonce: str
    graph_version: int = GRAPH_VERSION


class ModelRoute(Message):
    """Which protocol the gateway speaks for one kind of work, and the name to ask it for. `images`: it takes those too."""

    protocol: Literal["openai", "anthropic"]
    model: str
    context_tokens: int = 128_000
    images: bool = False


class Limits(Message):
    """Ends of a run's patience: steps, wall seconds of one attempt, money in micro-units."""

    steps: int = 120
    seconds: int = 3600
    micro: int = 5_000_000
    shell_seconds: int = 120
    output_bytes: int = 32_768


class Dials(Message):
    """plan: ask | auto. permissions: ask | auto. Frozen in Run.config when the run opens."""

    plan: Literal["ask", "auto"] = "ask"
    permissions: Literal["ask", "auto"] = "ask"


class Commands(Message):
    """The repository's own commands, run by `sh -c` at the checkout's top. Empty means: there is none."""

    setup: str = ""
    test: str = ""
    report: str = ""


class Picture(Message):
    """An image that somebody attached. `url` names it to the gateway, which puts the bytes into a model call; nothing else
    reads it. Empty: none of this run's models takes images. Sizes in bytes and pixels."""

    name: str
    size: int
    width: int
    height: int
    url: str = ""


class TicketText(Message):
    """What the agent is told of the ticket. Untrusted text: data, never instructions to the runner."""

    key: str
    title: str
    description: str = ""
    comments: list[str] = Field(default_factory=list)
    labels: list[str] = Field(default_factory=list)
    images: list[Picture] = Field(default_factory=list)


class Config(Message):
    models: dict[str, ModelRoute]
    """Routes by kind of work: plan, edit, small."""
    limits: Limits = Limits()
    dials: Dials = Dials()
    commands: Commands = Commands()
    playbook: str = "implement"
    linger_seconds: float = 60.0
    heartbeat_seconds: float = 5.0


class Fork(Message):
    """After a rewind: fork the history at this checkpoint with these words, then go on."""

    checkpoint: str
    words: str
    n: int


class Conflict(Message):
    """The base moved under a proposal: both sides, so that the agent can bring them together."""

    base: str
    theirs: str
    paths: list[str]


class Welcome(Message):
    """Answer to hello: all an agent knows. `head` empty means a fresh run; `applied_n` is the last command in the history."""

    session: str
    run: str
    attempt: str
    epoch: int
    thread: str = MAIN_THREAD
    head: str = ""
    head_commit: str
    base_commit: str
    branch: str
    ref: str = "refs/heads/run"
    fork: Fork | None = None
    forks: int = 0
    conflict: Conflict | None = None
    applied_n: int = 0
    git_path: str
    ticket: TicketText
    config: Config
    spent_micro: int = 0
    steps_done: int = 0


class Heartbeat(Message):
    """`doing` is one line for the card; `step` the number of the step at work."""

    step: int = 0
    doing: str = ""


class Pulse(Message):
    """Answer to a heartbeat. `session` is set when it was rotated: the old one stays good for 60 s."""

    session: str = ""
    mail: int = 0
    watched: bool = False
    micro_left: int | None = None


class Envelope(Message):
    """One checkpoint. `manifest` says how to put the parts together again; the platform never opens either.

    `refs` lists every part's digest; the platform refuses a checkpoint whose parts it does not hold.
    `digest` is over everything else here: same id and digest again is the same write.
    """

    thread: str
    ns: str = ""
    id: str
    parent: str = ""
    step: int
    source: str
    node: str = ""
    metadata: dict[str, Any] = Field(default_factory=dict)
    commit: str = ""
    graph_version: int = GRAPH_VERSION
    manifest: dict[str, Any]
    refs: list[str]
    digest: str


class Part(Message):
    """Bytes of a state, base64, stored once by the SHA-256 of the bytes."""

    digest: str
    type: str
    data: str


class Write(Message):
    """One pending write of LangGraph on a checkpoint. (task, idx) is its key there."""

    task: str
    path: str = ""
    idx: int
    channel: str
    ref: str


class Writes(Message):
    thread: str
    ns: str = ""
    checkpoint: str
    writes: list[Write]


class Numbered(Message):
    """An event with the agent's own number in this epoch: only to drop repeats."""

    n: int
    at: float
    body: dict[str, Any]


class Step(Message):
    """The second act of a step: all of it is stored in one transaction, or nothing.

    The first act, the push of the WIP commit, came before: `checkpoint.commit` must be in the run's repository.
    """

    epoch: int
    checkpoint: Envelope | None = None
    parts: list[Part] = Field(default_factory=list)
    writes: list[Writes] = Field(default_factory=list)
    events: list[Numbered] = Field(default_factory=list)


class Stored(Message):
    """What a step or a batch of events met. `seq` is the head of the run's stream after it."""

    seq: int
    repeated: bool = False
    missing: list[str] = Field(default_factory=list)


class Batch(Message):
    """Narrative events, at most 500 or 1 MB. `deltas` are pushed and forgotten."""

    epoch: int
    events: list[Numbered] = Field(default_factory=list)
    deltas: list[dict[str, Any]] = Field(default_factory=list)


class Recalled(Message):
    """A stored checkpoint with its pending writes and all parts of both."""

    envelope: Envelope
    writes: list[Write] = Field(default_factory=list)
    parts: list[Part] = Field(default_factory=list)


class Bye(Message):
    """How the agent means to leave. `parked` is conditional: the answer may say stay."""

    state: Literal[AttemptState.PARKED, AttemptState.SEALED, AttemptState.FAILED]
    reason: str = ""
    text: str = ""


class Leave(Message):
    """`stay`: mail came in while the agent was packing. Take it and go on."""

    stay: bool = False
