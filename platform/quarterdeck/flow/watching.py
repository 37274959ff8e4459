"""Does somebody look at this run now? Deltas (typing, terminal bytes) flow only then. A key with a short life in Valkey."""

import redis

from quarterdeck.record import wakes

SECONDS = 30


def mark(runs: list[str]) -> None:
    """Called by the hub while a dashboard has these runs open."""
    try:
        pipe = wakes.client().pipeline(transaction=False)
        for run in runs:
            pipe.set(f"quarterdeck:watched:{run}", 1, ex=SECONDS)
        pipe.execute()
    except (redis.RedisError, OSError):
        return  # nobody gets deltas for a while; every line still comes as an event


def is_watched(run: str) -> bool:
    try:
        return bool(wakes.client().exists(f"quarterdeck:watched:{run}"))
    except (redis.RedisError, OSError):
        return False
