"""Which TCP port the dashboard gets. A port that somebody named is theirs or an error; only our default may move on."""

import json
import os
import socket
from pathlib import Path

from quarterdeck.errors import GaveUp

TRIED = 50


def choose(host: str, port: int, *, named: bool) -> int:
    """The port, or the next free one when nobody named it. GaveUp when it cannot be had."""
    for candidate in [port] if named else range(port, port + TRIED):
        if free(host, candidate):
            return candidate
    if named:
        raise GaveUp(f"Port {port} on {host} is taken: stop what listens there, or give another QUARTERDECK_PORT.")
    raise GaveUp(f"Ports {port} to {port + TRIED - 1} on {host} are all taken: give a free one in QUARTERDECK_PORT.")


def free(host: str, port: int) -> bool:
    """Whether we could listen there. GaveUp when the address itself is not this machine's or not allowed to us."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as unknown:
        raise GaveUp(f"QUARTERDECK_HOST is {host!r}, which names no address.") from unknown
    with socket.socket(family, kind, protocol) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(address)
            trial.listen(1)
        except PermissionError as refused:
            raise GaveUp(f"This user may not listen on port {port}: give one above 1023.") from refused
        except OSError:
            return False
    return True


def address(host: str, port: int) -> str:
    """What a person types. "Everywhere" is reached by this machine's own name."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"


def write(run: Path, host: str, port: int) -> None:
    """run/ports.json, whole or not at all, for the other commands."""
    draft = run / "ports.json.new"
    draft.write_text(json.dumps({"host": host, "web": port, "address": address(host, port)}) + "\n")
    os.replace(draft, run / "ports.json")
