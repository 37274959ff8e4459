"""Keeps a path that a model named inside the checkout."""

from pathlib import Path


class ToolError(Exception):
    """What the tool could not do, in words that help the model to do better. Its text is the tool's result."""


def inside(tree: Path, name: str) -> Path:
    """The real path of `name`; links that lead out of the checkout are refused, and so is anything of git's own."""
    top = tree.resolve()
    path = (top / name).resolve()
    if not path.is_relative_to(top):
        raise ToolError(f"{name} is outside the checkout: paths are relative to its top")
    if ".git" in path.relative_to(top).parts:
        raise ToolError(f"{name} belongs to git: the runner commits your work by itself")
    return path


def read_text(tree: Path, name: str) -> str:
    path = inside(tree, name)
    if path.is_dir():
        entries = sorted(one.name + ("/" if one.is_dir() else "") for one in path.iterdir())
        raise ToolError(f"{name} is a directory: " + " ".join(entries[:100]))
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ToolError(f"there is no file {name}") from None
    except OSError as bad:
        raise ToolError(f"cannot read {name}: {bad.strerror}") from bad
    if b"\0" in data[:8192]:
        raise ToolError(f"{name} is not text ({len(data)} bytes)")
    return data.decode("utf-8", "replace")
