"""Named points at which a test lets either side die: in production each is one look at a variable that is not set.

QUARTERDECK_CRASH names a folder of orders. A file there with a point's label is an order: whoever comes to the point takes it
away and sends itself the signal that it names (KILL where it is empty; STOP holds the process there), so each order is obeyed
once. An agent sees the folder read-only: it cannot take an order away and obeys it in every attempt, until the test withdraws it.
"""

import errno
import os
import signal
from pathlib import Path


def orders() -> Path | None:
    """The folder of orders; None in every installation that is not under test."""
    named = os.environ.get("QUARTERDECK_CRASH")
    return Path(named) if named else None


def point(label: str) -> None:
    folder = orders()
    if folder is not None:
        _obey(folder / label)


def _take_away(order: Path) -> None:
    """Raises FileNotFoundError when somebody was faster. A read-only folder keeps it."""
    try:
        order.unlink()
    except OSError as bad:
        if bad.errno not in (errno.EROFS, errno.EACCES):
            raise


def _obey(order: Path) -> None:
    try:
        word = order.read_text().strip() or "KILL"
        _take_away(order)
    except FileNotFoundError:
        return  # nothing is ordered here, or another process has just died of it
    os.kill(os.getpid(), signal.Signals[f"SIG{word}"])
