"""The push protocol as far as we speak it: what a client may ask (one move of one ref), and how it is answered.

Source: git's own gitprotocol-pack(5) and gitprotocol-common(5). Pure: bytes in, bytes out.
"""

from dataclasses import dataclass
from typing import IO

from quarterdeck.errors import Refused
from quarterdeck.outside.repos import names

CAPABILITIES = "report-status side-band-64k ofs-delta quiet object-format=sha1 agent=quarterdeck"
FLUSH = b"0000"
_MOST = 64
"""Lines before the pack: one command and, from a shallow clone, its borders."""


@dataclass(frozen=True)
class Move:
    """What the client wants: `ref` from `old` to `new`."""

    ref: str
    old: str
    new: str
    capabilities: frozenset[str]


def line(text: bytes) -> bytes:
    return f"{len(text) + 4:04x}".encode() + text


def advertisement(refs: list[tuple[str, str]]) -> bytes:
    """The answer to info/refs?service=git-receive-pack: (sha, name) of what may be moved and what need not be sent."""
    shown = refs or [(names.NONE, "capabilities^{}")]
    (sha, name), *others = shown
    lines = [line(f"{sha} {name}\0{CAPABILITIES}\n".encode())]
    lines += [line(f"{sha} {name}\n".encode()) for sha, name in others]
    return line(b"# service=git-receive-pack\n") + FLUSH + b"".join(lines) + FLUSH


def read_moves(stream: IO[bytes]) -> list[Move]:
    """Reads up to the flush before the pack. Raises Refused(malformed) on anything that is not this protocol."""
    moves: list[Move] = []
    capabilities: frozenset[str] = frozenset()
    for _ in range(_MOST):
        text = _line(stream)
        if text is None:
            return moves
        if text.startswith(b"shallow "):
            continue  # we check the whole history ourselves, so a client's borders change nothing
        command, _, offered = text.partition(b"\0")
        if offered:
            capabilities = frozenset(offered.decode(errors="replace").split())
        moves.append(_move(command, capabilities))
    raise _malformed("too many commands")


def report(moves: list[Move], reason: str = "") -> bytes:
    """report-status, version 1, in side band 1 where the client asked for one. No reason means: all is moved."""
    capabilities = moves[0].capabilities
    if "report-status" not in capabilities:
        return b""
    verdicts = [f"ng {_plain(m.ref, 200)} {_plain(reason, 600)}\n" if reason else f"ok {m.ref}\n" for m in moves]
    inner = line(b"unpack ok\n") + b"".join(line(verdict.encode(errors="replace")) for verdict in verdicts) + FLUSH
    return line(b"\x01" + inner) + FLUSH if "side-band-64k" in capabilities else inner


def _plain(text: str, most: int) -> str:
    """Names came from the client: what is not printable, line ends above all, stays out of the answer."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:most]


def _line(stream: IO[bytes]) -> bytes | None:
    """One pkt-line's text, None at the flush (and at the very end of an empty body, git's probe)."""
    head = stream.read(4)
    if head in (FLUSH, b""):
        return None
    try:
        size = int(head.decode("ascii"), 16)
    except ValueError as bad:
        raise _malformed("no pkt-line") from bad
    text = stream.read(size - 4) if 4 < size <= 65_520 else b""
    if len(text) != size - 4:
        raise _malformed("a broken pkt-line")
    return text


def _move(command: bytes, capabilities: frozenset[str]) -> Move:
    parts = command.decode("utf-8", "replace").rstrip("\n").split(" ", 2)
    if len(parts) != 3:
        raise _malformed("no command")
    old, new, ref = parts
    try:
        return Move(ref, names.sha(old), names.sha(new), capabilities)
    except Refused as bad:
        raise _malformed("no command") from bad


def _malformed(what: str) -> Refused:
    return Refused(f"This is no push we understand: {what}.", reason="malformed", status=422)
