"""The fields of an Anthropic message request that an agent may send.

Source: the messages page of Anthropic's API reference. Left out on purpose: documents, images by address or by their bytes
(one names an attachment of its ticket), server tools (web search, web fetch, code execution), `mcp_servers`, `container`,
`service_tier` and `metadata`.
"""

import base64
from collections.abc import Mapping
from typing import Any, Literal

import pydantic

from quarterdeck.outside.models import images
from quarterdeck.outside.models.strict import Field, cleaned


class Cache(Field):
    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None


class Cached(Field):
    cache_control: Cache | None = None


class Text(Cached):
    type: Literal["text"]
    text: str


class Named(Field):
    type: Literal["url"]
    url: str = pydantic.Field(pattern=f"^{images.NAMED}$")


class Image(Cached):
    type: Literal["image"]
    source: Named


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
    content: str | list[Text | Image | Thinking | Redacted | ToolUse | ToolResult]


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


def filled(body: dict[str, Any], held: Mapping[str, images.Image]) -> dict[str, Any]:
    """The request with its images in it, as they leave for the provider."""

    def block(one: dict[str, Any]) -> dict[str, Any]:
        image = held[images.digest_of(one)]
        source = {"type": "base64", "media_type": image.mime, "data": base64.b64encode(image.data).decode()}
        return {**one, "source": source}

    return images.messages_with(body, block) if held else body
