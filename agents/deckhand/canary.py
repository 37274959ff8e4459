"""Before anything of a ticket is read: does an address answer that must not? Then this place has no walls, and we leave.

A network policy that is not there, or not enforced, looks like any other place from inside, until somebody tries it.
"""

import queue
import socket
import threading
import time
from collections.abc import Sequence

from deckhand.exits import Exposed, Misconfigured

SECONDS = 0.3
"""One look at all addresses together. Who needs longer to answer counts as silent."""

Address = tuple[str, int]


def refuse_exposed(words: Sequence[str], *, patience: float) -> None:
    """`words` are `host:port`. Raises Exposed with the address that still answers after `patience` seconds, and
    Misconfigured for a word that is no address."""
    addresses = [address(word) for word in words]
    end = time.monotonic() + patience
    while answering := who_answers(addresses):
        if time.monotonic() >= end:
            raise Exposed(f"{answering} answers from inside this place: it is not walled in. Nothing was read here.")
        time.sleep(SECONDS)


def who_answers(addresses: Sequence[Address], seconds: float = SECONDS) -> str:
    """The first address that takes a TCP connection, as `host:port`; "" when none did in time.

    A refused connection is no answer: many networks enforce their policy by refusing.
    """
    answers: queue.SimpleQueue[str] = queue.SimpleQueue()
    for one in addresses:
        # Threads, not asyncio: looking a name up cannot be given up there either, and here nobody waits for it.
        threading.Thread(target=_knock, args=(one, seconds, answers), daemon=True).start()
    end, found = time.monotonic() + seconds, ""
    for _ in addresses:
        try:
            found = answers.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            return ""
        if found:
            return found
    return found


def address(word: str) -> Address:
    """`10.0.0.1:5432`, `[fd00::1]:443` or `name:port`."""
    host, _, port = word.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise Misconfigured(f"QUARTERDECK_CANARY names {word!r}: an address is host:port")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _knock(one: Address, seconds: float, answers: "queue.SimpleQueue[str]") -> None:
    try:
        socket.create_connection(one, timeout=seconds).close()
    except (OSError, UnicodeError):
        answers.put("")
    else:
        answers.put(f"{one[0]}:{one[1]}")
