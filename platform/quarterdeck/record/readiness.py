"""May an agent take this ticket? What is missing is said in words for the person who can add it. Pure."""

import re
from dataclasses import dataclass

from quarterdeck.record.models import Ticket

SHORT = 40
"""Characters of description below which nobody could start from it alone."""
STATED = re.compile(
    r"accept|expect|should|must|shall|when|then|instead|so that|criteria|reproduce|fails?\b|error|want|need|add|return|- \[",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Readiness:
    ready: bool
    why: str = ""


def readiness(ticket: Ticket, *, has_repository: bool) -> Readiness:
    """The first thing that is missing, in the order in which a person would add it."""
    if ticket.category == "done":
        return Readiness(False, "The ticket is done.")
    if not has_repository:
        return Readiness(False, "The project has no repository yet. Add one in its settings.")
    if len(ticket.description.strip()) < SHORT:
        return Readiness(False, "The description says too little to start from: what is wrong, and where?")
    if not STATED.search(ticket.description):
        return Readiness(False, "No acceptance is stated: how would one see that it is done?")
    return Readiness(True)
