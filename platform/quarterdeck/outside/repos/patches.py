"""Cuts git's one long patch into one piece per changed path, in the order of the raw lines."""

from quarterdeck.errors import Refused

_HEADER = b"diff --git "


def split(out: bytes, twice: list[bool], *, whole: bool) -> list[bytes | None]:
    """Pieces for each change; `twice` marks a change of type, which git prints as a deletion and an addition.

    A line of content begins with " ", "+", "-" or "\\" and names are quoted, so that no file can forge a header. When the
    output was cut (`whole` is False) the last piece is not to be trusted, and what is missing is None.
    """
    pieces = _pieces(out) if whole else _pieces(out)[:-1]
    found: list[bytes | None] = []
    at = 0
    for double in twice:
        size = 2 if double else 1
        taken = pieces[at : at + size]
        found.append(b"".join(taken) if len(taken) == size else None)
        at += size
    if whole and at != len(pieces):
        raise Refused("The diff and its list of paths do not agree.", reason="git_failed")
    return found


def lines(patch: bytes) -> tuple[int, int]:
    """Lines added and removed by a patch: what stands in its hunks, not the names above them."""
    added = removed = 0
    inside = False
    for line in patch.split(b"\n"):
        inside = (inside or line.startswith(b"@@")) and not line.startswith(_HEADER)
        added += inside and line.startswith(b"+")
        removed += inside and line.startswith(b"-")
    return added, removed


def hunks(patch: bytes) -> bytes:
    """The lines of a patch's hunks without their places; nothing where it has none (a binary file, a mode alone)."""
    start = patch.find(b"\n@@")
    if start < 0:
        return b""
    return b"\n".join(line if line[:2] != b"@@" else b"@@" for line in patch[start + 1 :].split(b"\n"))


def _pieces(out: bytes) -> list[bytes]:
    starts = [0] if out.startswith(_HEADER) else []
    at = out.find(b"\n" + _HEADER)
    while at >= 0:
        starts.append(at + 1)
        at = out.find(b"\n" + _HEADER, at + 1)
    ends = [*starts[1:], len(out)] if starts else []
    return [out[start:end] for start, end in zip(starts, ends, strict=True)]
