"""The diff that a person reviews: from raw objects, with fixed flags, so that nothing in a repository can hide a byte.

No attributes, no replace refs, no textconv, no external diff. Every changed path is listed with its counts; a patch may be
left out for its size, and then says so by a badge. The digest binds both trees and every changed object.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from quarterdeck.errors import Refused
from quarterdeck.outside.repos import badges, names, paths
from quarterdeck.outside.repos.objects import contents, described
from quarterdeck.outside.repos.patches import hunks, lines, split
from quarterdeck.outside.repos.plumbing import MEGA, Bounds, Git, failed
from quarterdeck.outside.repos.port import Diff, DiffFile
from quarterdeck.outside.repos.run import need

PATCH_LIMIT = 256 * 1024
"""Bytes of one file's patch."""
ALL_LIMIT = 8 * MEGA
"""Bytes of all patches together."""
FILES_LIMIT = 20_000
# Renames are looked for among at most 400 paths; beyond that only exact ones are found, and the rest is shown in full.
_SHAPE = ("-r", "-M50%", "-l400", "--full-index", "--ignore-submodules=none", "--diff-algorithm=myers")
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--submodule=short", "--no-relative", "--src-prefix=a/",
          "--dst-prefix=b/", "--inter-hunk-context=0")  # fmt: skip
_LETTERS = {"A": "added", "D": "deleted", "R": "renamed", "M": "changed", "T": "changed"}
Count = tuple[int, int] | None
"""Lines added and removed; None where git holds a file for binary, or for too big."""


@dataclass(frozen=True)
class Change:
    """One raw line: modes and objects before and after, and both paths."""

    old_mode: str
    new_mode: str
    old: str
    new: str
    letter: str
    old_path: bytes
    path: bytes

    @property
    def status(self) -> str:
        if self.letter == "M" and self.old == self.new:
            return "mode"
        return _LETTERS[self.letter]

    @property
    def blobs(self) -> list[str]:
        """Objects with bytes to compare: files and symlinks, not submodules, not nothing."""
        sides = ((self.old, self.old_mode), (self.new, self.new_mode))
        return [sha for sha, mode in sides if mode[:3] in ("100", "120")]


def diff(path: Path, base: str, head: str) -> Diff:
    """Raises Refused(no_such_commit), and Refused(quota) beyond 20,000 changed paths."""
    need(path, base, head)
    git = Git(path, bounds=Bounds(seconds=60, memory=2048 * MEGA, output=ALL_LIMIT))
    changes = list(_changes(_whole(git, "diff-tree", "--raw", "-z", *_SHAPE, *_range(base, head))))
    if len(changes) > FILES_LIMIT:
        raise Refused(
            f"{len(changes)} paths changed: that is more than a person can review.", reason="quota", status=413
        )
    counts = _counts(_whole(git, "diff-tree", "--numstat", "-z", *_SHAPE, *_PLAIN, *_range(base, head)))
    patches = _patches(git, base, head, changes)
    hidden = _hidden(git, changes, counts)
    files = [_file(git, base, head, *each) for each in zip(changes, counts, patches, hidden, strict=True)]
    return Diff(
        base=base,
        head=head,
        digest=_digest(git, base, head),
        files=files,
        added=sum(file.added for file in files),
        removed=sum(file.removed for file in files),
        commits=int(git.text("rev-list", "--count", "--end-of-options", head, f"^{base}", "--")),
        change=_alone(changes, patches, hidden),
        truncated=any(not file.patch and "binary" not in file.badges for file in files),
    )


def _digest(git: Git, base: str, head: str) -> str:
    trees = git.text("rev-parse", "--verify", "--end-of-options", f"{base}^{{tree}}") + "\0"
    trees += git.text("rev-parse", "--verify", "--end-of-options", f"{head}^{{tree}}") + "\0"
    raw = _whole(git, "diff-tree", "--raw", "-z", "-r", "--no-renames", "--full-index", *_range(base, head))
    return hashlib.sha256(trees.encode() + raw).hexdigest()


