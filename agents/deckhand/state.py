"""The graph's state: JSON types and messages only. A dataclass would come back as a dict, and after a resume only."""

from operator import add
from typing import Annotated, Any, TypedDict

from langchain_core.messages import BaseMessage
from langgraph.channels import EphemeralValue

Json = dict[str, Any]


class State(TypedDict, total=False):
    node: str
    """The node that ran last; the envelope carries it."""
    stage: str
    """Where the story is: understand, locate, plan, plan_gate, work, check, review, seal, end."""
    messages: Annotated[list[BaseMessage], add]
    understood: Json
    places: list[Json]
    plan: Json
    calls: list[Json]
    """Tool calls that have no result yet, in the model's order."""
    verdicts: dict[str, Json]
    """What a person said to a call that needs permission, by call id."""
    asks: Json
    """Set: the ask node has to ask this. {asks: […], call: id of the tool call that asked, or empty}"""
    limit: Json
    """Set: the limit node has to ask. {kind, text}"""
    raised: dict[str, int]
    """Steps and seconds that people granted beyond the run's limits."""
    turns: int
    """Model calls so far; what `limits.steps` counts."""
    silent: int
    """Answers in a row that called no tool."""
    seen: list[str]
    """Digests of the last tool calls with their results, for the loop detector."""
    repairs: int
    tested: Json
    summary: str
    decisions: Annotated[list[Json], add]
    applied: Annotated[list[str], add]
    """Commands that are in this history."""
    forked: int
    """Number of the last rewind that this history starts from."""
    merged: str
    """The other side's commit of the last conflict that is in this history."""
    binding: Annotated[list[Json], EphemeralValue]
    """Binding events of this very step. In the state, so that they and their checkpoint are one thing."""
