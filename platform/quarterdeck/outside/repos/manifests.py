"""Which files of a commit say what packages a project needs, and one digest over them."""

import hashlib
import re
from pathlib import Path

from quarterdeck.errors import TryLater
from quarterdeck.outside.repos.plumbing import Bounds, Git, failed
from quarterdeck.outside.repos.run import need

NAMES = re.compile(
    r"(requirements|constraints)[^/]*\.txt|pyproject\.toml|uv\.lock|poetry\.lock|Pipfile(\.lock)?|setup\.(py|cfg)|"
    r"package\.json|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|go\.(mod|sum)|"
    r"Cargo\.(toml|lock)|Gemfile(\.lock)?|pom\.xml|build\.gradle[^/]*"
)
# requirements/base.txt and its like are named by their folder.
FOLDERS = re.compile(r"(.*/)?requirements/[^/]+\.txt")
READING = Bounds(output=256 << 20)


def digest(path: Path, sha: str) -> str:
    """By path and content, over the whole tree: a workspace has its manifests in many folders. Raises Refused(no_such_commit)."""
    need(path, sha)
    asked = ("ls-tree", "-r", "-z", "--full-tree", sha)
    done = Git(path, bounds=READING).run(*asked)
    if done.cut:
        raise TryLater("The tree has too many files to be listed.", after=60.0, reason="too_big")
    if done.code:
        raise failed(asked, done)
    found = sorted(line for line in done.out.split(b"\0") if line and _counts(line))
    return hashlib.sha256(b"\0".join(found)).hexdigest()


def _counts(line: bytes) -> bool:
    """`line` is `<mode> <type> <object>\\t<path>`."""
    name = line.partition(b"\t")[2].decode(errors="replace")
    return bool(NAMES.fullmatch(name.rpartition("/")[2]) or FOLDERS.fullmatch(name))
