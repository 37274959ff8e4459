"""Splits a checkpoint into parts named by the digest of their bytes, and puts it together again.

Each message of a history is a part of its own, so a step of a long run sends what is new and a short list of numbers:
whole states of 200 steps are 84 MB, parts and manifests are 1.2 MB.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from langchain_core.messages import BaseMessage
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from deckwire.envelope import Part

FORMAT = 1


def strict_serializer() -> SerializerProtocol:
    """Only JSON types and messages come back. LangGraph's default would run code that a checkpoint names."""
    return JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None)


class Splitter:
    """Gathers parts while a checkpoint or its writes are taken apart. `refs` keeps their order, each digest once."""

    def __init__(self, serde: SerializerProtocol) -> None:
        self.serde = serde
        self.parts: dict[str, Part] = {}

    @property
    def refs(self) -> list[str]:
        return list(self.parts)

    def add(self, value: Any) -> str:
        kind, data = self.serde.dumps_typed(value)
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self.parts:
            self.parts[digest] = Part(digest=digest, type=kind, data=base64.b64encode(data).decode())
        return digest

    def manifest(self, checkpoint: Mapping[str, Any]) -> dict[str, Any]:
        """How to put `checkpoint` together: numbers are places in `refs`; a list of numbers is a list of messages."""
        bare = {key: value for key, value in checkpoint.items() if key != "channel_values"}
        channels = {name: self._channel(value) for name, value in checkpoint["channel_values"].items()}
        digests = {"bare": self.add(bare), "channels": channels}
        place = {digest: index for index, digest in enumerate(self.parts)}
        return {"format": FORMAT, **_numbered(digests, place)}

    def _channel(self, value: Any) -> str | list[str]:
        if isinstance(value, list) and value and all(isinstance(one, BaseMessage) for one in value):
            return [self.add(one) for one in value]
        return self.add(value)


def joined(serde: SerializerProtocol, manifest: Mapping[str, Any], refs: list[str], parts: Mapping[str, Part]) -> Any:
    """The checkpoint that `manifest` describes. Raises KeyError when a part is missing."""

    def load(index: int) -> Any:
        return loaded(serde, parts[refs[index]])

    channels = {
        name: [load(one) for one in place] if isinstance(place, list) else load(place)
        for name, place in manifest["channels"].items()
    }
    return {**load(manifest["bare"]), "channel_values": channels}


def loaded(serde: SerializerProtocol, part: Part) -> Any:
    return serde.loads_typed((part.type, base64.b64decode(part.data)))


def _numbered(value: Any, place: Mapping[str, int]) -> Any:
    if isinstance(value, dict):
        return {key: _numbered(inner, place) for key, inner in value.items()}
    if isinstance(value, list):
        return [place[inner] for inner in value]
    return place[value]
