"""Weighs what a push brings before anything relies on it: objects, unpacked bytes, and how wide its trees unfold.

A pack of half a kilobyte can hold a tree of a million files (ten entries, ten levels, each the same tree): bytes sent say
nothing. Trees are counted by what they unfold to, each distinct tree once.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Lock

from quarterdeck.errors import Refused
from quarterdeck.outside.repos.objects import contents, described, everything
from quarterdeck.outside.repos.plumbing import MEGA, Git

_BATCH = 4 * MEGA
_TREE = b"40000"


@dataclass(frozen=True)
class Quota:
    """What one push may bring, and what one run may hold. Bytes, counts, seconds."""

    sent: int = 128 * MEGA
    unpacked: int = 512 * MEGA
    blob: int = 64 * MEGA
    trees: int = 32 * MEGA
    objects: int = 100_000
    files: int = 400_000
    depth: int = 128
    path: int = 4_000
    run: int = 2048 * MEGA
    seconds: float = 90.0
    memory: int = 768 * MEGA


@dataclass(frozen=True)
class Spread:
    """What a tree unfolds to: files in all, levels, and the longest path's bytes."""

    files: int
    depth: int
    path: int


@dataclass(frozen=True)
class _Tree:
    """Entries that are no trees, the longest of their names, and each subtree with how often and how long it is named."""

    files: int
    longest: int
    below: dict[str, tuple[int, int]]


class Known:
    """Spreads of trees weighed before: a fact about a sha never changes. The least recently used are forgotten."""

    def __init__(self, most: int = 200_000) -> None:
        self._most, self._lock = most, Lock()
        self._spreads: OrderedDict[str, Spread] = OrderedDict()

    def get(self, sha: str) -> Spread | None:
        with self._lock:
            if sha in self._spreads:
                self._spreads.move_to_end(sha)
            return self._spreads.get(sha)

    def put(self, found: dict[str, Spread]) -> None:
        with self._lock:
            self._spreads.update(found)
            while len(self._spreads) > self._most:
                self._spreads.popitem(last=False)


def weigh(quarantined: Git, git: Git, quota: Quota, known: Known) -> None:
    """`quarantined` sees only what was brought, `git` all. Raises Refused(quota), 413, with what is too much."""
    brought = everything(quarantined)
    bounded("objects", len(brought), quota.objects)
    bounded("unpacked bytes", sum(size for _, size in brought.values()), quota.unpacked)
    bounded("bytes in one file", max((s for kind, s in brought.values() if kind == "blob"), default=0), quota.blob)
    # A commit's or a tag's text is read whole by every reader; a megabyte of it serves nobody.
    bounded(
        "bytes in one message", max((s for kind, s in brought.values() if kind in ("commit", "tag")), default=0), MEGA
    )
    trees = {sha: size for sha, (kind, size) in brought.items() if kind == "tree"}
    bounded("bytes of folder lists", sum(trees.values()), quota.trees)
    unfold(git, trees, quota, known)


def unfold(git: Git, trees: dict[str, int], quota: Quota, known: Known) -> None:
    """Raises Refused(quota) if one of these trees unfolds too wide, too deep or to too long paths."""
    read = _read_all(git, trees, known)
    spreads: dict[str, Spread] = {}
    for root in read:
        for sha in _children_first(root, read, spreads):
            spread = spreads[sha] = _spread(read[sha], spreads, known)
            bounded("files in one folder", spread.files, quota.files)
            bounded("levels of folders", spread.depth, quota.depth)
            bounded("bytes in one path", spread.path, quota.path)
    known.put(spreads)


def _read_all(git: Git, trees: dict[str, int], known: Known) -> dict[str, _Tree]:
    """These trees and all below them that we do not know yet, level by level."""
    read: dict[str, _Tree] = {}
    while trees:
        for batch in _batches(trees):
            read.update((sha, _parse(body)) for sha, kind, body in contents(git, batch) if kind == "tree")
        below = {sha for tree in trees if tree in read for sha in read[tree].below}
        missing = {sha for sha in below if sha not in read and known.get(sha) is None}
        trees = {sha: size for sha, (kind, size) in described(git, missing).items() if kind == "tree"}
    return read


def _batches(trees: dict[str, int]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for sha, bytes_ in trees.items():
        if batch and size + bytes_ > _BATCH:
            yield batch
            batch, size = [], 0
        batch.append(sha)
        size += bytes_
    if batch:
        yield batch


def _parse(body: bytes) -> _Tree:
    """A tree object is a row of `mode name NUL sha`, the sha as 20 bytes."""
    files, longest, at = 0, 0, 0
    times: Counter[str] = Counter()
    named: dict[str, int] = {}
    while at < len(body):
        space = body.index(b" ", at)
        nul = body.index(b"\0", space)
        length = nul - space - 1
        if body[at:space].lstrip(b"0") == _TREE:
            sha = body[nul + 1 : nul + 21].hex()
            times[sha] += 1
            named[sha] = max(named.get(sha, 0), length)
        else:
            files, longest = files + 1, max(longest, length)
        at = nul + 21
    return _Tree(files, longest, {sha: (count, named[sha]) for sha, count in times.items()})


def _children_first(root: str, read: dict[str, _Tree], done: dict[str, Spread]) -> Iterable[str]:
    """Each tree below `root` that is not done, after everything below it. No recursion: a tree may be 100,000 deep."""
    stack = [(root, False)]
    while stack:
        sha, ready = stack.pop()
        if sha in done or sha not in read:
            continue
        if ready:
            yield sha
        else:
            stack.append((sha, True))
            stack += [(child, False) for child in read[sha].below]


def _spread(tree: _Tree, spreads: dict[str, Spread], known: Known) -> Spread:
    files, depth, path = tree.files, 1, tree.longest
    for sha, (count, length) in tree.below.items():
        child = spreads.get(sha) or known.get(sha) or Spread(0, 0, 0)
        files += child.files * count
        depth = max(depth, child.depth + 1)
        path = max(path, length + 1 + child.path)
    return Spread(files, depth, path)


def bounded(what: str, found: int, most: int) -> None:
    if found > most:
        raise Refused(
            f"Too many {what}: {found:,}, at most {most:,}.",
            reason="quota",
            remedy="Leave out what is built or downloaded.",
            status=413,
        )
