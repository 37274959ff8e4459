"""What the dashboard sends: one model per write. Fields with a default may be left out."""

from typing import Literal

from pydantic import Field

from deckwire.requests import PlanStep
from deckwire.views import (
    BreakdownLine,
    ModelPrice,
    PlaceWish,
    Priority,
    ProjectDials,
    Repository,
    Role,
    View,
    WatchRepositories,
    WatchTriggers,
    WatchWrites,
)
from deckwire.words import Verb


class Body(View):
    """Sent by a client. In TypeScript, what has a default is optional."""


class DecisionBody(Body):
    """One decision over runs or requests. `key` makes it idempotent: the same key again is the same batch.

    `head` and `digest` are what the person saw (merge, approve of a review): if they moved, it is refused. `heads` says
    it for each of many reviews, by the id of the request: one whose head has moved is refused alone.
    """

    key: str
    verb: Verb
    runs: list[str] = Field(default_factory=list)
    requests: list[str] = Field(default_factory=list)
    words: str = ""
    mode: Literal["enqueue", "interrupt"] = "enqueue"
    choice: str = ""
    plan: list[PlanStep] | None = None
    amount_micro: int | None = None
    checkpoint: str = ""
    head: str = ""
    digest: str = ""
    heads: dict[str, str] = Field(default_factory=dict)


class SnoozeBody(Body):
    until_ms: int


class DelegateBody(Body):
    person: str


class AssignBody(Body):
    """Gives tickets to agents. `force` starts what is not ready; an empty dial or model takes the project's."""

    key: str
    tickets: list[str]
    cap_micro: int | None = None
    plan_dial: Literal["ask", "auto"] | None = None
    model: str = ""
    force: bool = False
    words: str = ""


class TicketBody(Body):
    project: str
    title: str
    description: str = ""
    kind: str = "Task"
    priority: Literal["Highest", "High", "Medium", "Low"] = "Medium"
    labels: list[str] = Field(default_factory=list)


class TicketPatch(Body):
    """What is None stays as it is. `status` moves the ticket on the board of our own."""

    title: str | None = None
    description: str | None = None
    kind: str | None = None
    priority: Literal["Highest", "High", "Medium", "Low"] | None = None
    labels: list[str] | None = None
    status: Literal["open", "done"] | None = None


class CommentBody(Body):
    body: str


class ProjectBody(Body):
    name: str
    key: str


class RepositoryLogin(Body):
    """What opens the repository at its https:// origin. An empty `secret` takes the stored one away."""

    user: str = ""
    secret: str = ""


class ProjectPatch(Body):
    """What is None stays as it is. `place` is given as a whole: what it leaves out is the default again."""

    name: str | None = None
    repository: Repository | None = None
    login: RepositoryLogin | None = None
    dials: ProjectDials | None = None
    place: PlaceWish | None = None
    places: int | None = None
    weight: int | None = None
    daily_micro: int | None = None
    cap_micro: int | None = None
    routes: dict[str, str] | None = None


class SitePatch(Body):
    """What is None stays as it is. `daily_micro` 0 takes the limit away."""

    places: int | None = None
    daily_micro: int | None = None


class RunPatch(Body):
    """An empty `priority` takes the ticket's own again; None stays."""

    priority: Priority | Literal[""] | None = None


class ConnectionBody(Body):
    kind: Literal["model"] = "model"
    name: str
    protocol: Literal["openai", "anthropic"]
    base_url: str
    key: str = ""
    models: list[ModelPrice] = Field(default_factory=list)


class ConnectionPatch(Body):
    """What is None stays as it is. An empty `key` takes the stored key away."""

    name: str | None = None
    base_url: str | None = None
    key: str | None = None
    models: list[ModelPrice] | None = None


class InviteBody(Body):
    """`roles` maps project id → role, given with the invitation; what is empty gives none."""

    name: str
    email: str
    roles: dict[str, Role] = Field(default_factory=dict)


class RoleBody(Body):
    role: Role


class TokenBody(Body):
    """`days` until it expires."""

    name: str
    days: int = 90


class TrackerBody(Body):
    """A Jira to connect. `email` is the token's account: Cloud needs it, Data Center does not.

    With a client of OAuth 2.0 (Cloud) there is no token: a person signs in, and the address follows from the site.
    """

    name: str
    flavour: Literal["cloud", "datacenter"] = "cloud"
    base_url: str = ""
    email: str = ""
    token: str = ""
    client_id: str = ""
    client_secret: str = ""


class TrackerPatch(Body):
    """What is None stays as it is."""

    name: str | None = None
    base_url: str | None = None
    email: str | None = None
    token: str | None = None
    client_id: str | None = None
    client_secret: str | None = None


class SiteBody(Body):
    """Which of the sites that were opened to us."""

    site: str


class WatchBody(Body):
    """What a project watches: the tracker's project keys, narrowed by `query`."""

    connection: str
    spaces: list[str] = Field(default_factory=list)
    query: str = ""
    triggers: WatchTriggers = WatchTriggers()
    writes: WatchWrites = WatchWrites()
    subtasks: Literal["", "order", "parallel"] = ""
    repositories: WatchRepositories = WatchRepositories()
    judge: bool = True


class SeenBody(Body):
    """Which version of it was seen."""

    version: int


class BreakdownBody(SeenBody):
    lines: list[BreakdownLine] = Field(default_factory=list)


class QueryBody(Body):
    """What a person typed, and the tracker's projects (`spaces`) that it narrows."""

    query: str
    spaces: list[str] = Field(default_factory=list)


class AllowBody(Body):
    allowed: bool
