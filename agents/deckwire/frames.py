"""The live socket's frames, both ways. Each has `op`; a client skips an `op` that it does not know."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from deckwire.bodies import Body
from deckwire.views import Request, Run, TimelineEvent, View

# ---- from the dashboard ---------------------------------------------------------------------------------------------


class Watch(Body):
    """One view to hear of. `run` names it when `view` is run."""

    view: Literal["board", "inbox", "run"]
    run: str = ""


class ViewFrame(Body):
    """Replaces what this socket watches. `cursors` maps stream → last seq the client holds."""

    op: Literal["view"]
    views: list[Watch]
    cursors: dict[str, int] = Field(default_factory=dict)


class PingFrame(Body):
    op: Literal["ping"]


ClientFrame = Annotated[ViewFrame | PingFrame, Field(discriminator="op")]
CLIENT_FRAME: TypeAdapter[ClientFrame] = TypeAdapter(ClientFrame)

# ---- from the platform ----------------------------------------------------------------------------------------------


class CardFrame(View):
    """Replace if `seq` is newer than what is held."""

    op: Literal["card"] = "card"
    run: Run
    seq: int


class RequestFrame(View):
    op: Literal["request"] = "request"
    request: Request


class EventsFrame(View):
    """Append if `from` is the next after what is held, else GET what is missing."""

    op: Literal["events"] = "events"
    run: str
    from_: int = Field(alias="from")
    to: int
    events: list[TimelineEvent]


class DeltaFrame(View):
    """Not history: shown, never kept."""

    op: Literal["delta"] = "delta"
    run: str
    kind: Literal["terminal", "typing"]
    text: str


class HeadsFrame(View):
    op: Literal["heads"] = "heads"
    heads: dict[str, int]


class ChangedFrame(View):
    """Fetch it again."""

    op: Literal["changed"] = "changed"
    what: Literal["ticket", "project", "connection", "member", "run", "settings"]
    id: str = ""


class ResyncFrame(View):
    """The bounded queue overflowed: take a snapshot."""

    op: Literal["resync"] = "resync"


class PongFrame(View):
    op: Literal["pong"] = "pong"


class RefusedFrame(View):
    op: Literal["refused"] = "refused"
    text: str


ServerFrame = Annotated[
    CardFrame | RequestFrame | EventsFrame | DeltaFrame | HeadsFrame
    | ChangedFrame | ResyncFrame | PongFrame | RefusedFrame,
    Field(discriminator="op"),
]  # fmt: skip
SERVER_FRAME: TypeAdapter[ServerFrame] = TypeAdapter(ServerFrame)
