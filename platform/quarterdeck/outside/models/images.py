"""What an image is by its own bytes: type and size in pixels, read from the header and never decoded. And how a request names one.

A request of an agent holds no image and no address: it holds the digest of one that was attached to its own ticket, and the
gateway puts the bytes in on the way out.
"""

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

PREFIX = "quarterdeck-image:"
BLOCKS = ("image", "image_url")
NAMED = PREFIX + "[0-9a-f]{64}"
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a frame's header; the three left out are tables."""
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True)
class Look:
    mime: str
    width: int
    height: int


@dataclass(frozen=True)
class Image:
    """`width` and `height` in pixels."""

    mime: str
    width: int
    height: int
    data: bytes = field(repr=False)


def look(data: bytes) -> Look | None:
    """None for what is no png, jpeg, gif or webp, whatever it is called, and for one without a size."""
    try:
        found = next((one for one in (_png(data), _gif(data), _webp(data), _jpeg(data)) if one), None)
    except struct.error:  # it ends in its header
        return None
    return found if found and found.width and found.height else None


def _png(data: bytes) -> Look | None:
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR":
        return None
    return Look("image/png", *struct.unpack_from(">II", data, 16))


def _gif(data: bytes) -> Look | None:
    return Look("image/gif", *struct.unpack_from("<HH", data, 6)) if data[:6] in (b"GIF87a", b"GIF89a") else None


def _webp(data: bytes) -> Look | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    if data[12:16] == b"VP8X":
        return Look("image/webp", 1 + _three(data, 24), 1 + _three(data, 27))
    if data[12:16] == b"VP8L" and data[20:21] == b"\x2f":
        bits = struct.unpack_from("<I", data, 21)[0]
        return Look("image/webp", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if data[12:16] == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return Look("image/webp", width & 0x3FFF, height & 0x3FFF)
    return None


def _three(data: bytes, at: int) -> int:
    return int(struct.unpack("<I", data[at : at + 3] + b"\0")[0])


def _jpeg(data: bytes) -> Look | None:
    """From segment to segment, to the frame's header."""
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while at < len(data) and data[at] == 0xFF:
        kind = data[at + 1] if at + 1 < len(data) else 0xD9
        if kind in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Look("image/jpeg", width, height)
        if kind in (0xD9, 0xDA):
            return None
        at += 1 if kind == 0xFF else 2 if kind in _JPEG_BARE else 2 + struct.unpack_from(">H", data, at + 2)[0]
    return None


def named(body: Mapping[str, Any]) -> list[str]:
    """Digests of the images that a cleaned request names, in order, each time it does."""
    contents = [one.get("content") for one in body["messages"]]
    blocks = [block for content in contents if isinstance(content, list) for block in content]
    return [digest_of(one) for one in blocks if one.get("type") in BLOCKS]


def digest_of(block: Mapping[str, Any]) -> str:
    """Of an image block of either protocol, as a request names it; empty where it names none."""
    part = block.get("source") or block.get("image_url")
    url = str(part.get("url", "")) if isinstance(part, dict) else ""
    return url.removeprefix(PREFIX) if re.fullmatch(NAMED, url) else ""


Filled = Callable[[dict[str, Any]], dict[str, Any]]


def messages_with(body: dict[str, Any], filled: Filled) -> dict[str, Any]:
    """The request with each image block of its messages as `filled` gives it."""
    return {**body, "messages": [_message_with(one, filled) for one in body["messages"]]}


def _message_with(message: dict[str, Any], filled: Filled) -> dict[str, Any]:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    blocks = [filled(one) if one.get("type") in BLOCKS else one for one in content]
    return {**message, "content": blocks}


# Providers count by size: 750 pixels a token (Anthropic), tiles of 512 or patches of 32 pixels (OpenAI), patches of 28 (models of
# one's own). They shrink what is large: none of these counts more than 4,784 tokens for one image then.
USUAL_PIXELS, LEAST_PIXELS = 750, 400
AT_MOST = 10_000


def usual_tokens(images: list[Image]) -> int:
    return sum(max(85, min(AT_MOST, -(-one.width * one.height // USUAL_PIXELS))) for one in images)


def most_tokens(images: list[Image]) -> int:
    """What they can be at the most, for the reserve; never by the letters that carry them."""
    return sum(max(1_700, min(AT_MOST, -(-one.width * one.height // LEAST_PIXELS))) for one in images)


_KNOWN = re.compile(
    r"claude-(3|4|opus|sonnet|haiku)|gpt-4o|gpt-4\.1|gpt-4-turbo|gpt-5|(?<![a-z0-9])o[134](?![a-z0-9])|"
    r"chatgpt-4o|gemini|gemma-?3|llava|pixtral|mistral-(small-3|medium-3)|llama-?4|vision|(?<![a-z])vl(?![a-z])|qwen[\d.]*-?vl|"
    r"minicpm-v|moondream|internvl|phi-4-multimodal", re.I,
)  # fmt: skip
_BLIND = re.compile(r"o1-mini|o1-preview|o3-mini|claude-3-5-haiku-20241022|gemma-?3:?-?(1b|270m)", re.I)


def usually_takes(model: str) -> bool:
    """Whether a model of this name is known to take images: what the settings offer at first. A person has the last word."""
    return bool(_KNOWN.search(model)) and not _BLIND.search(model)
