"""Changes files: an edit has to name text that stands there exactly once, and may not break a Python file that parses."""

import ast
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from pathlib import Path

from deckhand.tools.bounds import ToolError, inside, read_text

MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Changed:
    path: str
    added: int
    removed: int


def edit(tree: Path, path: str, old: str, new: str) -> Changed:
    """Replaces the one place where `old` stands. Raises ToolError when it stands nowhere, or more than once."""
    before = _exact(tree, path)
    if not old:
        raise ToolError("old is empty: name the text to replace, or use create for a new file")
    times = before.count(old)
    if times == 0:
        raise ToolError(f"old does not stand in {path}, letter for letter.{_nearest(before, old)}")
    if times > 1:
        raise ToolError(f"old stands {times} times in {path}: add lines around it until it is the only one")
    return _write(tree, path, before, before.replace(old, new, 1))


def create(tree: Path, path: str, content: str) -> Changed:
    """A new file. Raises ToolError when there is one of that name already."""
    target = inside(tree, path)
    if target.exists():
        raise ToolError(f"{path} exists: use edit")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return _write(tree, path, None, content)
    except OSError as bad:
        raise ToolError(f"cannot create {path}: {bad.strerror}") from bad


def syntax_error(path: str, text: str) -> str:
    """What is wrong with a Python file, or nothing. Parsing only: nothing of the file runs."""
    if not path.endswith((".py", ".pyi")):
        return ""
    try:
        ast.parse(text)
    except SyntaxError as bad:
        return f"line {bad.lineno}: {bad.msg}"
    except (ValueError, RecursionError, MemoryError) as bad:
        return str(bad) or type(bad).__name__
    return ""


def _exact(tree: Path, path: str) -> str:
    text = read_text(tree, path)
    if "\ufffd" in text and "\ufffd".encode() not in inside(tree, path).read_bytes():
        raise ToolError(f"{path} is not UTF-8: change it with a shell command")
    return inside(tree, path).read_bytes().decode("utf-8", "replace")


def _write(tree: Path, path: str, before: str | None, after: str) -> Changed:
    broken = syntax_error(path, after)
    if broken and (before is None or not syntax_error(path, before)):
        raise ToolError(f"nothing was written, {path} would no longer parse: {broken}")
    data = after.encode("utf-8", "replace")
    if len(data) > MOST_BYTES:
        raise ToolError(f"{path} would have {len(data)} bytes: at most {MOST_BYTES}")
    inside(tree, path).write_bytes(data)
    return _counted(path, before or "", after)


def _counted(path: str, before: str, after: str) -> Changed:
    was, now = before.splitlines(), after.splitlines()
    added = removed = 0
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if tag != "equal":
            removed, added = removed + i2 - i1, added + j2 - j1
    return Changed(path, added, removed)


def _nearest(text: str, old: str) -> str:
    wanted = max(old.splitlines() or [""], key=len)
    near = get_close_matches(wanted, text.splitlines()[:5000], n=1, cutoff=0.6)
    return f" The nearest line there is: {near[0]!r}" if near else ""
