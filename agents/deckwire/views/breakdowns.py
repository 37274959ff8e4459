"""An epic's proposal of tickets, as a person edits and approves it."""

from typing import Literal

from pydantic import Field

from deckwire.views.view import View


class BreakdownLine(View):
    """`id` empty: a new line. `key` is the ticket that it became; `why` is what the tracker said instead. `origin` model: a
    model drafted it, and nobody has edited it."""

    id: str = ""
    title: str
    description: str = ""
    kind: str = "Task"
    key: str = ""
    why: str = ""
    origin: Literal["", "model"] = ""


class Breakdown(View):
    """`version` counts edits: who approves says which one was seen. Without a proposal the state is none.

    `drafting`: a model is asked for lines; `draft_note` says why none came, `no_draft` why none can be asked.
    """

    state: Literal["none", "open", "approved", "done", "declined"] = "none"
    version: int = 0
    lines: list[BreakdownLine] = Field(default_factory=list)
    drafting: bool = False
    draft_note: str = ""
    no_draft: str = ""
