"""The way out of a place that installs packages: a small HTTP proxy (CONNECT, and plain http) on a Unix socket.

The place itself keeps no network at all, so this decides what can be reached: public addresses, and `host:port` that the
operator names; never this machine's own ports, a private network or a cloud's metadata by accident. A program of its own,
run by the shim as `python -I -S outlet.py <socket> [uid] -- [host:port …]`: standard library only; it ends with its place.
"""

import contextlib
import ipaddress
import os
import socket
import sys
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

CHUNK = 65536
HEAD_BYTES = 64 * 1024
CONNECT_SECONDS = 20
IDLE_SECONDS = 900
MOST = 128
PUBLIC_6, NAT64 = ipaddress.ip_network("2000::/3"), ipaddress.ip_network("64:ff9b::/96")
Ends = tuple[str, int]


class NoWay(Exception):
    """(HTTP status, words) for whoever asked."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


@dataclass(frozen=True)
class Asked:
    """Where to, and what to send there first: nothing for a tunnel, the request in the origin's own form else."""

    host: str
    port: int
    tunnel: bool
    first: bytes


def parse(head: bytes, rest: bytes) -> Asked:
    """Raises NoWay(400). `head` ends before the empty line; `rest` is what came after it."""
    line, _, fields = head.partition(b"\r\n")
    try:
        method, target, version = line.decode("ascii").split(" ")
        url = urlsplit(f"//{target}" if method == "CONNECT" else target)
        host, port = url.hostname, url.port
    except ValueError as bad:
        raise NoWay(400, "That is no request.") from bad
    if not host or (method != "CONNECT" and url.scheme != "http"):
        raise NoWay(400, "That names no host to go to.")
    if method == "CONNECT":
        return Asked(host, port or 443, True, rest)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    # One request a connection: a second one on it could be for another host.
    kept = [one for one in fields.split(b"\r\n") if one and not one.lower().startswith((b"connection:", b"proxy-"))]
    origin = b"\r\n".join([f"{method} {path} {version}".encode(), *kept, b"Connection: close", b"", b""])
    return Asked(host, port or 80, False, origin + rest)


def resolve(asked: Asked, named: frozenset[str]) -> list[Ends]:
    """Addresses that may be reached, looked up once: what was judged is what is connected to. Raises NoWay(403, 502)."""
    try:
        found = socket.getaddrinfo(asked.host, asked.port, type=socket.SOCK_STREAM)
    except OSError as bad:
        raise NoWay(502, f"{asked.host} has no address: {bad.strerror or bad}") from bad
    ends = [(str(one[4][0]), asked.port) for one in found]
    if f"{asked.host}:{asked.port}" in named:
        return ends
    ends = [end for end in ends if is_open(end[0])]
    if not ends:
        raise NoWay(403, f"{asked.host}:{asked.port} is not on the public network. The operator can name it in "
                         "QUARTERDECK_INSTALL_REACHES.")  # fmt: skip
    return ends


def is_open(address: str) -> bool:
    """A public address that is not this machine's."""
    ip = meant(address)
    public = ip.is_global and not ip.is_multicast and (ip.version == 4 or ip in PUBLIC_6)
    return public and not is_own(address)


def meant(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address behind the ways of writing an IPv4 address as an IPv6 one (mapped, 6to4, NAT64), as outside/reach.py has it."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def is_own(address: str) -> bool:
    """Whether this machine would speak to itself: then it chooses the same address for its own end. Sends nothing."""
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(kind, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 9))
        return bool(probe.getsockname()[0] == address)
    return False


def connect(ends: list[Ends]) -> socket.socket:
    """To the first that answers. Raises NoWay(502)."""
    last = "nobody answers"
    for end in ends:
        try:
            return socket.create_connection(end, timeout=CONNECT_SECONDS)
        except OSError as bad:
            last = str(bad)
    raise NoWay(502, f"{ends[0][0]}:{ends[0][1]} cannot be reached: {last}")


def read_head(near: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = near.recv(CHUNK)
        if not piece or len(data) > HEAD_BYTES:
            raise NoWay(400, "That is no request.")
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def serve(near: socket.socket, named: frozenset[str]) -> None:
    """One connection from its request to its end."""
    with contextlib.suppress(OSError), near:
        near.settimeout(IDLE_SECONDS)
        try:
            asked = parse(*read_head(near))
            far = connect(resolve(asked, named))
        except NoWay as no:
            body = f"Quarterdeck: {no.words}\n".encode()
            head = f"HTTP/1.1 {no.status} {no.words}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            near.sendall(head.encode() + body)
            return
        with far:
            far.settimeout(IDLE_SECONDS)
            if asked.tunnel:
                near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            far.sendall(asked.first)
            join(near, far)


def join(near: socket.socket, far: socket.socket) -> None:
    back = threading.Thread(target=copy, args=(far, near), daemon=True)
    back.start()
    copy(near, far)
    back.join()


def copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def listen(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o666)  # only its place sees the folder it lies in
    listener.listen(64)
    return listener


def drop(uid: int) -> None:
    """What parses an installer's bytes need not be root."""
    if uid and os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def main() -> None:
    path, uid, _, *named = sys.argv[1:]
    listener, free = listen(path), threading.Semaphore(MOST)
    socket.getaddrinfo("127.0.0.1", 0)  # what it loads has to be loaded before the uid is dropped
    drop(int(uid))

    def one(near: socket.socket) -> None:
        with free:
            serve(near, frozenset(named))

    while True:
        near, _ = listener.accept()
        threading.Thread(target=one, args=(near,), daemon=True).start()


if __name__ == "__main__":
    main()
