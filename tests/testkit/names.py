"""A name service for a cluster that has none: it answers with the addresses of Services, and knows nothing else."""

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

PORT = 53
A, FOUND, NOBODY = 1, 0x8180, 0x8183


def question(packet: bytes) -> tuple[str, int, bytes]:
    """The name, its kind, and the bytes to repeat in the answer."""
    words, at = [], 12
    while size := packet[at]:
        words.append(packet[at + 1 : at + 1 + size].decode())
        at += size + 1
    (kind,) = struct.unpack("!H", packet[at + 1 : at + 3])
    return ".".join(words).lower(), kind, packet[12 : at + 5]


def answer(packet: bytes, addresses: Mapping[str, str]) -> bytes:
    """`addresses` by `service.namespace.svc`. A kind that we do not have of a name that we know is an empty answer."""
    name, kind, asked = question(packet)
    address = addresses.get(name.removesuffix(".cluster.local"), "")
    lines = b""
    if address and kind == A:
        lines = struct.pack("!HHHIH", 0xC00C, A, 1, 5, 4) + socket.inet_aton(address)
    head = struct.pack("!HHHHHH", *struct.unpack("!H", packet[:2]), FOUND if address else NOBODY, 1, bool(lines), 0, 0)
    return head + asked + lines


@contextmanager
def naming(host: str, addresses: Callable[[], Mapping[str, str]]) -> Iterator[None]:
    """Answers on `host` as long as it is needed."""

    class Asked(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            packet, line = self.request
            line.sendto(answer(packet, addresses()), self.client_address)

    with socketserver.ThreadingUDPServer((host, PORT), Asked) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join(5)
