"""Attachments that an agent may read: few, small, plain text or an image. Anything else is named with the reason, never fetched."""

from typing import Any

from quarterdeck.errors import GaveUp, Refused
from quarterdeck.flow import pictures
from quarterdeck.outside.tracker.port import Attachment, Tracker
from quarterdeck.record.models import Ticket

MOST_FILES, MOST_BYTES, MOST_TEXT = 10, 256_000, 20_000
TYPES = ("text/", "application/json", "application/xml", "application/yaml", "application/x-yaml", "application/toml")


def bring(ticket: Ticket, tracker: Tracker) -> None:
    """Kept beside the ticket, so that each attempt reads the same. Raises TryLater when the tracker is away."""
    if ticket.raw.get("files_of") == ticket.version:
        return
    files: list[dict[str, Any]] = []
    room = pictures.MOST_TOGETHER
    for n, one in enumerate(ticket.facts.get("attachments", [])):
        found = _brought(ticket, tracker, one, n, room, sum("image" in each for each in files))
        room -= found.get("size", 0)
        files.append({"name": one["name"], "text": "", **found})
    if files or ticket.raw.get("files"):
        ticket.raw = {**ticket.raw, "files": files, "files_of": ticket.version}
        Ticket.objects.filter(id=ticket.id).update(raw=ticket.raw)
        pictures.forget(ticket, [each["image"] for each in files if "image" in each])


def _brought(ticket: Ticket, tracker: Tracker, one: dict[str, Any], n: int, room: int, images: int) -> dict[str, Any]:
    if n >= MOST_FILES:
        return {"why": "more than ten attachments"}
    if one.get("mime") in pictures.TYPES:
        return _image(ticket, tracker, one, room, images)
    why = _why_not(one)
    return {"text": "" if why else _text(tracker, one), "why": why or "it could not be read as text"}


def _why_not(one: dict[str, Any]) -> str:
    if not str(one.get("mime", "")).startswith(TYPES):
        return f"{one.get('mime') or 'an unknown type'} is not read"
    return f"{one['size']:,} bytes are too many" if int(one.get("size") or 0) > MOST_BYTES else ""


def _text(tracker: Tracker, one: dict[str, Any]) -> str:
    raw = _fetched(tracker, one, MOST_BYTES)
    if raw is None or b"\0" in raw:
        return ""
    return raw.decode("utf-8", "ignore")[:MOST_TEXT]


def _image(ticket: Ticket, tracker: Tracker, one: dict[str, Any], room: int, images: int) -> dict[str, Any]:
    if images >= pictures.MOST_IMAGES:
        return {"why": f"more than {pictures.MOST_IMAGES} images"}
    most = min(pictures.MOST_BYTES, room)
    if int(one.get("size") or 0) > most:
        return {"why": f"{one['size']:,} bytes are too many"}
    raw = _fetched(tracker, one, most)
    if raw is None:
        return {"why": "it could not be fetched"}
    digest, why = pictures.keep(ticket, one["name"], raw)
    return {"why": why} if why else {"image": digest, "size": len(raw)}


def _fetched(tracker: Tracker, one: dict[str, Any], most: int) -> bytes | None:
    """None: the tracker does not give it, or it is more than was said."""
    asked = Attachment(one["id"], one["name"], one["mime"], int(one.get("size") or 0), url=one.get("url", ""))
    try:
        raw = tracker.attachment(asked, most)
    except (Refused, GaveUp):
        return None
    return raw if len(raw) <= most else None
