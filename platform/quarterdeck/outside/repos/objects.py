"""Reads many objects with one git process: headers alone, or headers and bytes."""

from collections.abc import Iterable, Iterator

from quarterdeck.errors import Refused
from quarterdeck.outside.repos.plumbing import Git, failed


def described(git: Git, shas: Iterable[str]) -> dict[str, tuple[str, int]]:
    """sha → (type, size in bytes once unpacked). What is missing is left out."""
    return _headers(git.run("cat-file", "--batch-check", "--buffer", feed=_lines(shas)).out)


def everything(git: Git) -> dict[str, tuple[str, int]]:
    """All objects that lie in git's object folder, like `described`. Raises Refused(git_failed)."""
    arguments = ("cat-file", "--batch-all-objects", "--batch-check", "--buffer", "--unordered")
    done = git.run(*arguments)
    if done.code or done.cut:
        raise failed(arguments, done)
    return _headers(done.out)


def contents(git: Git, shas: Iterable[str]) -> Iterator[tuple[str, str, bytes]]:
    """(sha, type, bytes) of each. Raises Refused(quota) beyond git's output bound, Refused(no_such_object)."""
    done = git.run("cat-file", "--batch", "--buffer", feed=_lines(shas))
    if done.cut:
        raise Refused("There is more to read here than we allow.", reason="quota", status=413)
    at = 0
    while at < len(done.out):
        end = done.out.index(b"\n", at)
        sha, kind, *size = done.out[at:end].decode().split(" ")
        if not size:
            raise Refused(f"Object {sha[:12]} is {kind}.", reason="no_such_object")
        at = end + 2 + int(size[0])
        yield sha, kind, done.out[end + 1 : at - 1]


def _headers(out: bytes) -> dict[str, tuple[str, int]]:
    lines = (line.split(" ") for line in out.decode().splitlines())
    return {line[0]: (line[1], int(line[2])) for line in lines if len(line) == 3}


def _lines(shas: Iterable[str]) -> bytes:
    return "".join(f"{sha}\n" for sha in shas).encode()
