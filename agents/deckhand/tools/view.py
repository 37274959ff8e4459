"""Shows a window of a file with line numbers: enough to work on, little enough to read."""

from pathlib import Path

from deckhand.tools.bounds import read_text

MOST_LINES = 200
LINE_CHARACTERS = 400


def view(tree: Path, path: str, start: int = 1, lines: int = 80) -> str:
    """Lines `start` to `start + lines - 1`, and what lies above and below. Raises ToolError."""
    everything = read_text(tree, path).splitlines()
    count = len(everything)
    first = min(max(1, start), max(1, count))
    last = min(count, first + max(1, min(lines, MOST_LINES)) - 1)
    body = [f"{number:>5}  {_cut(everything[number - 1])}" for number in range(first, last + 1)]
    above = [f"({first - 1} lines above)"] if first > 1 else []
    below = [f"({count - last} lines below)"] if last < count else []
    return "\n".join([f"{path}, {count} lines", *above, *body, *below])


def _cut(line: str) -> str:
    return line if len(line) <= LINE_CHARACTERS else line[:LINE_CHARACTERS] + " [cut]"
