"""Finds a pattern in the checkout: with ripgrep where there is one, else in Python."""

import asyncio
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from deckhand.tools.bounds import ToolError, inside

MOST_HITS = 100
MOST_BYTES = 1_000_000
SECONDS = 20.0


async def search(tree: Path, pattern: str, path: str = ".") -> str:
    """`path:line: text` for each hit, at most 100. Raises ToolError for a pattern that is no regular expression."""
    tree = inside(tree, ".")
    where = inside(tree, path)
    if not where.exists():
        raise ToolError(f"there is no {path}")
    relative = str(where.relative_to(tree))
    hits = await (
        _ripgrep(tree, pattern, relative) if shutil.which("rg") else asyncio.to_thread(_python, tree, pattern, where)
    )
    if not hits:
        return f"nothing matches {pattern!r} in {path}"
    more = [f"(more than {MOST_HITS} hits: narrow the search)"] if len(hits) > MOST_HITS else []
    return "\n".join([*(hit[:300] for hit in hits[:MOST_HITS]), *more])


async def _ripgrep(tree: Path, pattern: str, path: str) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        "rg", "--no-config", "--line-number", "--no-heading", "--color=never", "--max-columns=300", "--hidden",
        "--glob=!.git", "--max-count=50", "--sort=path", "-e", pattern, "--", path,
        cwd=tree, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = await asyncio.wait_for(process.communicate(), SECONDS)
    except TimeoutError:
        raise ToolError(f"the search took more than {SECONDS:.0f} s: name a narrower path") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == 2 and not out:
        raise ToolError(f"{pattern!r}: {err.decode('utf-8', 'replace').strip()[-300:]}")
    return out.decode("utf-8", "replace").replace("\n./", "\n").removeprefix("./").splitlines()


def _python(tree: Path, pattern: str, where: Path) -> list[str]:
    try:
        wanted = re.compile(pattern)
    except re.error as bad:
        raise ToolError(f"{pattern!r} is not a regular expression: {bad}") from bad
    hits: list[str] = []
    for file in _files(where):
        if file.is_symlink() or file.stat().st_size > MOST_BYTES:
            continue
        name = file.relative_to(tree.resolve())
        for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), 1):
            if wanted.search(line):
                hits.append(f"{name}:{number}:{line}")
        if len(hits) > MOST_HITS:
            break
    return hits


def _files(where: Path) -> Iterator[Path]:
    if where.is_file():
        yield where
        return
    for path in sorted(where.rglob("*")):
        if ".git" not in path.parts and path.is_file():
            yield path