def _alone(changes: list[Change], patches: list[bytes | None], hidden: list[bool]) -> str:
    """Over names, modes and hunks without their line numbers; over the objects themselves where git shows no hunks."""
    total = hashlib.sha256()
    for change, patch, odd in zip(changes, patches, hidden, strict=True):
        meta = f"{change.letter} {change.old_mode} {change.new_mode}".encode()
        total.update(b"\0".join((meta, change.old_path, change.path)) + b"\0")
        shown = hunks(patch) if patch is not None and not odd else b""
        total.update(shown or f"{change.old} {change.new}".encode())
    return total.hexdigest()


def _range(base: str, head: str) -> tuple[str, ...]:
    return ("--end-of-options", names.sha(base), names.sha(head), "--")


def _whole(git: Git, *arguments: str) -> bytes:
    done = git.run(*arguments)
    if done.cut:
        raise Refused("The change is too wide to list.", reason="quota", status=413)
    if done.code:
        raise failed(arguments, done)
    return done.out


def _changes(raw: bytes) -> Iterator[Change]:
    fields = iter(raw.split(b"\0"))
    for meta in fields:
        if not meta:
            continue
        old_mode, new_mode, old, new, letter = meta.decode().lstrip(":").split(" ")
        first = next(fields)
        second = next(fields) if letter[0] in "RC" else first
        yield Change(old_mode, new_mode, old, new, letter[0], first, second)


def _counts(raw: bytes) -> list[Count]:
    """(added, removed) lines in the order of the raw lines."""
    fields = iter(raw.split(b"\0"))
    found: list[Count] = []
    for line in fields:
        if not line:
            continue
        added, removed, name = line.split(b"\t", 2)
        if not name:  # a rename: both names follow
            next(fields), next(fields)
        found.append(None if added == b"-" else (int(added), int(removed)))
    return found


def _patches(git: Git, base: str, head: str, changes: list[Change]) -> list[bytes | None]:
    """The patch of each change, None where it fell behind the limit of all."""
    done = git.run("diff-tree", "--patch", *_SHAPE, *_PLAIN, *_range(base, head))
    if done.code and not done.cut:
        raise failed(("diff-tree",), done)
    return split(done.out, [change.letter == "T" for change in changes], whole=not done.cut)


def _file(git: Git, base: str, head: str, change: Change, count: Count, patch: bytes | None, hidden: bool) -> DiffFile:
    if hidden:
        count, patch = _as_text(git, base, head, change)
    text = patch if patch is not None and count is not None else b""
    added, removed = count or (0, 0)
    return DiffFile(
        path=paths.shown(change.path),
        old_path=paths.shown(change.old_path),
        status=change.status,
        added=added,
        removed=removed,
        badges=badges.of(change, text, binary=count is None, cut=patch is None or len(text) > PATCH_LIMIT),
        patch=text.decode(errors="replace") if len(text) <= PATCH_LIMIT else "",
    )


def _hidden(git: Git, changes: list[Change], counts: list[Count]) -> list[bool]:
    """What git calls binary although its bytes are text: then something hides it, and we show it all the same.

    Objects over a megabyte are not looked into: they stay binary, with that badge.
    """
    doubtful = [change if count is None else None for change, count in zip(changes, counts, strict=True)]
    blobs = {sha for change in doubtful if change for sha in change.blobs}
    small = [sha for sha, (_, size) in described(git, blobs).items() if size <= MEGA]
    reader = Git(git.folder, bounds=Bounds(output=64 * MEGA))
    texts = {sha for sha, _, body in contents(reader, small) if b"\0" not in body[:8000]} if small else set()
    return [bool(change and change.blobs and set(change.blobs) <= texts) for change in doubtful]


def _as_text(git: Git, base: str, head: str, change: Change) -> tuple[Count, bytes]:
    where = (*_range(base, head), *sorted({_literal(change.old_path), _literal(change.path)}))
    patch = _whole(git, "diff-tree", "--text", "--patch", *_SHAPE, *_PLAIN, *where)
    return lines(patch), patch  # --numstat would obey the attribute even with --text


def _literal(path: bytes) -> str:
    return ":(literal)" + path.decode("utf-8", "surrogateescape")
