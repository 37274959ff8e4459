""" "Look at the table." Sent after commit from a background thread, errors counted, never raised: a dead broker blocked a
request 0.9 s. Beat sweeps every few seconds, so a lost poke costs time and nothing else."""

import logging
import queue
import threading

from django.db import transaction
from kombu.exceptions import OperationalError

from quarterdeck.celery import app
from quarterdeck.record import wakes

log = logging.getLogger(__name__)
errors = 0
_tables: "queue.SimpleQueue[str]" = queue.SimpleQueue()
_started = threading.Lock()
_thread: threading.Thread | None = None


def poke(table: str) -> None:
    """outbox, seals, merges, fetches, requests: a worker looks at the table soon. `places` wakes the reconciler."""
    transaction.on_commit(lambda: _enqueue(table))


def _enqueue(table: str) -> None:
    global _thread
    if table == "places":
        wakes.tell("places")
        return
    _tables.put(table)
    with _started:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_send, name="pokes", daemon=True)
            _thread.start()


def _send() -> None:
    global errors
    while True:
        wanted = {_tables.get()}
        while not _tables.empty():
            wanted.add(_tables.get())
        for table in sorted(wanted):
            try:
                # By name: celery's "current app" is another one in every thread but the importing one.
                app.send_task("quarterdeck.poke", args=[table], retry=False)
            except (OSError, OperationalError) as gone:
                errors += 1
                log.debug("pokes: the broker does not answer (%s)", gone)
