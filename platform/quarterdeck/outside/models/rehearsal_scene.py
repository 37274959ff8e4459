"""Reads a chat request as a scene: which ticket, which stage, what was said and done in it so far.

Nothing is remembered between calls: a repeated, resumed or forked run is understood from its messages alone.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

LAST_ACT = {
    "understood": "understand", "places": "locate", "plan": "plan", "finish": "work", "give_up": "work", "reviewed": "review",
}  # fmt: skip
"""The tool that ends a stage: turns before it belong to that stage, however many stages the messages hold."""
NOT_RUN = re.compile(r"\s*(not run\b|killed: redirected)", re.IGNORECASE)
KINDS = {
    "redirect": r"\ARedirect from ",
    "merged": r"\AConflict: .*it merged cleanly",
    "conflict": r"\AConflict: ",
    "budget": r"\ABudget: ",
    "answer": r"\AAnswer from ",
    "red": r"\ACheck: ",
}


@dataclass(frozen=True)
class Called:
    """One tool call of an earlier turn. `result` None: nothing came back yet."""

    tool: str
    args: dict[str, Any]
    result: str | None

    @property
    def ran(self) -> bool:
        return self.result is not None and not NOT_RUN.match(self.result)


@dataclass(frozen=True)
class Turn:
    calls: tuple[Called, ...]


@dataclass(frozen=True)
class Heard:
    """A word to the model. `kind`: opening, other, or one of KINDS."""

    kind: str
    text: str


@dataclass(frozen=True)
class Scene:
    """`items` are this stage's turns and words in their order; `shown` is everything that the model did not say itself,
    `heard` what it was told after the opening: by a person or by the platform, never by the ticket.
    """

    stage: str
    ticket: str
    title: str
    shown: str
    heard: str
    items: tuple[Turn | Heard, ...] = field(default=())

    @property
    def opening(self) -> str:
        return next((item.text for item in self.items if isinstance(item, Heard)), "")


def read(messages: Iterable[dict[str, Any]]) -> Scene:
    """Never raises for odd messages: what cannot be read is not there."""
    told = [m for m in messages if isinstance(m, dict)]
    system = "\n".join(text_of(m) for m in told if m.get("role") in ("system", "developer"))
    stages = re.findall(r"^Stage: (\w+)\s*$", system, re.MULTILINE)
    shown = "\n".join(text_of(m) for m in told if m.get("role") not in ("system", "developer", "assistant"))
    named = re.search(r"^Ticket: (\S+)[ \t]*(.*)$", shown, re.MULTILINE)
    ticket, title = (named.group(1), named.group(2)) if named else ("", "")
    stage = stages[-1] if stages else ""
    words = [text_of(m) for m in told if m.get("role") == "user"]
    return Scene(stage, ticket, title, shown, "\n".join(words[1:]), tuple(_items(told, stage)))


def text_of(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _items(messages: list[dict[str, Any]], stage: str) -> list[Turn | Heard]:
    """Those of this stage. A stage's messages may also hold the turns of earlier ones."""
    kept: list[Turn | Heard] = []
    open_ones: list[Turn | Heard] = []
    for place, message in enumerate(messages):
        if message.get("role") == "user":
            open_ones.append(_heard(text_of(message), first=not kept and not open_ones))
        elif message.get("role") == "assistant":
            turn = _turn(message, _results(messages[place + 1 :]))
            open_ones.append(turn)
            ended = next((LAST_ACT[c.tool] for c in turn.calls if c.tool in LAST_ACT), "")
            if ended:
                kept += open_ones if ended == stage else [h for h in open_ones if _is_opening(h)]
                open_ones = []
    return kept + open_ones


def _is_opening(item: Turn | Heard) -> bool:
    return isinstance(item, Heard) and item.kind == "opening"


def _results(after: list[dict[str, Any]]) -> dict[Any, str]:
    """By call id, up to the next answer: some clients number the calls of each answer anew."""
    own = takewhile(lambda m: m.get("role") != "assistant", after)
    return {m.get("tool_call_id"): text_of(m) for m in own if m.get("role") == "tool"}


def _turn(message: dict[str, Any], results: dict[Any, str]) -> Turn:
    calls = [call for call in message.get("tool_calls") or [] if isinstance(call, dict)]
    return Turn(tuple(_called(call, results) for call in calls))


def _called(call: dict[str, Any], results: dict[Any, str]) -> Called:
    function = call.get("function") or {}
    try:
        args = json.loads(function.get("arguments") or "{}")
    except ValueError:
        args = {}
    return Called(str(function.get("name", "")), args if isinstance(args, dict) else {}, results.get(call.get("id")))


def _heard(text: str, first: bool) -> Heard:
    """A stage's first message is its opening and nothing else: the ticket's own text must not steer."""
    kinds = [kind for kind, pattern in KINDS.items() if re.search(pattern, text)]
    if first:
        return Heard("opening", text)
    return Heard(kinds[0] if kinds else "other", text)
