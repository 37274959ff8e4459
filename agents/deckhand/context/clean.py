"""Takes out of text what a person cannot see and what a database cannot store."""

import re
import unicodedata
from typing import Any

# Bidi controls, zero-width characters, tag characters and variation selectors: they can carry orders that no reviewer sees.
HIDDEN = re.compile(
    "[\u00ad\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U000e0000-\U000e0fff]"
)
COMMENT = re.compile(r"<!--.*?(-->|\Z)", re.DOTALL)
SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: str) -> str:
    """What is left of untrusted text when everything invisible is gone: HTML comments, hidden and control characters."""
    text = HIDDEN.sub("", COMMENT.sub("", storable(text)))
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")


def storable(text: str) -> str:
    """No NUL and no lone surrogate: PostgreSQL refuses both, and one such event would jam the queue behind it."""
    return SURROGATE.sub("\ufffd", text.replace("\x00", "\ufffd"))


def storable_tree(value: Any) -> Any:
    """`storable` for every string of a JSON value, keys too."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): storable_tree(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [storable_tree(inner) for inner in value]
    return value


def tail(text: str, limit: int) -> str:
    """The end of `text`, at most `limit` characters, and a word about what is missing."""
    if len(text) <= limit:
        return text
    return f"[{len(text) - limit} characters before this are left out]\n{text[-limit:]}"


def middle_out(text: str, limit: int) -> str:
    """Beginning and end of `text`: errors stand at the end, their causes often at the beginning."""
    if len(text) <= limit:
        return text
    head = limit // 3
    left_out = len(text) - limit
    return f"{text[:head]}\n[{left_out} characters left out]\n{text[head - limit :]}"
