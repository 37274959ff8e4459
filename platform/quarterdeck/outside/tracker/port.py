"""Where tickets come from. The board (our own tables, behind `BoardStore`), `memory` and Jira (Cloud, Data Center) stand here.

A tracker tells in `can` what it is able and allowed to do; what is not in it is refused (cannot, switched_off), never faked.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from quarterdeck.outside.tracker.shapes import (
    Attachment,
    Change,
    Comment,
    Draft,
    Field,
    Heard,
    Hook,
    Issue,
    Link,
    Page,
    Person,
    ScreenField,
    Transition,
)  # fmt: skip

__all__ = [
    "OVERLAP", "READS", "WRITES", "Attachment", "Change", "Comment", "Draft", "Field", "Heard", "Hook", "Issue", "Link",
    "Page", "Person", "ScreenField", "Tracker", "Transition",
]  # fmt: skip

WRITES = frozenset({"comment", "transition", "link", "worklog", "labels", "create"})
"""What a person may switch off, each by itself."""
READS = frozenset({"me", "count", "changes", "poll", "attachments", "fields", "hooks"})
OVERLAP = timedelta(minutes=5)
"""A search index lags behind, and clocks differ: a poll looks that far back behind what it saw last."""


class Tracker(Protocol):
    """Raises Refused (bad query, no right, gone), TryLater (429, 5xx, network) or GaveUp.

    The reasons of Refused: no_such_ticket (404), bad_query (422, in the tracker's own words), no_right (403), bad_key (401),
    cannot (this tracker has no such thing), switched_off (a person forbade it), screen_fields, ambiguous, no_transition.
    """

    name: str
    can: frozenset[str]

    def me(self) -> Person:
        """The account that we act as: its own events never trigger."""

    def search(self, query: str, cursor: str = "") -> Page: ...

    def count(self, query: str) -> int:
        """How many the query matches, about. Raises Refused(bad_query) in the tracker's own words."""

    def changed_since(self, query: str, since: datetime, overlap: timedelta = OVERLAP, cursor: str = "") -> Page:
        """Of what the query matches, all that was updated at `since - overlap` or later, in no promised order.

        Go on with the page's cursor until it is the last; only then may the next `since` be the newest `updated` seen.
        """

    def fetch(self, id: str) -> Issue: ...

    def fetch_many(self, ids: Sequence[str]) -> list[Issue]:
        """Those that are there and may be seen, in no promised order; fresh, whatever the search index says."""

    def comments(self, id: str) -> list[Comment]:
        """All of them, oldest first."""

    def changes(self, id: str, since: datetime | None = None) -> list[Change]:
        """The changelog, oldest first."""

    def attachment(self, attachment: Attachment, most: int) -> bytes:
        """Its content. Raises Refused(too_big) as soon as it is longer than `most` bytes."""

    def fields(self) -> list[Field]:
        """What fields there are: custom ones are found by their names."""

    def comment(self, id: str, marker: str, body: str) -> str:
        """Writes or edits the one comment that carries `marker`. Returns its id. Looks before it writes."""

    def transitions(self, id: str) -> list[Transition]:
        """What may be done from where it stands, with the fields that each one's screen asks for."""

    def transition(
        self, id: str, category: str, *, names: Sequence[str] = (), fields: dict[str, Any] | None = None,
        sideways: bool = False,
    ) -> bool:  # fmt: skip
        """Moves the ticket to a status of that category, never backwards. False when it stands there or beyond.

        `names` are wanted statuses or transitions, best first. Raises Refused: screen_fields (its text names them), ambiguous
        (into done only by a name), no_transition (often a missing right). `sideways` also goes to one of the names within the
        category, unless the ticket stood there before and somebody else moved it on.
        """

    def link(self, id: str, global_id: str, url: str, title: str) -> None:
        """One remote link per global id."""

    def worklog(self, id: str, marker: str, seconds: int, words: str, at: datetime) -> str:
        """One worklog entry per marker: written, or edited where it is. Returns its id."""

    def label(self, id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None: ...

    def create(self, marker: str, draft: Draft) -> Issue:
        """One issue per marker: looks for it below the parent before it creates."""

    def hooks(self) -> list[Hook]:
        """The webhooks that we registered."""

    def hook(self, url: str, query: str, events: Sequence[str]) -> Hook: ...

    def refresh_hooks(self, ids: Sequence[str]) -> datetime:
        """Renews them. Returns until when they live now."""

    def unhook(self, ids: Sequence[str]) -> None: ...

    def test(self) -> list[tuple[str, bool, str]]:
        """What works: (fact, ok, remedy)."""
