"""A provider of model answers, as the gateway sees it: bytes of the provider's own protocol in and out."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from quarterdeck.outside.models.images import Image


@dataclass(frozen=True)
class Endpoint:
    """A configured place to call: protocol openai, anthropic or rehearsal. `key` is clear text and lives while a call lasts."""

    id: str
    protocol: str
    base_url: str
    key: str = field(repr=False, default="")


@dataclass(frozen=True)
class Call:
    """One model call: `purpose` is understand | locate | plan | work | review, `body` the provider's request as JSON.

    An image stands in the body by its digest; `images` holds its bytes, and the provider puts them in.
    """

    id: str
    run: str
    purpose: str
    path: str
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    images: Mapping[str, Image] = field(repr=False, default_factory=dict)


@dataclass(frozen=True)
class Usage:
    tokens_in: int
    tokens_out: int
    cached_in: int = 0
    estimated: bool = False


class Provider(Protocol):
    """Raises TryLater (429, 5xx, network, time-out: `after` from Retry-After) or Refused (bad request, bad key, no such model)."""

    def stream(self, endpoint: Endpoint, call: Call) -> AsyncIterator[bytes]:
        """The answer's body, chunk by chunk as it comes (SSE bytes when the body asks to stream, else one JSON body)."""

    def usage(self, body: bytes, streamed: bool) -> Usage | None:
        """Reads the usage out of a whole answer; None when it names none."""
