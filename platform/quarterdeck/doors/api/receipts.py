"""A receipt of the flow, as the dashboard shows it."""

import time
from collections.abc import Sequence
from uuid import UUID

from deckwire import views
from deckwire.words import Fate
from quarterdeck.flow.receipts import Line, Receipt

UNDO_SECONDS = 30
FATES = {Fate.APPLIED: "applied", Fate.PENDING: "pending", Fate.DELIVERED: "pending"}


def receipt(said: Receipt, *, asked: Sequence[UUID] = ()) -> views.Receipt:
    """`asked` are the requests that were decided, in the order of the lines."""
    names = [str(one) for one in asked] if len(asked) == len(said.lines) else [""] * len(said.lines)
    return views.Receipt(
        batch=str(said.batch), lines=[_line(line, name) for line, name in zip(said.lines, names, strict=True)],
        undo_until=_until(said),
    )  # fmt: skip


def _until(said: Receipt) -> int | None:
    """While an agent has not taken it, and for half a minute at the most, it can be taken back."""
    pending = any(line.fate == Fate.PENDING for line in said.lines)
    return round((time.time() + UNDO_SECONDS) * 1000) if pending else None


def _line(line: Line, request: str) -> views.ReceiptLine:
    return views.ReceiptLine(
        run=str(line.run or ""), ticket_key=line.ticket_key, request=request, why=line.why,
        fate=FATES.get(Fate(line.fate), "rejected"), command=str(line.command or ""),
    )  # fmt: skip
