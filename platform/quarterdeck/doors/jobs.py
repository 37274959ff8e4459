"""The worker's side: "look at the table". A poke names a table and nothing else; losing one costs a sweep's time."""

import logging
from collections.abc import Callable

from celery import shared_task
from django.db import DatabaseError

from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import (
    deliveries,
    fetches,
    hooks,
    judgements,
    merge,
    news,
    outbox,
    polls,
    report,
    seal,
    spend,
    starts,
    tidy,
)

log = logging.getLogger(__name__)

TABLES: dict[str, Callable[[], int]] = {
    "outbox": outbox.work,
    "seals": seal.advance_all,
    "merges": merge.advance_all,
    "calls": spend.sweep,
    "requests": tidy.sweep,
    "fetches": fetches.work,
    "deliveries": deliveries.work,
    "hooks": hooks.work,
    "polls": polls.work,
    "starts": starts.work,
    "judgements": judgements.work,
    "news": news.work,
    "reports": report.work,
    "forgotten": deliveries.forget,
}


@shared_task(name="quarterdeck.poke", ignore_result=True)
def poke(table: str) -> None:
    """Unknown names are a newer or older sender's: ignored. An error waits for the next sweep."""
    work = TABLES.get(table)
    if work is None:
        return
    try:
        work()
    except (DatabaseError, TryLater, Refused, GaveUp) as bad:
        log.warning("%s: %s; the next sweep looks again", table, bad)
