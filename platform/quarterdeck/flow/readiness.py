"""Is a ticket ready for an agent? Plain rules; a person can override them when assigning."""

from quarterdeck.record.models import Ticket

MIN_WORDS = 6


def lacks(ticket: Ticket) -> list[str]:
    """What is missing, as sentences; empty when it is ready."""
    missing = []
    if ticket.category == "done":
        missing.append("The ticket is done.")
    if len(f"{ticket.title} {ticket.description}".split()) < MIN_WORDS:
        missing.append("The ticket says too little to act on: state what should be different.")
    return missing
