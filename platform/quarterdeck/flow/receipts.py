"""One line a run: what became of what was asked."""

from dataclasses import dataclass, field
from uuid import UUID, uuid5

NAMESPACE = UUID("6f1d3c1e-5a43-4e0c-9a6b-0d1f6a3a4b7e")


@dataclass(frozen=True)
class Line:
    """`fate`: applied (done now), pending (stored; an agent will take it), rejected (and `why`)."""

    run: UUID | None
    ticket_key: str
    fate: str
    why: str
    command: UUID | None = None


@dataclass(frozen=True)
class Receipt:
    batch: UUID
    lines: list[Line] = field(default_factory=list)


def batch_id(actor: str, key: str) -> UUID:
    """The same actor with the same key is the same batch."""
    return uuid5(NAMESPACE, f"{actor}\n{key}")
