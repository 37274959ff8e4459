"""The tools as models see them: names, arguments and one sentence each. What a stage offers is listed at the end."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deckwire.requests import Choice, Citation
from deckwire.words import Risk


class Arguments(BaseModel):
    """Models send extra arguments at times: those are dropped, wrong ones are told."""

    model_config = ConfigDict(extra="ignore")


class Question(Arguments):
    ask: str
    context: str = ""
    choices: list[Choice] = Field(default_factory=list)


class Understood(Arguments):
    """Restate the ticket in your words, list the behaviours that must hold, and ask only what the repository cannot answer."""

    restated: str
    behaviours: list[str] = Field(default_factory=list)
    questions: list[Question] = Field(default_factory=list)


class Place(Arguments):
    path: str
    line: int = 0
    symbol: str = ""
    why: str = ""


class Places(Arguments):
    """Name the places that the work has to touch or to respect, most important first."""

    places: list[Place]


class Step(Arguments):
    title: str
    paths: list[str] = Field(default_factory=list)
    citations: list[Citation] = Field(default_factory=list)


class Plan(Arguments):
    """Give the plan: steps in order, each with the paths it will touch and the places it rests on."""

    steps: list[Step] = Field(min_length=1)
    risk: Risk = Risk.LOW


class View(Arguments):
    """Show lines of a file with their numbers."""

    path: str
    start: int = 1
    lines: int = 80


class Search(Arguments):
    """Find a regular expression in the checkout."""

    pattern: str
    path: str = "."


class Edit(Arguments):
    """Replace text in a file. `old` must stand there exactly once, letter for letter."""

    path: str
    old: str
    new: str


class Create(Arguments):
    """Create a new file."""

    path: str
    content: str


class Shell(Arguments):
    """Run a shell command at the top of the checkout. No network. Nothing it starts outlives it."""

    command: str
    seconds: int = 60


class Test(Arguments):
    """Run the project's test command; `args` is appended to it."""

    __test__ = False

    args: str = ""


class Progress(Arguments):
    """Mark plan step `index` (from 0) as active, done or changed."""

    index: int
    state: Literal["active", "done", "changed"]
    note: str = ""


class Ask(Question):
    """Ask the person who supervises this run. Only what you cannot find out."""


class Finish(Arguments):
    """The work is done and tested: hand it in with a summary for the reviewer."""

    summary: str


class GiveUp(Arguments):
    """The work cannot be done: say why, and what a person could do about it."""

    reason: str


class Reviewed(Arguments):
    """Your verdict on the diff."""

    verdict: Literal["seal", "repair"]
    notes: str = ""


TOOLS: dict[str, type[Arguments]] = {
    "understood": Understood, "places": Places, "plan": Plan, "view": View, "search": Search, "edit": Edit,
    "create": Create, "shell": Shell, "test": Test, "progress": Progress, "ask": Ask, "finish": Finish,
    "give_up": GiveUp, "reviewed": Reviewed,
}  # fmt: skip
OFFER: dict[str, tuple[str, ...]] = {
    "understand": ("understood",),
    "locate": ("search", "view", "places"),
    "plan": ("plan",),
    "work": ("view", "search", "edit", "create", "shell", "test", "progress", "ask", "finish", "give_up"),
    "review": ("reviewed",),
}
"""What each stage offers. The name of a stage's last act is in VERDICT; work ends by finish or give_up."""
VERDICT = {"understand": "understood", "locate": "places", "plan": "plan", "review": "reviewed"}


def specs(stage: str) -> list[dict[str, Any]]:
    """The tools of a stage as OpenAI's function format, which every provider package of LangChain takes."""
    return [_spec(name, TOOLS[name]) for name in OFFER[stage]]


def _spec(name: str, model: type[Arguments]) -> dict[str, Any]:
    schema = model.model_json_schema()
    schema.pop("description", None)
    schema.pop("title", None)
    return {"type": "function", "function": {"name": name, "description": model.__doc__ or "", "parameters": schema}}


def arguments(name: str, given: dict[str, Any]) -> Arguments:
    """Raises ValueError with a sentence for the model when the arguments do not fit."""
    try:
        return TOOLS[name].model_validate(given)
    except ValidationError as bad:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in bad.errors(include_url=False)[:5])
        raise ValueError(f"{name}: {told}") from None
