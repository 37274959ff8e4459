"""The ticket as its agent reads it: without hidden characters, and each part with where it comes from. A person sees it raw."""

import re

from deckwire.envelope import TicketText
from quarterdeck.flow import pictures
from quarterdeck.outside.tracker.text import visible
from quarterdeck.record.models import Ticket, TicketComment

COMMENTS = 50
MOST_LINKED, MOST_FIELD = 30, 4_000


def text(ticket: Ticket, *, images: bool = False) -> TicketText:
    """`images`: one of the run's models takes them."""
    parts = [visible(ticket.description), _fields(ticket), _linked(ticket), _files(ticket)]
    comments = list(ticket.comments.filter(marker="").order_by("-said_at", "-id")[:COMMENTS])
    return TicketText(
        key=ticket.key, title=visible(ticket.title), description="\n\n".join(part for part in parts if part),
        labels=[visible(one) for one in ticket.labels], comments=[_comment(one) for one in reversed(comments)],
        images=pictures.told(ticket, shown=images),
    )  # fmt: skip


def _comment(one: TicketComment) -> str:
    return f"{visible(one.author)}: {visible(one.body)}"


def _fields(ticket: Ticket) -> str:
    rows = ticket.facts.get("fields", {}).items()
    lines = [f"{visible(name)}: {visible(str(value))[:MOST_FIELD]}" for name, value in rows if value]
    return "## Fields of the ticket\n" + "\n".join(lines) if lines else ""


def _linked(ticket: Ticket) -> str:
    lines = [
        f"- {visible(one['how'])}: {one['key']} {visible(one['title'])} ({visible(one.get('status', ''))})"
        for one in ticket.facts.get("links", [])[:MOST_LINKED]
    ]
    return "## Tickets beside it, in one line each\n" + "\n".join(lines) if lines else ""


def _files(ticket: Ticket) -> str:
    """What was taken is quoted; what was not is named with the reason. Images are told of beside (`pictures`)."""
    parts = []
    for one in ticket.raw.get("files", []):
        if one.get("image"):
            continue
        body = f"\n{quoted(visible(one['text']))}" if one.get("text") else f" ({one['why']})"
        parts.append(f"- {visible(one['name'])}{body}")
    return "## Attachments, by whoever attached them\n" + "\n".join(parts) if parts else ""


def quoted(text: str) -> str:
    """Between fences that are longer than any in it: what stands inside cannot end them and speak for itself."""
    longest = max((len(one) for one in re.findall("`+", text)), default=0)
    fence = "`" * max(8, longest + 1)
    return f"{fence}\n{text}\n{fence}"
