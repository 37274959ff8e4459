"""The parts of Jira's JSON that we use, of both flavours. What is missing or null has a default; the rest is kept."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(value: Any) -> datetime:
    """Jira's times: an offset without a colon, or milliseconds since the epoch. What is none is the epoch itself."""
    try:
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
        found = datetime.fromisoformat(str(value))
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return EPOCH


def _dict(value: Any) -> Any:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> Any:
    return value if isinstance(value, list) else []


At = Annotated[datetime, BeforeValidator(at)]


class Seen(BaseModel):
    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True, frozen=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _no_nulls(cls, value: Any) -> Any:
        return {name: one for name, one in value.items() if one is not None} if isinstance(value, dict) else {}


class User(Seen):
    account_id: str = Field("", alias="accountId")
    key: str = ""
    name: str = ""
    shown: str = Field("", alias="displayName")
    zone: str = Field("", alias="timeZone")

    def who(self) -> str:
        """The id that stays: Cloud's accountId, Data Center's name."""
        return self.account_id or self.name or self.key


class Named(Seen):
    id: str = ""
    key: str = ""
    name: str = ""
    value: str = ""


class Category(Seen):
    key: str = ""
    name: str = ""


class Status(Seen):
    id: str = ""
    name: str = ""
    category: Category = Field(default_factory=Category, alias="statusCategory")


class Kind(Seen):
    name: str = ""
    subtask: bool = False
    level: int = Field(0, alias="hierarchyLevel")


class Said(Seen):
    """A comment, or a worklog entry's words."""

    id: str = ""
    author: User = Field(default_factory=User)
    body: Any = ""
    created: At = EPOCH
    updated: At = EPOCH
    visibility: Annotated[dict[str, Any], BeforeValidator(_dict)] = {}
    public: bool = Field(True, alias="jsdPublic")
    properties: Annotated[list[Any], BeforeValidator(_list)] = []
    url: str = Field("", alias="self")


class Talk(Seen):
    comments: list[Said] = []
    total: int = 0


class Kept(Seen):
    """An attachment."""

    id: str = ""
    filename: str = ""
    mime: str = Field("", alias="mimeType")
    size: int = 0
    author: User = Field(default_factory=User)
    created: At = EPOCH
    content: str = ""


class LinkKind(Seen):
    name: str = ""
    inward: str = ""
    outward: str = ""


class Beside(Seen):
    """An issue as others show it: a parent, a sub-task, a link's end."""

    id: str = ""
    key: str = ""
    fields: "BesideFields" = Field(default_factory=lambda: BesideFields())


class BesideFields(Seen):
    summary: str = ""
    status: Status = Field(default_factory=Status)


class Tie(Seen):
    kind: LinkKind = Field(default_factory=LinkKind, alias="type")
    inward: Beside | None = Field(None, alias="inwardIssue")
    outward: Beside | None = Field(None, alias="outwardIssue")


class Fields(Seen):
    summary: str = ""
    description: Any = None
    kind: Kind = Field(default_factory=Kind, alias="issuetype")
    priority: Named = Field(default_factory=Named)
    status: Status = Field(default_factory=Status)
    reporter: User = Field(default_factory=User)
    creator: User = Field(default_factory=User)
    assignee: User = Field(default_factory=User)
    labels: list[str] = []
    comment: Talk = Field(default_factory=Talk)
    updated: At = EPOCH
    created: At = EPOCH
    attachment: list[Kept] = []
    issuelinks: list[Tie] = []
    subtasks: list[Beside] = []
    parent: Beside | None = None
    components: list[Named] = []
    project: Named = Field(default_factory=Named)


class Ticket(Seen):
    id: str = ""
    key: str = ""
    fields: Fields = Field(default_factory=Fields)
    url: str = Field("", alias="self")


class Moved(Seen):
    """One field of a changelog entry."""

    field: str = ""
    was_id: str = Field("", alias="from")
    was: str = Field("", alias="fromString")
    now_id: str = Field("", alias="to")
    now: str = Field("", alias="toString")


class Entry(Seen):
    id: str = ""
    author: User = Field(default_factory=User)
    created: At = EPOCH
    items: list[Moved] = []


class Delivery(Seen):
    event: str = Field("", alias="webhookEvent")
    type: str = Field("", alias="issue_event_type_name")
    timestamp: At = EPOCH
    user: User = Field(default_factory=User)
    issue: Ticket = Field(default_factory=Ticket)
    comment: Said | None = None
    changelog: Entry = Field(default_factory=Entry)
    tie: Annotated[dict[str, Any], BeforeValidator(_dict)] = Field({}, alias="issueLink")
    worklog: Annotated[dict[str, Any], BeforeValidator(_dict)] = {}


class Asked(Seen):
    """A field of a transition's screen."""

    name: str = ""
    required: bool = False
    default: bool = Field(False, alias="hasDefaultValue")
    allowed: list[Named] = Field([], alias="allowedValues")
    schema_: Annotated[dict[str, Any], BeforeValidator(_dict)] = Field({}, alias="schema")


class Way(Seen):
    """A transition."""

    id: str = ""
    name: str = ""
    to: Status = Field(default_factory=Status)
    fields: dict[str, Asked] = {}
    available: bool = Field(True, alias="isAvailable")
