"""An epic's proposal of tickets, as a person edits and approves it."""

from typing import Literal

from pydantic import Field

from deckwire.views.view import View


class BreakdownLine(View):
    """`id` empty: a new line. `key` is the ticket that it became; `why` is what the tracker said instead."""

    id: str = ""
    title: str
    description: str = ""
    kind: str = "Task"
    key: str = ""
    why: str = ""


class Breakdown(View):
    """`version` counts edits: who approves says which one was seen. Without a proposal the state is none."""

    state: Literal["none", "open", "approved", "done", "declined"] = "none"
    version: int = 0
    lines: list[BreakdownLine] = Field(default_factory=list)
