"""What people type, before it is kept: what PostgreSQL cannot hold is taken out, what is too long is refused.

Bidirectional and hidden characters stay as they are: the dashboard shows them as what they are, and removing them would
hide that somebody put them there.
"""

from quarterdeck.errors import Refused


def clean(text: str) -> str:
    """Without NUL and lone surrogates; line ends are \\n."""
    return text.replace("\0", "").replace("\r\n", "\n").encode("utf-8", "ignore").decode()


def bounded(what: str, text: str, most: int, *, least: int = 0) -> str:
    """Cleaned and trimmed. Raises Refused(too_long) or Refused(empty), 422; `most` counts characters."""
    text = clean(text).strip()
    if len(text) > most:
        raise Refused(f"{what} is {len(text):,} characters long; {most:,} is the most.", reason="too_long", status=422,
                      remedy="Shorten it, or put the rest into the repository.")  # fmt: skip
    if len(text) < least:
        raise Refused(f"{what} is empty.", reason="empty", status=422)
    return text
