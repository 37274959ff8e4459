"""Builds the sample's repository from the folders in history/: the same commits, with the same shas, on every machine."""

import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

HISTORY = Path(__file__).parent / "history"
BRANCH = "main"


def build(path: Path, history: Path = HISTORY) -> str:
    """Makes a bare repository at `path` with the branch main; the sha of its head. One that is there already stays.

    It is made beside `path` and renamed, so that one that stands there is always whole. Raises CalledProcessError.
    """
    if not path.exists():
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        _git("init", "--quiet", "--bare", f"--initial-branch={BRANCH}", str(unfinished))
        _git("--git-dir", str(unfinished), "fast-import", "--quiet", stdin=b"".join(stream(history)))
        unfinished.rename(path)
    return _git("--git-dir", str(path), "rev-parse", f"refs/heads/{BRANCH}").decode().strip()


def stream(history: Path) -> Iterator[bytes]:
    """The input of git fast-import: one commit per folder, in the order of their names."""
    for mark, folder in enumerate(sorted(p for p in history.iterdir() if p.is_dir()), 1):
        told = tomllib.loads((folder / "commit.toml").read_text("utf-8"))
        yield from _commit(mark, told["author"], told["when"], told["message"])
        for file in sorted(p for p in (folder / "tree").rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            yield f"M 100644 inline {file.relative_to(folder / 'tree').as_posix()}\n".encode() + _data(
                file.read_bytes()
            )


def _commit(mark: int, author: str, when: datetime, message: str) -> Iterator[bytes]:
    seconds = int(when.timestamp())
    yield f"commit refs/heads/{BRANCH}\nmark :{mark}\n".encode()
    yield f"author {author} {seconds} +0000\ncommitter {author} {seconds} +0000\n".encode()
    yield _data(message.encode())
    if mark > 1:
        yield f"from :{mark - 1}\n".encode()


def _data(content: bytes) -> bytes:
    return b"data %d\n" % len(content) + content + b"\n"


def _git(*arguments: str, stdin: bytes = b"") -> bytes:
    """Nothing that a person set up for git may change what is built."""
    program = shutil.which("git") or "git"
    clean = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run([program, *arguments], input=stdin, env=clean, check=True, capture_output=True).stdout
