"""Waiting for what other processes do: ask again and again, with an end. No test sleeps a fixed time."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")
NEVER = threading.Event()


def until(ask: Callable[[], Answer], seconds: float = 60.0, *, every: float = 0.05, what: str = "") -> Answer:
    """The first answer that is true; AssertionError with the last one after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < end, f"{what or 'it'} is still {answer!r} after {seconds:.0f} s"
        NEVER.wait(every)
