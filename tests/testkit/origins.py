"""Projects' repositories as tests need them: made commit by commit, with any bytes for names, and hand-made packs."""

import hashlib
import os
import struct
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path

Content = bytes | tuple[str, bytes] | None
"""A file's bytes; (mode, bytes) for other modes, with the sha as bytes for a submodule; None takes the path away."""

CLEAN = {
    "PATH": os.defpath,
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in
       (("NAME", "Alice"), ("EMAIL", "alice@example.org"), ("DATE", "@1700000000 +0000"))},
}  # fmt: skip


def tried(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A real git client's run, whatever comes of it."""
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], env={**CLEAN, **env}, capture_output=True, text=True, timeout=60
    )


def git(folder: Path, *arguments: str, **env: str) -> str:
    done = tried(folder, *arguments, **env)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass(frozen=True)
class Origin:
    """A bare repository that belongs to a project."""

    path: Path

    @classmethod
    def make(cls, path: Path) -> "Origin":
        path.mkdir(parents=True)
        git(path, "init", "-q", "--bare", "--template=", "-b", "main")
        return cls(path)

    def commit(
        self, files: dict[str | bytes, Content], *, branch: str = "main", parent: str = "", message: str = "change"
    ) -> str:
        """One commit on top of `parent` (default: the branch as it is), and the branch moved to it."""
        return commit(self.path, files, ref=f"refs/heads/{branch}", parent=parent, message=message)

    def head(self, branch: str = "main") -> str:
        return git(self.path, "rev-parse", f"refs/heads/{branch}")


def commit(
    folder: Path, files: dict[str | bytes, Content], *, ref: str, parent: str = "", message: str = "change"
) -> str:
    """fast-import takes any bytes for a name. Made under a side ref, then the ref is moved: any parent will do."""
    start = parent or tried(folder, "rev-parse", "--verify", "-q", ref).stdout.strip()
    lines = [
        b"commit refs/made/here\n",
        b"committer Alice <alice@example.org> 1700000000 +0000\n",
        _data(message.encode()),
    ]
    lines += [f"from {start}\n".encode()] if start else []
    lines += [_change(path, content) for path, content in files.items()]
    tried(folder, "update-ref", "-d", "refs/made/here")
    subprocess.run(
        ["git", "-C", str(folder), "fast-import", "--quiet", "--force"], input=b"".join(lines), env=CLEAN, check=True
    )
    made = git(folder, "rev-parse", "refs/made/here")
    git(folder, "update-ref", ref, made)
    git(folder, "update-ref", "-d", "refs/made/here")
    return made


def _change(path: str | bytes, content: Content) -> bytes:
    raw = path if isinstance(path, bytes) else path.encode()
    quoted = b'"' + b"".join(b"\\%03o" % byte for byte in raw) + b'"'
    if content is None:
        return b"D " + quoted + b"\n"
    mode, body = content if isinstance(content, tuple) else ("100644", content)
    if mode == "160000":
        return b"M 160000 " + body + b" " + quoted + b"\n"
    return b"M " + mode.encode() + b" inline " + quoted + b"\n" + _data(body)


def _data(body: bytes) -> bytes:
    return b"data %d\n" % len(body) + body + b"\n"


@dataclass(frozen=True)
class Made:
    """An object made by hand."""

    kind: str
    body: bytes

    @property
    def sha(self) -> str:
        return hashlib.sha1(f"{self.kind} {len(self.body)}\0".encode() + self.body).hexdigest()


def tree(entries: list[tuple[str, str, str]]) -> Made:
    """Entries are (mode, name, sha), in the order git wants them."""
    return Made("tree", b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(sha) for mode, name, sha in entries))


def commit_object(tree_sha: str, parent: str, message: str = "by hand") -> Made:
    who = "Mallory <mallory@example.org> 1700000000 +0000"
    return Made("commit", f"tree {tree_sha}\nparent {parent}\nauthor {who}\ncommitter {who}\n\n{message}\n".encode())


def pack(objects: list[Made]) -> bytes:
    """A pack file of whole objects."""
    return _pack([_whole(made) for made in objects])


def _whole(made: Made) -> tuple[int, int, bytes, bytes]:
    return {"commit": 1, "tree": 2, "blob": 3}[made.kind], len(made.body), b"", zlib.compress(made.body, 9)


def _pack(entries: list[tuple[int, int, bytes, bytes]]) -> bytes:
    """Entries are (kind, size, a delta's base, packed bytes)."""
    out = b"PACK" + struct.pack(">II", 2, len(entries))
    for kind, size, base, packed in entries:
        out += _header(kind, size) + base + packed
    return out + hashlib.sha1(out).digest()


def _header(kind: int, size: int) -> bytes:
    first, size = (kind << 4) | (size & 15), size >> 4
    out = bytearray()
    while size:
        out.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    return bytes([*out, first])


def tree_bomb(parent: str, *, width: int = 10, levels: int = 6) -> tuple[str, bytes]:
    """(commit, pack): width ** levels files in a few hundred bytes."""
    blob = Made("blob", b"boom\n")
    objects = [blob]
    mode, below = "100644", blob.sha
    for _ in range(levels):
        made = tree([(mode, f"f{n:03}", below) for n in range(width)])
        objects.append(made)
        mode, below = "40000", made.sha
    top = commit_object(below, parent)
    return top.sha, pack([*objects, top])


def blob_bomb(parent: str, *, size: int) -> tuple[str, bytes]:
    """(commit, pack): one file of `size` zeros, a thousandth of that when packed. Made in pieces: the memory is measured."""
    zeros, name, packed = bytes(1 << 20), hashlib.sha1(f"blob {size}\0".encode()), zlib.compressobj(9)
    body = b""
    for _ in range(size >> 20):
        name.update(zeros)
        body += packed.compress(zeros)
    folder = tree([("100644", "zeros", name.hexdigest())])
    top = commit_object(folder.sha, parent)
    return top.sha, _pack([(3, size, b"", body + packed.flush()), _whole(folder), _whole(top)])


def delta_bomb(parent: str, *, size: int) -> tuple[str, bytes]:
    """(commit, pack): a delta of some kilobytes that copies one block until its result has `size` bytes."""
    block = Made("blob", bytes(1 << 16))
    copies = size >> 16
    delta = _length(len(block.body)) + _length(copies << 16) + b"\x80" * copies  # copy 64 KB from offset 0
    folder = tree([("100644", "block", block.sha)])
    top = commit_object(folder.sha, parent)
    base = bytes.fromhex(block.sha)
    return top.sha, _pack([_whole(block), _whole(folder), _whole(top), (7, len(delta), base, zlib.compress(delta, 9))])


def _length(size: int) -> bytes:
    out = bytearray()
    while size >= 0x80:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*out, size])
