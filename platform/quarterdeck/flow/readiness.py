"""Is a ticket ready for an agent? Plain rules; a person can override them when assigning."""

from quarterdeck.outside.models import rehearsal
from quarterdeck.record.models import Ticket

MIN_WORDS = 6
UNKNOWN = (
    "The rehearsal model plays the sample's tickets only: an agent would read this one and give up. Add a model endpoint in "
    "Settings, Models, and choose it in the project's routes."
)


def lacks(ticket: Ticket) -> list[str]:
    """What is missing, as sentences; empty when it is ready."""
    missing = []
    if ticket.category == "done":
        missing.append("The ticket is done.")
    if len(f"{ticket.title} {ticket.description}".split()) < MIN_WORDS:
        missing.append("The ticket says too little to act on: state what should be different.")
    return missing


def warns(ticket: Ticket) -> list[str]:
    """What a person should know before an agent takes it. The ticket comes with its project."""
    if ticket.category == "done" or not _rehearses(ticket) or rehearsal.knows(ticket.key):
        return []
    return [UNKNOWN]


def _rehearses(ticket: Ticket) -> bool:
    """No route to a model: its runs are played by the rehearsal model."""
    return not any(route.get("connection") for route in ticket.project.routes.values())
