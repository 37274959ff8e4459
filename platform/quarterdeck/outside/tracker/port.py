"""Where tickets come from. Small frozen answers; unknown fields are kept raw.

The board (our own tables, behind `BoardStore`) and `memory` are here; Jira Cloud and Data Center follow the same port.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Comment:
    id: str
    author: str
    body: str
    at: datetime


@dataclass(frozen=True)
class Issue:
    """One ticket as its tracker has it. `version` only ever rises for one id: an older one never overwrites a newer."""

    id: str
    key: str
    title: str
    description: str
    kind: str  # Bug | Story | Task | Chore
    priority: str  # Highest | High | Medium | Low
    status: str
    status_category: str  # todo | doing | done
    reporter: str
    assignee: str
    labels: list[str]
    comments: list[Comment]
    updated: datetime
    version: int
    url: str = ""
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    issues: list[Issue]
    cursor: str
    last: bool


class Tracker(Protocol):
    """Raises Refused (bad query, no right, gone), TryLater (429, 5xx, network) or GaveUp."""

    name: str

    def search(self, query: str, cursor: str = "") -> Page: ...

    def fetch(self, id: str) -> Issue: ...

    def comment(self, id: str, marker: str, body: str) -> str:
        """Writes or edits the one comment that carries `marker`. Returns its id. Looks before it writes."""

    def transition(self, id: str, category: str) -> bool:
        """Moves the ticket to a status of that category, never backwards. False when it stands there or beyond."""

    def link(self, id: str, global_id: str, url: str, title: str) -> None:
        """One remote link per global id."""

    def test(self) -> list[tuple[str, bool, str]]:
        """What works: (fact, ok, remedy)."""
