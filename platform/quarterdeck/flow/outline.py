"""What an epic's text lists as its parts, as drafts of tickets. Pure reading: a person edits them before anything is made."""

import re

from quarterdeck.outside.tracker.text import visible
from quarterdeck.record.models import Ticket

MOST_TITLE = 120
ITEM = re.compile(r"^(?P<deep>\s*)(?:[-*+]|\d{1,2}[.)])\s+(?:\[[ xX]\]\s+)?(?P<text>\S.*)$")
HEADING = re.compile(r"^#{1,6}\s+(?P<text>\S.*)$")
NOT_PARTS = re.compile(
    r"\b(done when|definition of done|acceptance|out of scope|not in scope|non-goals?|links?|context|background|risks?|"
    r"questions?|notes?|references?)\b", re.I
)  # fmt: skip
STYLE = re.compile(r"[*_`]{1,3}|\[([^\]]+)\]\([^)]*\)")


def drafts(epic: Ticket) -> list[dict[str, str]]:
    """{title, description, kind}: its list items; without any its headings; without those one, the epic's own title."""
    text = visible(epic.description)
    parts = _items(text) or _headings(text) or [(epic.title, "")]
    return [{"title": _title(head), "description": _said(head, more, epic), "kind": "Task"} for head, more in parts]


def _items(text: str) -> list[tuple[str, str]]:
    """Items at the top of their list, with what stands deeper; not those below a heading of another matter."""
    found: list[tuple[str, list[str]]] = []
    wanted, inside = True, False
    for line in text.splitlines():
        heading, item = HEADING.match(line), ITEM.match(line)
        if heading or (line.strip().endswith(":") and not item):
            wanted, inside = not NOT_PARTS.search(line), False
        elif item and len(item["deep"]) < 2:
            inside = wanted
            if wanted:
                found.append((item["text"], []))
        elif inside and line.strip() and (item or line.startswith("  ")):
            found[-1][1].append(line.strip())
        elif line.strip():
            inside = False
    return [(head, "\n".join(more)) for head, more in found]


def _headings(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, list[str]]] = []
    inside = False
    for line in text.splitlines():
        heading = HEADING.match(line)
        if heading:
            inside = not NOT_PARTS.search(line)
            if inside:
                found.append((heading["text"], []))
        elif inside:
            found[-1][1].append(line)
    return [(head, "\n".join(more).strip()) for head, more in found]


def _title(head: str) -> str:
    plain = STYLE.sub(lambda hit: hit[1] or "", head).strip().rstrip(".:")
    return plain if len(plain) <= MOST_TITLE else plain[: MOST_TITLE - 1].rsplit(" ", 1)[0] + "…"


def _said(head: str, more: str, epic: Ticket) -> str:
    whole = head if len(head) > MOST_TITLE else ""
    return "\n\n".join(part for part in (whole, more, f"Part of {epic.key}: {visible(epic.title)}") if part)
