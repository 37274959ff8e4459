"""Connections, tokens, the fleet, the audit: what belongs to the site and not to one run."""

from typing import Literal

from pydantic import Field

from deckwire.views.view import Priority, View
from deckwire.words import AttemptState


class ModelPrice(View):
    """Micro-units of the currency for a million tokens. None: no price, and the gateway refuses the model.

    `images`: it takes those too. None: nobody said so, and its name decides.
    """

    name: str
    in_micro_per_m_tok: int | None = Field(default=None, alias="inMicroPerMTok")
    out_micro_per_m_tok: int | None = Field(default=None, alias="outMicroPerMTok")
    context_tokens: int = 128_000
    images: bool | None = None


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
    """`ahead` counts the runs before it, in whatever project; `before` are the tickets of the first of its own project's.
    `expected` is when it should start, None where nobody can say."""

    run: str
    ticket_key: str
    title: str = ""
    since: int = 0
    reason: str
    ahead: int
    before: list[str] = Field(default_factory=list)
    project: str = ""
    priority: Priority = "Medium"
    expected: int | None = None


class Source(View):
    """Where news come from: a tracker, the reconciler, a worker. `last_at` None: never. `expected` in ms."""

    name: str
    what: str
    last_at: int | None = None
    expected: int
    state: Literal["live", "idle", "late", "broken"]
    note: str = ""


class Effect(View):
    """Something that has to happen outside: a comment, a transition. Worked in order per `key`. `why` says what the last try
    met; one that is stuck holds up what is behind it on its key until the owner tries it again or drops it. `ticket` is the
    key of the ticket that it is about, `behind` how many wait for it."""

    id: str
    key: str
    kind: str
    state: Literal["waiting", "stuck"]
    tries: int
    since: int
    why: str = ""
    ticket: str = ""
    behind: int = 0


class Provider(View):
    name: str
    models: str = ""
    state: Literal["steady", "backing off", "unreachable", "unknown"]
    in_flight: int = 0
    note: str = ""


class Fleet(View):
    """`places`: of the projects that one sees; `places_in_all`: of the whole installation, whose projects share them."""

    places: Places
    places_in_all: Places
    backend: str = ""
    attempts: list[FleetAttempt] = Field(default_factory=list)
    queue: list[QueueEntry] = Field(default_factory=list)
    sources: list[Source] = Field(default_factory=list)
    providers: list[Provider] = Field(default_factory=list)


class SiteView(View):
    """What holds for the whole installation. `daily_micro`: what may be spent in a day (UTC) before nothing starts, 0: no
    limit."""

    places: int
    used: int
    daily_micro: int = 0
    spent_today_micro: int = 0


class AuditLine(View):
    """`actor` did `what` to `subject`, and the `rest` of the sentence. `about` (run, ticket, project, person) and `ref` say
    what that is, for a link."""

    id: int
    at: int
    actor: str
    what: str
    subject: str = ""
    rest: str = ""
    about: str = ""
    ref: str = ""
    detail: str = ""
