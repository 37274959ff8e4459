"""What the nodes need of a model: one answer to one call."""

from dataclasses import dataclass
from typing import Any, Protocol

from langchain_core.messages import AIMessage, BaseMessage


@dataclass(frozen=True)
class Call:
    """`id` stays the same over kill and resume, so the gateway's journal answers a repeat without paying again."""

    id: str
    purpose: str
    kind: str


class Models(Protocol):
    async def answer(self, call: Call, messages: list[BaseMessage], tools: list[dict[str, Any]]) -> AIMessage:
        """Raises LimitReached when the budget is spent, GaveUp when the model cannot be had, Fenced and Stopped."""
        ...
