"""People, projects and tickets, as rows, cards and settings need them."""

from typing import Literal

from pydantic import Field

from deckwire.views.view import Dial, Role, View


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
    """`install` runs once per lock file, with network; `setup` at each attempt, without. Empty: there is none."""

    url: str = ""
    branch: str = "main"
    install: str = ""
    setup: str = ""
    test: str = ""
    report: str = ""


class PlaceWish(View):
    """What the project's places are made with. Empty and None: the installation's own, or 1 core, 2 GiB, 4 GiB of disk.

    `image`, `runtime_class`, `node_selector` and `labels` mean something with pods only. Memory and disk in MiB.
    """

    image: str = ""
    cpu: float | None = None
    memory_mb: int | None = None
    disk_mb: int | None = None
    runtime_class: str = ""
    node_selector: dict[str, str] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)


class ProjectView(Project):
    """A project as its settings show it. `routes` maps a kind of work (plan, edit, small) → "connection id/model".

    `weight` is its part of the places in all beside other projects; `daily_micro` what may be spent in a day, 0: no limit.
    """

    repository_settings: Repository = Repository()
    repository_user: str = ""
    repository_has_secret: bool = False
    routes: dict[str, str] = Field(default_factory=dict)
    members: list["Member"] = Field(default_factory=list)
    place: PlaceWish = PlaceWish()
    weight: int = 1
    daily_micro: int = 0
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
    """May an agent take it? `why` says what is missing, in words for the person who can add it. `note` keeps nobody from
    starting it, but says what will come of it."""

    ready: bool
    why: str = ""
    note: str = ""


class TicketComment(View):
    id: str
    by: str
    at: int
    body: str


class TicketImage(View):
    """An attached image that was kept: a download, named by the digest of its bytes. `size` in bytes."""

    name: str
    digest: str
    size: int = 0


class TicketView(Ticket):
    project: str
    status: str = "open"
    readiness: Readiness
    open_run: str | None = None
    comments: list[TicketComment] = Field(default_factory=list)
    updated: int
    url: str = ""
    editable: bool = True
    note: str = ""
    """Why it does not start by itself, or what could not be written to its tracker."""
    images: list[TicketImage] = Field(default_factory=list)


ProjectView.model_rebuild()
