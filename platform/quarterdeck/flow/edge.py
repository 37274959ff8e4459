"""A worker's edge: one row that waits or breaks holds up itself and nobody else. A record that is away is everybody's."""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.db import InterfaceError, OperationalError

from quarterdeck.errors import GaveUp, TryLater

log = logging.getLogger(__name__)
T = TypeVar("T")


def guarded(what: str, act: Callable[[], T], broken: Callable[[str], T]) -> T:
    """What `act` returns. What nobody foresaw goes to the log, and to `broken` as words that name the kind of error only: its
    text may quote what an outside service said, a secret too."""
    try:
        return act()
    except (OperationalError, InterfaceError):
        raise  # that says nothing about this row; where it has a lease, that runs out
    except Exception as bad:
        log.exception("%s failed", what)
        return broken(f"It failed in a way that was not foreseen ({type(bad).__name__}); the log has the rest.")


def each(what: str, runs: Iterable[UUID], advance: Callable[[UUID], int]) -> int:
    """Takes each run as far as it goes now. The sum of what `advance` returns."""
    return sum(guarded(f"{what} {one}", partial(_advanced, what, one, advance), lambda _: 0) for one in runs)


def _advanced(what: str, run: UUID, advance: Callable[[UUID], int]) -> int:
    try:
        return advance(run)
    except (TryLater, GaveUp) as later:
        log.info("%s %s: %s", what, run, later.text)
        return 0
