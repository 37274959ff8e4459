"""Is a ticket ready for an agent? Plain rules; a person can override them when assigning."""

import re

from quarterdeck.flow import structure
from quarterdeck.outside.models import rehearsal
from quarterdeck.record.models import Ticket

MIN_WORDS = 6
MOST_POINTS, MOST_SUBTASKS = 13, 12
ACCEPTANCE = re.compile(
    r"\b(accept\w*|must|should|shall|expect\w*|instead|so that|needs? to|has to|fails?|wrong|done when|definition of done|"
    r"given\b.{1,400}?\bwhen\b.{1,400}?\bthen)\b"
    # A sentence that wishes says what will be different when it is done.
    r"|(?:\A|[.!?:;]\s|\n)[\s*\-\d.)]*(please|let|make|add|show|allow|offer|refuse|remove|drop|keep|stop|use|replace|rename|export|"
    r"find|repair|fix|round|support|return|raise|write|move|update|upgrade)\b", re.I | re.S,
)  # fmt: skip
OPEN = re.compile(r"\bTB[DC]\b|\?\?\?|\bto be (decided|defined|discussed|confirmed)\b|\bopen question", re.I)
EPIC = "An epic is not worked itself: plan it into tickets."
UNKNOWN = (
    "The rehearsal model plays the sample's tickets only: an agent would read this one and give up. Add a model endpoint in "
    "Settings, Models, and choose it in the project's routes."
)


def lacks(ticket: Ticket) -> list[str]:
    """What is missing, as sentences; empty when it is ready. The same rules for the board's own tickets and a tracker's."""
    missing = []
    if ticket.deleted_at:
        return ["The ticket was deleted in its tracker."]
    if ticket.category == "done":
        missing.append("The ticket is done.")
    if ticket.connection_id is not None and ticket.kind == "Epic":
        return [*missing, EPIC]  # what else it lacks, its tickets will say
    missing += _unsaid(ticket)
    if len(f"{ticket.title} {ticket.description}".split()) < MIN_WORDS:
        missing.append("The ticket says too little to act on: state what should be different.")
    return missing


def _unsaid(ticket: Ticket) -> list[str]:
    """What a ticket must say: an agent cannot ask at the next desk."""
    fields = {name.lower(): str(value) for name, value in ticket.facts.get("fields", {}).items()}
    text = f"{ticket.title}\n{ticket.description}\n{fields.get('acceptance criteria', '')}"
    missing = []
    if not fields.get("acceptance criteria") and not ACCEPTANCE.search(text):
        missing.append("When is it done? State what must hold, or what should happen instead.")
    if OPEN.search(text):
        missing.append("Something in it is still to be decided: decide it, or say that the agent may.")
    if _size(ticket, fields) > MOST_POINTS or len(structure.subtasks(ticket)) > MOST_SUBTASKS:
        missing.append("It is more than one pull request: split it.")
    return missing


def _size(ticket: Ticket, fields: dict[str, str]) -> float:
    points = fields.get("story points") or fields.get("story point estimate") or "0"
    try:
        return float(points)
    except ValueError:
        return 0.0


def warns(ticket: Ticket) -> list[str]:
    """What a person should know before an agent takes it. The ticket comes with its project."""
    if ticket.category == "done" or ticket.kind == "Epic" or not _rehearses(ticket) or rehearsal.knows(ticket.key):
        return []
    return [UNKNOWN]


def _rehearses(ticket: Ticket) -> bool:
    """No route to a model: its runs are played by the rehearsal model."""
    return not any(route.get("connection") for route in ticket.project.routes.values())
