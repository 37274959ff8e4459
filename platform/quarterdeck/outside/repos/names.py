"""Which names may reach git at all. Strict patterns, so that no name is ever an option, a path or a transport helper."""

import re

from quarterdeck.errors import Refused

NONE = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_SHA = re.compile(r"[0-9a-f]{40}\Z")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
# A part of a branch's name begins with a letter, a digit or _ : never with "-" (an option) or "." (a lock, a parent).
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+@#-]*(/[A-Za-z0-9_][A-Za-z0-9_.+@#-]*)*\Z")
_ORIGIN = re.compile(r"(https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/|file:///|/)[^\x00-\x1f\x7f]*\Z")
_AUTHOR = re.compile(r"([^<>\x00-\x1f]{1,200}) <([^<>\s\x00]{1,200})>\Z")


def sha(value: str) -> str:
    return _matching(_SHA, value, "a commit's 40 hex digits")


def uuid(value: str) -> str:
    return _matching(_UUID, value, "an id")


def branch(value: str) -> str:
    name = _matching(_BRANCH, value, "a branch name")
    if ".." in name or "@{" in name or name.endswith((".", ".lock")) or ".lock/" in name or len(name) > 200:
        raise _bad(value, "a branch name")
    return name


def origin(value: str) -> str:
    """https://, file:// or an absolute path. Anything else (ext::, ssh options, git://) is no address of ours."""
    return _matching(_ORIGIN, value, "a repository's address (https://, file:// or an absolute path)")


def author(value: str) -> tuple[str, str]:
    """`Name <mail>` as (name, mail)."""
    match = _AUTHOR.match(value)
    if match is None:
        raise _bad(value, "an author, written `Name <mail>`")
    return match[1].strip(), match[2]


def _matching(pattern: re.Pattern[str], value: str, what: str) -> str:
    if not isinstance(value, str) or not pattern.match(value):
        raise _bad(value, what)
    return value


def _bad(value: object, what: str) -> Refused:
    return Refused(f"{str(value)[:80]!r} is not {what}.", reason="bad_name", status=422)
