"""Reads JSON out of whole answers and out of streams of server-sent events. Pure; what cannot be read is left out."""

import json
import re
from collections.abc import Iterator
from typing import Any

from quarterdeck.outside.models.port import Usage


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


SAID = frozenset({"content", "text", "arguments", "partial_json", "thinking", "reasoning_content", "refusal", "name"})
LETTERS_PER_TOKEN = 4
_WORD = re.compile(r" ?[A-Z]?[a-z]{2,}")


def counted(asked: dict[str, Any], body: bytes, streamed: bool, images: int = 0) -> Usage:
    """Our own count, for providers that name none: four letters a token, of what was asked and of what was said; of
    other scripts, a letter of which is a token of its own more often than not, two bytes.

    `images`: the tokens of those beside the text.
    """
    said = sum(_letters(data) for data in objects(body, streamed))
    asked_for = _tokens(_weight(json.dumps(asked, ensure_ascii=False)))
    return Usage(asked_for + images, _tokens(said), estimated=True)


def at_most(value: Any) -> int:
    """Tokens that this can be at the most, whatever the tokenizer: each knows all bytes, so none needs more than one for a
    byte. Only of words, in any of which every tokenizer finds pairs at least, two letters are taken for one.
    """
    text = json.dumps(value, ensure_ascii=False)
    words = _WORD.findall(text)
    return _bytes(text) - sum(map(len, words)) + sum((len(word.strip()) + 1) // 2 for word in words)


def _bytes(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def _weight(text: str) -> int:
    return len(text) + 2 * (_bytes(text) - len(text))


def _letters(value: Any, counts: bool = False) -> int:
    if isinstance(value, str):
        return _weight(value) if counts else 0
    if isinstance(value, dict):
        return sum(_letters(one, name in SAID) for name, one in value.items())
    return sum(_letters(one, counts) for one in value) if isinstance(value, list) else 0


def _tokens(letters: int) -> int:
    return -(-letters // LETTERS_PER_TOKEN)
