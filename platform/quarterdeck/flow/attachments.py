"""Attachments that an agent may read: few, small, plain text. Anything else is named with the reason, never fetched."""

from typing import Any

from quarterdeck.errors import GaveUp, Refused
from quarterdeck.outside.tracker.port import Attachment, Tracker
from quarterdeck.record.models import Ticket

MOST_FILES, MOST_BYTES, MOST_TEXT = 10, 256_000, 20_000
TYPES = ("text/", "application/json", "application/xml", "application/yaml", "application/x-yaml", "application/toml")


def bring(ticket: Ticket, tracker: Tracker) -> None:
    """Kept beside the ticket, so that each attempt reads the same. Raises TryLater when the tracker is away."""
    files: list[dict[str, Any]] = []
    for n, one in enumerate(ticket.facts.get("attachments", [])):
        why = "more than ten attachments" if n >= MOST_FILES else _why_not(one)
        files.append(
            {
                "name": one["name"],
                "text": "" if why else _read(tracker, one),
                "why": why or "it could not be read as text",
            }
        )
    if files or ticket.raw.get("files"):
        ticket.raw = {**ticket.raw, "files": files}
        Ticket.objects.filter(id=ticket.id).update(raw=ticket.raw)


def _why_not(one: dict[str, Any]) -> str:
    if not str(one.get("mime", "")).startswith(TYPES):
        return f"{one.get('mime') or 'an unknown type'} is not read"
    return f"{one['size']:,} bytes are too many" if int(one.get("size") or 0) > MOST_BYTES else ""


def _read(tracker: Tracker, one: dict[str, Any]) -> str:
    asked = Attachment(one["id"], one["name"], one["mime"], int(one.get("size") or 0), url=one.get("url", ""))
    try:
        raw = tracker.attachment(asked, MOST_BYTES)
    except (Refused, GaveUp):
        return ""
    if b"\0" in raw:
        return ""
    return raw.decode("utf-8", "ignore")[:MOST_TEXT]
