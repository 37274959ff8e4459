"""Serve web, git or the outlet: `python -m quarterdeck.doors.serve web|git|outlet`. Which socket a caller came by
decides what he may reach, so each socket has a server of its own, with an application that answers no more than that
socket is for."""

import asyncio
import contextlib
import hmac
import importlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import uvicorn

from quarterdeck import settings

# Seconds for open requests after a stop: held connections and dashboards come back by themselves.
GRACE = 1
# Agents and browsers keep connections between two heartbeats.
KEEP_ALIVE = 30


class Server(uvicorn.Server):
    """One of several in a process: the process, not each server, listens to signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(application: Any, *, lifespan: str = "off") -> Server:
    """No access log: an agent's heartbeats would fill it, and what matters is in the ledger."""
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        ws="websockets",
        lifespan=lifespan,  # type: ignore[arg-type]
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        ws_max_size=1_000_000,
    )
    return Server(config)


def tcp(host: str, port: int, setting: str = "QUARTERDECK_PORT") -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as refused:
        sys.exit(f"Cannot listen on {host} port {port}: {refused.strerror}. Give another {setting}.")
    return listener


def unix(path: Path, mode: int) -> socket.socket:
    """Bound under another name with its mode set, then moved into place: nobody meets it half made, and a socket file
    that an earlier process left is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    draft.unlink(missing_ok=True)
    listener.bind(str(draft))
    draft.chmod(mode)
    draft.replace(path)
    return listener


def agents_only(application: Any) -> Any:
    """The sockets that are bound into sandboxes reach the agents' doors and nothing else of the dashboard."""

    async def door(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/agent/"):
            await application(scope, receive, send)
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send({"type": "websocket.close", "code": 1008})

    return door


def with_key(application: Any, key: str) -> Any:
    """The git service's internal door by TCP: a socket's mode does not guard it, so each question names the key."""
    right = f"Bearer {key}".encode()

    async def door(scope: Any, receive: Any, send: Any) -> None:
        given = dict(scope.get("headers") or ()).get(b"authorization", b"")
        if scope["type"] == "http" and (scope["path"] == "/healthz" or hmac.compare_digest(given, right)):
            await application(scope, receive, send)
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send({"type": "websocket.close", "code": 1008})

    return door


def web() -> list[tuple[Server, socket.socket]]:
    application = importlib.import_module("quarterdeck.asgi").application
    told = []
    if settings.METRICS_LISTEN:
        meters = importlib.import_module("quarterdeck.doors.metrics").Web()
        application = meters.timed(application)
        told = [(server(meters.answering()), tcp(*settings.METRICS_LISTEN, "QUARTERDECK_METRICS_LISTEN"))]
    doors = [unix(settings.RUN_DIR / "agent" / "doors.sock", 0o666)]
    if settings.DOORS_LISTEN:
        doors.append(tcp(*settings.DOORS_LISTEN, "QUARTERDECK_DOORS_LISTEN"))
    return [
        (server(application, lifespan="auto"), tcp(settings.HOST, settings.PORT)),
        *((server(agents_only(application)), door) for door in doors),
        *told,
    ]


def git() -> list[tuple[Server, socket.socket]]:
    """Agents' smart HTTP on one socket, the platform's own questions on another, which no sandbox ever sees."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quarterdeck.settings")
    django.setup()
    service = importlib.import_module("quarterdeck.doors.git")
    found = [
        (server(service.application, lifespan="auto"), unix(settings.RUN_DIR / "agent" / "git.sock", 0o666)),
        (server(service.internal), unix(settings.RUN_DIR / "git-internal.sock", 0o600)),
    ]
    if settings.GIT_LISTEN:
        found.append((server(service.application), tcp(*settings.GIT_LISTEN, "QUARTERDECK_GIT_LISTEN")))
    if settings.GIT_INTERNAL_LISTEN:
        door = tcp(*settings.GIT_INTERNAL_LISTEN, "QUARTERDECK_GIT_INTERNAL_LISTEN")
        found.append((server(with_key(service.internal, settings.GIT_KEY)), door))
    return found


def outlet() -> None:
    """A process of its own, without the record: what installs ask of it is nobody's business but the registries'."""
    if settings.OUTLET_LISTEN is None:
        sys.exit("QUARTERDECK_OUTLET_LISTEN says where the outlet listens: host:port.")
    importlib.import_module("quarterdeck.doors.outlet").serve(settings.OUTLET_LISTEN, settings.REGISTRIES)


async def serve(servers: list[tuple[Server, socket.socket]]) -> None:
    """Until a signal, or until one of them ends by itself: half a service is no service."""

    def leave() -> None:
        for one, _ in servers:
            one.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, leave)
    running = [asyncio.create_task(one.serve(sockets=[listener])) for one, listener in servers]
    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    leave()
    await asyncio.gather(*running)


def main() -> None:
    if sys.argv[1:] == ["outlet"]:
        return outlet()
    which = {"web": web, "git": git}.get(sys.argv[1] if len(sys.argv) == 2 else "")
    if which is None:
        sys.exit("Say what to serve: web, git or outlet.")
    servers = which()
    with asyncio.Runner(loop_factory=servers[0][0].config.get_loop_factory()) as runner:
        runner.run(serve(servers))


if __name__ == "__main__":
    main()
