"""The fields of an Anthropic message request that an agent may send.

Source: the messages page of Anthropic's API reference. Left out on purpose: images and documents, server tools (web search,
web fetch, code execution), `mcp_servers`, `container`, `service_tier` and `metadata`.
"""

from typing import Any, Literal

from quarterdeck.outside.models.strict import Field, cleaned


class Cache(Field):
    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None


class Cached(Field):
    cache_control: Cache | None = None


class Text(Cached):
    type: Literal["text"]
    text: str


class Thinking(Field):
    type: Literal["thinking"]
    thinking: str
    signature: str


class Redacted(Field):
    type: Literal["redacted_thinking"]
    data: str


class ToolUse(Cached):
    type: Literal["tool_use"]
    id: str
    name: str
    input: dict[str, Any]


class ToolResult(Cached):
    type: Literal["tool_result"]
    tool_use_id: str
    content: str | list[Text] | None = None
    is_error: bool | None = None


class Message(Field):
    role: Literal["user", "assistant"]
    content: str | list[Text | Thinking | Redacted | ToolUse | ToolResult]


class Tool(Cached):
    """One of the agent's own. A server tool has another `type`."""

    type: Literal["custom"] | None = None
    name: str
    description: str | None = None
    input_schema: dict[str, Any]
    strict: bool | None = None


class Choice(Field):
    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class Reasoning(Field):
    type: Literal["enabled", "disabled", "adaptive"]
    budget_tokens: int | None = None


class Body(Field):
    model: str
    messages: list[Message]
    system: str | list[Text] | None = None
    max_tokens: int | None = None
    tools: list[Tool] | None = None
    tool_choice: Choice | None = None
    stream: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: list[str] | None = None
    thinking: Reasoning | None = None


def clean(body: Any) -> dict[str, Any]:
    """Raises Refused(field), 422."""
    return cleaned(Body, body)


def capped(body: dict[str, Any], most: int) -> dict[str, Any]:
    """The answer, thinking included, may have `most` tokens."""
    asked = body.get("max_tokens")
    return {**body, "max_tokens": min(asked, most) if asked and asked > 0 else most}
