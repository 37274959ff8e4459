"""Wakes for whoever waits: "this stream has reached that number". A hint over Valkey; the truth is the table.

Sent from a background thread, errors counted and never raised: a dead Valkey must not cost a writer a millisecond.
Listeners compare heads every 2 s, which heals every lost wake.
"""

import functools
import json
import logging
import queue
import threading
import time

import redis
from django.conf import settings

log = logging.getLogger(__name__)
CHANNEL = "quarterdeck:wakes"
errors = 0
_outbox: "queue.SimpleQueue[str]" = queue.SimpleQueue()
_started = threading.Lock()
_thread: threading.Thread | None = None


def wake(stream: str, seq: int) -> None:
    """Says that `stream` has reached `seq`."""
    _send({"stream": stream, "seq": seq})


def tell(topic: str, **fields: object) -> None:
    """A hint that is no event: `mail` (a run has commands), `fenced`, `delta`, `poke` (look at a table)."""
    _send({"topic": topic, **fields})


def _send(message: dict[str, object]) -> None:
    global _thread
    _outbox.put(json.dumps(message))
    if _thread is None or not _thread.is_alive():
        with _started:
            if _thread is None or not _thread.is_alive():
                _thread = threading.Thread(target=_work, name="wakes", daemon=True)
                _thread.start()


@functools.cache
def client() -> "redis.Redis":
    """A client for publishing, shared by the process's threads: short time-outs."""
    return redis.Redis.from_url(settings.VALKEY_URL, socket_timeout=2, socket_connect_timeout=1)


def _work() -> None:
    global errors
    valkey, quiet_until = client(), 0.0
    while True:
        messages = [_outbox.get()]
        while not _outbox.empty() and len(messages) < 500:
            messages.append(_outbox.get())
        if time.monotonic() < quiet_until:
            continue  # Valkey is away: a backlog of hints helps nobody
        try:
            pipe = valkey.pipeline(transaction=False)
            for message in dict.fromkeys(messages):
                pipe.publish(CHANNEL, message)
            pipe.execute()
        except (redis.RedisError, OSError) as gone:
            errors += 1
            quiet_until = time.monotonic() + 0.5
            if errors in {1, 10, 100}:
                log.warning("wakes: Valkey does not answer (%s); listeners fall back to comparing heads", gone)
