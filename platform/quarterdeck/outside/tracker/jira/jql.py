"""JQL put together: a person's filter stays as it is, inside its brackets."""

import math
import re
from datetime import datetime, timedelta

_WORDS = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|\border\s+by\b', re.IGNORECASE)


def without_order(query: str) -> str:
    """The filter alone: an ORDER BY outside of quotes ends it."""
    for hit in _WORDS.finditer(query):
        if hit[0][0] not in "\"'":
            return query[: hit.start()].strip()
    return query.strip()


def changed(query: str, since: datetime, overlap: timedelta, now: datetime) -> str:
    """What was updated since. Told in minutes before now: dates in JQL are read in the account's own time zone, this is not."""
    minutes = max(1, math.ceil((now - since + overlap).total_seconds() / 60) + 1)
    only = without_order(query)
    when = f"updated >= -{minutes}m ORDER BY updated DESC"
    return f"({only}) AND {when}" if only else when


def quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
