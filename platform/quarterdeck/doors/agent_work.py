"""Where the doors' synchronous work happens: a few threads, each call with a database connection of its own and back."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from django.db import DataError, close_old_connections
from django.db import Error as DatabaseError

from quarterdeck.errors import Refused, TryLater

log = logging.getLogger(__name__)
QUICK, HEAVY = 6, 4
"""Threads for what is one or two queries, and for what may wait for the git service or move megabytes: a slow step must not
keep a heartbeat waiting. Together they stay below the database pool."""
MOST_WAITING = 400
T = TypeVar("T")


@dataclass
class Work:
    """More callers than `MOST_WAITING` at once are told to come back: a queue without end helps nobody."""

    threads: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, QUICK, "agents"))
    waiting: int = 0

    async def run(self, act: Callable[..., T], *args: Any) -> T:
        """Runs `act` in a thread. Raises what it raises, TryLater when we are full or the database is away, and
        Refused(malformed), 422, for what the database will never take."""
        if self.waiting >= MOST_WAITING:
            raise TryLater("The platform is busy.", after=1.0)
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.threads, _clean, act, args)
        finally:
            self.waiting -= 1


def heavy() -> Work:
    return Work(ThreadPoolExecutor(HEAVY, "agents-heavy"))


def _clean(act: Callable[..., T], args: tuple[Any, ...]) -> T:
    """Django closes connections at the end of its own requests; these are not Django's."""
    close_old_connections()
    try:
        return act(*args)
    except DataError as bad:  # it would never fit: an agent that is told to try later tries for ever
        log.warning("agents' doors: the record cannot hold this: %s", str(bad)[:200])
        raise Refused(
            "The record cannot hold this: a text is too long, or no text.", reason="malformed", status=422
        ) from bad
    except DatabaseError as away:
        log.warning("agents' doors: the database refused: %s: %s", type(away).__name__, str(away)[:200])
        raise TryLater("The record cannot be reached just now.", after=1.0, reason="record") from away
    finally:
        close_old_connections()
