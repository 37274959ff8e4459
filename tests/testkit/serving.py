"""An ASGI application on a real socket, in a thread with a loop of its own."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


@contextmanager
def serving(application: Any, *, lifespan: str = "off") -> Iterator[str]:
    """Yields the base URL on a free loopback port. The socket listens before the first request is made: no waiting."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    config = uvicorn.Config(
        application, lifespan=lifespan, log_config=None, access_log=False, timeout_graceful_shutdown=1,  # type: ignore[arg-type]
        http="httptools", loop="asyncio",
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def until(ask: Callable[[], Any], seconds: float = 10.0) -> None:
    """Looks again and again until it is so. For what another thread or process does without telling us."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while not ask():
        assert time.monotonic() < end, "it did not happen in time"
        pause.wait(0.005)
