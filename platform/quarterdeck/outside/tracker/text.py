"""Text that somebody else wrote: what the eye does not see is taken out for the model, and named for the person."""

import re
import unicodedata

MOST_NAMED = 50
BLANKS = {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u2800", "\u3164", "\uffa0"}
"""Letters and marks by their category, and yet nothing is drawn."""
JOINERS = {"\u200c", "\u200d"}
EMOJI_STYLE = "\ufe0f"
_PLAIN = re.compile(r"[\n\t\x20-\x7e]*")


def visible(text: str) -> str:
    """Without control, format (bidirectional, zero-width, tag) and filler characters. Line separators become \\n."""
    if _PLAIN.fullmatch(text):
        return text
    text = text.replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n\n")
    return "".join(one for at, one in enumerate(text) if not _unseen(text, at))


def hidden(text: str) -> list[tuple[int, str]]:
    """Where something stands that the eye does not see, and its name; the first fifty."""
    if _PLAIN.fullmatch(text):
        return []
    found = ((at, unicodedata.name(one, f"U+{ord(one):04X}")) for at, one in enumerate(text) if _unseen(text, at))
    return [pair for pair, _ in zip(found, range(MOST_NAMED), strict=False)]


def _unseen(text: str, at: int) -> bool:
    one = text[at]
    if one in "\n\t" or " " <= one <= "~":
        return False
    if one in JOINERS:
        return not _between_letters(text, at)
    if one == EMOJI_STYLE:
        return at == 0 or _selector(text[at - 1]) or text[at - 1].isspace()
    return one in BLANKS or _selector(one) or unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _selector(one: str) -> bool:
    """Variation selectors: invisible, and a known way to carry bytes behind one harmless sign."""
    return "\ufe00" <= one <= "\ufe0f" or "\U000e0100" <= one <= "\U000e01ef" or "\u180b" <= one <= "\u180f"


def _between_letters(text: str, at: int) -> bool:
    """Persian, Arabic and Indic words need their joiners, one at a time."""
    return 0 < at < len(text) - 1 and all(
        ord(one) >= 0x600 and unicodedata.category(one)[0] in "LM" and one not in BLANKS
        for one in (text[at - 1], text[at + 1])
    )
