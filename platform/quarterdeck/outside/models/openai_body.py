"""The fields of an OpenAI chat completion that an agent may send.

Source: the chat completions page of OpenAI's API reference. Left out on purpose: audio and file parts, images by address or
by their bytes (one names an attachment of its ticket), built-in tools, `store`, `metadata`, `web_search_options`,
`service_tier`, and more than one answer.
"""

import base64
from collections.abc import Mapping
from typing import Any, Literal

import pydantic

from quarterdeck.outside.models import images
from quarterdeck.outside.models.strict import Field, cleaned


class Text(Field):
    type: Literal["text"]
    text: str


class Named(Field):
    url: str = pydantic.Field(pattern=f"^{images.NAMED}$")


class Image(Field):
    type: Literal["image_url"]
    image_url: Named


class Function(Field):
    name: str
    arguments: str


class ToolCall(Field):
    id: str
    type: Literal["function"]
    function: Function


class Message(Field):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Text | Image] | None = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[ToolCall] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None


class FunctionTool(Field):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(Field):
    type: Literal["function"]
    function: FunctionTool


class Name(Field):
    name: str


class Choice(Field):
    type: Literal["function"]
    function: Name


class StreamOptions(Field):
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class Body(Field):
    model: str
    messages: list[Message]
    tools: list[Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | Choice | None = None
    parallel_tool_calls: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: Literal[1] | None = None
    temperature: float | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None


def clean(body: Any) -> dict[str, Any]:
    """Raises Refused(field), 422."""
    return cleaned(Body, body)


def capped(body: dict[str, Any], most: int) -> dict[str, Any]:
    """The answer may have `most` tokens, under one of the two names, the caller's; a stream tells its usage."""
    name = "max_completion_tokens" if body.get("max_completion_tokens") else "max_tokens"
    asked = body.get(name)
    out = {key: value for key, value in body.items() if key not in {"max_tokens", "max_completion_tokens"}}
    out[name] = min(asked, most) if asked and asked > 0 else most
    if body.get("stream"):
        out["stream_options"] = {"include_usage": True}
    return out


def filled(body: dict[str, Any], held: Mapping[str, images.Image]) -> dict[str, Any]:
    """The request with its images in it, as they leave for the provider."""

    def block(one: dict[str, Any]) -> dict[str, Any]:
        image = held[images.digest_of(one)]
        url = f"data:{image.mime};base64,{base64.b64encode(image.data).decode()}"
        return {"type": "image_url", "image_url": {"url": url}}

    return images.messages_with(body, block) if held else body
