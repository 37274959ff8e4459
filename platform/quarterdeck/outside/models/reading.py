"""Reads JSON out of whole answers and out of streams of server-sent events. Pure; what cannot be read is left out."""

import json
from collections.abc import Iterator
from typing import Any


def objects(body: bytes, streamed: bool) -> Iterator[dict[str, Any]]:
    """The answer's JSON objects in order: one of a whole answer, one per `data:` line of a stream."""
    lines = (line[5:].strip() for line in body.splitlines() if line.startswith(b"data:")) if streamed else [body]
    for line in lines:
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict):
            yield data


def count(value: Any) -> int:
    """A provider's number of tokens; 0 for whatever is none."""
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return int(value) if good else 0


def part(value: Any, name: str) -> dict[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
