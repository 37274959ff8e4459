"""Imports from the first moment on, beside the wait for the canary and for hello: nothing of a ticket is needed for it."""

import gc
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module


def load(modules: Sequence[str]) -> threading.Thread:
    """Begins to import them in this order. Who needs one imports it as ever and waits there, and sees what went wrong."""
    thread = threading.Thread(target=_load, args=(tuple(modules),), name="ahead", daemon=True)
    thread.start()
    return thread


@contextmanager
def uncollected() -> Iterator[None]:
    """For imports: a collector that walks thousands of fresh classes again and again costs a seventh of their time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _load(modules: Sequence[str]) -> None:
    with suppress(Exception), uncollected():
        for name in modules:
            import_module(name)
