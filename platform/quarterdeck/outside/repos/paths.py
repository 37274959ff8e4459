"""How a path's bytes become text that shows everything, and back. Git's names are bytes; a screen's are not."""

import re
import unicodedata

from quarterdeck.errors import Refused

# What a screen would not show, or would show in another place: controls, formats (bidi, zero-width), odd separators, unassigned.
_HIDDEN = {"Cc", "Cf", "Cn", "Co", "Zl", "Zp"}
_ESCAPE = re.compile(r"\\(?:\\|x([0-9a-f]{2})|u\{([0-9a-f]{1,6})\})")


def shown(raw: bytes) -> str:
    r"""UTF-8 as it is; invalid bytes as \xff, invisible characters as \u{202e}, a backslash doubled: never ambiguous."""
    return "".join(_visible(character) for character in raw.decode("utf-8", "surrogateescape"))


def raw(text: str) -> bytes:
    """The bytes that `shown` made this text of. Raises Refused(bad_name)."""
    try:
        return _ESCAPE.sub(_original, text).encode("utf-8", "surrogateescape")
    except ValueError as odd:
        raise Refused("That is not a path.", reason="bad_name", status=422) from odd


def _visible(character: str) -> str:
    if character == "\\":
        return "\\\\"
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{{{code:x}}}" if unicodedata.category(character) in _HIDDEN else character


def _original(match: re.Match[str]) -> str:
    if match[1]:
        return chr(0xDC00 + int(match[1], 16))
    return chr(int(match[2], 16)) if match[2] else "\\"
