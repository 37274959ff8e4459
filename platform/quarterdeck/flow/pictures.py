"""Images that were attached to a ticket: kept beside it, shown to models that take them, and to people as a download.

They are the text of strangers as much as the ticket is. An agent never holds one: it names a digest, and only one of its own
ticket's is found.
"""

import hashlib
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from deckwire.envelope import Picture
from quarterdeck.errors import Refused
from quarterdeck.flow.routes import Route
from quarterdeck.outside.models import images
from quarterdeck.outside.models.images import Image
from quarterdeck.outside.tracker.text import visible
from quarterdeck.record.models import OPEN_PHASES, Project, Run, Ticket, TicketImage

MOST_IMAGES, MOST_BYTES, MOST_TOGETHER = 5, 3_500_000, 6_000_000
"""Of one ticket. The bytes of one are what providers take: Anthropic's 5 MB count the letters that carry them."""
MOST_EDGE, MOST_PIXELS = 8_000, 24_000_000
MOST_OF_PROJECT = 1_000_000_000
NO_IMAGES = "(An image is not shown: this model does not take images.)"
TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")


def keep(ticket: Ticket, name: str, data: bytes) -> tuple[str, str]:
    """(digest, "") of an image that was kept, or ("", why not)."""
    found = images.look(data)
    if found is None:
        return "", "it is no png, jpeg, gif or webp, whatever its name says"
    if max(found.width, found.height) > MOST_EDGE or found.width * found.height > MOST_PIXELS:
        return "", f"{found.width:,} × {found.height:,} pixels are too many"
    digest = hashlib.sha256(data).hexdigest()
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True, of=("self",)).get(id=ticket.project_id)
        if not TicketImage.objects.filter(ticket=ticket, digest=digest).exists():
            if _full(ticket, len(data)):
                return "", "this project's room for images is used up"
            TicketImage.objects.create(
                ticket=ticket, digest=digest, name=name[:200], mime=found.mime, width=found.width, height=found.height,
                size=len(data), data=data,
            )  # fmt: skip
    return digest, ""


def _full(ticket: Ticket, size: int) -> bool:
    used = TicketImage.objects.filter(ticket__project=ticket.project_id).aggregate(sum=Sum("size", default=0))
    return int(used["sum"]) + size > MOST_OF_PROJECT


def forget(ticket: Ticket, present: list[str]) -> None:
    """Those that are not attached any more; not while a run may still name them."""
    if not Run.objects.filter(ticket=ticket, phase__in=OPEN_PHASES).exists():
        TicketImage.objects.filter(ticket=ticket).exclude(digest__in=present).delete()


def told(ticket: Ticket, *, shown: bool) -> list[Picture]:
    """For the agent: names and sizes; by which name the gateway knows each only if one of the run's models takes images."""
    return [
        Picture(
            name=visible(one.name), size=one.size, width=one.width, height=one.height,
            url=f"{images.PREFIX}{one.digest}" if shown else "",
        )
        for one in _present(ticket)
    ]  # fmt: skip


def _present(ticket: Ticket) -> list[TicketImage]:
    """As they stand at the ticket now, in its order."""
    wanted = [one["image"] for one in ticket.raw.get("files", []) if one.get("image")]
    rows = {one.digest: one for one in TicketImage.objects.filter(ticket=ticket, digest__in=wanted).defer("data")}
    return [rows[one] for one in dict.fromkeys(wanted) if one in rows]


def taken(run: Run) -> bool:
    """One of the models that were frozen with it takes images."""
    return any(route.get("images") is True for route in run.config.get("models", {}).values())


def called(run: Run, route: Route, body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Image]]:
    """A model call's body with the images that it names, by digest; each once, however often it is named. Words stand for one
    that is not attached to this run's own ticket, and for all of them where the model takes none: nobody's mistake ends the
    run, and nothing else leaves.
    """
    wanted = list(dict.fromkeys(images.named(body)))[:MOST_IMAGES]
    if not wanted:
        return body, {}
    rows = TicketImage.objects.filter(ticket=run.ticket_id, digest__in=wanted if route.images else ())
    held = {one.digest: Image(one.mime, one.width, one.height, bytes(one.data)) for one in rows}
    left = set(held)

    def shown(block: dict[str, Any]) -> dict[str, Any]:
        digest = images.digest_of(block)
        if digest in left:
            left.remove(digest)
            return block
        return {
            "type": "text",
            "text": "(An image is not shown: it is not at the ticket.)" if route.images else NO_IMAGES,
        }

    return images.messages_with(body, shown), held


def one(ticket: UUID, digest: str) -> TicketImage:
    """Raises Refused(no_such_image), 404."""
    row = TicketImage.objects.filter(ticket=ticket, digest=digest).first()
    if row is None:
        raise Refused("There is no such image.", reason="no_such_image", status=404)
    return row
