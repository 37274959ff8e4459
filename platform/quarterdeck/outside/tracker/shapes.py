"""What trackers answer with: small, frozen, neutral. Text is Markdown whatever the tracker speaks; `raw` is kept as it came."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Person:
    """An account of the tracker. `id` is Cloud's accountId or Data Center's name; e-mails are often hidden: match by id."""

    id: str
    name: str
    zone: str = ""  # an IANA time zone, where the tracker tells it


@dataclass(frozen=True)
class Comment:
    id: str
    author: str
    body: str
    at: datetime
    author_id: str = ""
    marker: str = ""  # ours: which of our comments this is
    edited: datetime | None = None
    mentions: list[str] = field(default_factory=list)  # account ids
    public: bool = True  # False: shown to a role or group only


@dataclass(frozen=True)
class Change:
    """One field of one changelog entry. `was` and `now` are what people read; the ids are the tracker's own."""

    id: str  # of the entry: several changes may share it
    field: str
    was: str
    now: str
    at: datetime
    author: str = ""
    author_id: str = ""
    was_id: str = ""
    now_id: str = ""

    def added(self) -> set[str]:
        """Words that are new in a field of words (labels)."""
        return set(self.now.split()) - set(self.was.split())


@dataclass(frozen=True)
class Attachment:
    """`size` in bytes. The content is fetched apart, with a limit."""

    id: str
    name: str
    mime: str
    size: int
    author_id: str = ""
    at: datetime | None = None
    url: str = ""


@dataclass(frozen=True)
class Link:
    """One issue beside this one. `how` reads from this one: "is blocked by", "blocks", "parent", "sub-task"."""

    how: str
    id: str
    key: str
    title: str
    status: str = ""
    status_category: str = "todo"
    kind: str = ""  # the link type's own name: Blocks


@dataclass(frozen=True)
class Issue:
    """One ticket as its tracker has it. `version` only ever rises for one id: an older one never overwrites a newer."""

    id: str
    key: str
    title: str
    description: str
    kind: str  # Bug | Story | Task | Chore | Epic | Sub-task
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
    reporter_id: str = ""  # whom its creator named: anybody
    creator: str = ""
    creator_id: str = ""
    assignee_id: str = ""
    project: str = ""  # the tracker's project key
    project_id: str = ""
    components: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)  # parent and sub-tasks among them
    fields: dict[str, Any] = field(default_factory=dict)  # custom fields by their name, in plain values
    whole_comments: bool = True  # False: more comments stand in the tracker; ask comments()

    def blockers(self) -> list[Link]:
        """What must be done first and is not."""
        return [one for one in self.links if one.how == "is blocked by" and one.status_category != "done"]


@dataclass(frozen=True)
class Page:
    issues: list[Issue]
    cursor: str
    last: bool


@dataclass(frozen=True)
class Field:
    id: str
    name: str
    custom: bool = False


@dataclass(frozen=True)
class ScreenField:
    """A field that a transition's screen asks for. `allowed` are the names one may choose from; empty: free text."""

    id: str
    name: str
    required: bool
    allowed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Transition:
    id: str
    name: str
    status: str
    category: str  # todo | doing | done
    fields: list[ScreenField] = field(default_factory=list)

    def needs(self) -> list[ScreenField]:
        return [one for one in self.fields if one.required]


@dataclass(frozen=True)
class Draft:
    """A ticket to be created. `parent` is an issue's id or key; empty: none."""

    project: str
    kind: str
    title: str
    description: str = ""
    parent: str = ""
    labels: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Hook:
    """A webhook registered over the API. `expires` is None where the tracker keeps it until it is removed."""

    id: str
    query: str
    events: list[str]
    expires: datetime | None = None
    url: str = ""


@dataclass(frozen=True)
class Heard:
    """What one webhook delivery means. `issue` is None where the delivery holds only a sketch of it: fetch it then."""

    event: str  # the tracker's own word
    what: str  # created | updated | deleted | commented | comment_edited | comment_deleted | linked | worked | other
    issue_id: str
    key: str
    at: datetime
    by_id: str = ""
    by: str = ""
    issue: Issue | None = None
    changes: list[Change] = field(default_factory=list)
    comment: Comment | None = None
