"""An ASGI application behind a real server, in this process: on loopback, or on a Unix socket."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn


class _Server(uvicorn.Server):
    def __init__(self, application: Any) -> None:
        super().__init__(uvicorn.Config(application, lifespan="off", log_config=None, access_log=False))
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextlib.contextmanager
def on_loopback(application: Any) -> Iterator[str]:
    """Gives the address, http://127.0.0.1:port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    with _running(application, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def on_socket(application: Any, path: Path) -> Iterator[str]:
    """Gives the socket's path."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    with _running(application, listener):
        yield str(path)


@contextlib.contextmanager
def _running(application: Any, listener: socket.socket) -> Iterator[None]:
    server = _Server(application)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    assert server.ready.wait(10)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
