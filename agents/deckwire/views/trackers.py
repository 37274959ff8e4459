"""A connected tracker as its settings show it: whether it works, what came in, what waits, and who is who."""

from typing import Literal

from pydantic import Field

from deckwire.views.view import View

Playbook = Literal["plan", "implement"]


class WatchTriggers(View):
    """`labels`: label → playbook; it starts when it is newly added. `jql` empty: none."""

    assigned: bool = True
    labels: dict[str, str] = Field(default_factory=dict)
    statuses: list[str] = Field(default_factory=list)
    jql: str = ""
    mention: bool = True


class WatchWrites(View):
    """What may be written. `doing`, `waiting`, `review`, `done`: the statuses wanted at each stage, best first.

    Without a name nothing is moved to done, nor between. `labels`: stage → the one label that the ticket then carries.
    `fields`: what is given to a transition's screen that asks for it, by the field's name.
    """

    status: bool = True
    comment: bool = True
    transition: bool = True
    link: bool = True
    worklog: bool = False
    doing: list[str] = Field(default_factory=list)
    waiting: list[str] = Field(default_factory=list)
    review: list[str] = Field(default_factory=list)
    done: list[str] = Field(default_factory=list)
    labels: dict[str, str] = Field(default_factory=dict)
    fields: dict[str, str] = Field(default_factory=dict)


class WatchRepositories(View):
    """Which repository a ticket is about, by its component or its project in the tracker: → the repository's name.

    `label`: what a label begins with that names one. `field`: the custom field that names one. Empty: not looked at.
    """

    components: dict[str, str] = Field(default_factory=dict)
    spaces: dict[str, str] = Field(default_factory=dict)
    label: str = "repo:"
    field: str = "Repository"


class WatchView(View):
    """Which of the tracker's projects (`spaces`) feed a project of ours. `judge`: a model, where there is one, reads whether a
    ticket is ready, beside the rules."""

    project: str
    project_name: str = ""
    spaces: list[str] = Field(default_factory=list)
    query: str = ""
    triggers: WatchTriggers = WatchTriggers()
    writes: WatchWrites = WatchWrites()
    subtasks: str = ""
    repositories: WatchRepositories = WatchRepositories()
    judge: bool = True
    matches_left: int = 0
    """Matches of the trigger's query that the last poll did not get to."""
    polled_at: int | None = None
    note: str = ""


class TrackerPerson(View):
    id: str
    account: str
    name: str = ""
    person: str = ""
    allowed: bool = False


class TrackerSite(View):
    id: str
    name: str = ""
    url: str = ""


class TrackerView(View):
    """The token and the secrets of its webhooks are never sent back. `secrets`: how many are good now, two at the most.

    With a client of OAuth 2.0: whether somebody signed in, the sites that were opened to us and which one is meant;
    `hooks_until`: how long the webhooks that we registered live. `back_path` is the callback that the client names.
    """

    id: str
    name: str
    flavour: str = "cloud"
    base_url: str = ""
    email: str = ""
    has_token: bool = False
    account: str = ""
    hook_path: str = ""
    secrets: int = 0
    last_webhook: int | None = None
    waiting_reads: int = 0
    waiting_writes: int = 0
    failed: int = 0
    quiet_until: int | None = None
    errors: list[str] = Field(default_factory=list)
    client_id: str = ""
    signed_in: bool = False
    site: str = ""
    sites: list[TrackerSite] = Field(default_factory=list)
    back_path: str = "/connect/jira"
    hooks_until: int | None = None
    hooks_note: str = ""
    watches: list[WatchView] = Field(default_factory=list)
    people: list[TrackerPerson] = Field(default_factory=list)


class TrackerDelivery(View):
    id: str
    at: int
    event: str = ""
    issue: str = ""
    state: str = "waiting"
    why: str = ""


class FoundTicket(View):
    key: str
    title: str
    status: str = ""
    url: str = ""


class FoundTickets(View):
    """What a query matches now. `error` is the tracker's own message for a query that it does not understand."""

    count: int = 0
    tickets: list[FoundTicket] = Field(default_factory=list)
    error: str = ""


class OneWord(View):
    """A secret or a code, shown once."""

    word: str
