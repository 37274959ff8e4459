"""State and cursors from one read: what every screen starts from."""

from pydantic import Field

from deckwire.views.asked import Request
from deckwire.views.history import TimelineEvent
from deckwire.views.people import Person, Project
from deckwire.views.runs import Run
from deckwire.views.view import View


class Snapshot(View):
    """State and cursors from one read. `timeline` is filled for the view of one run only."""

    heads: dict[str, int]
    runs: list[Run] = Field(default_factory=list)
    requests: list[Request] = Field(default_factory=list)
    projects: list[Project] = Field(default_factory=list)
    people: list[Person] = Field(default_factory=list)
    timeline: list[TimelineEvent] = Field(default_factory=list)
