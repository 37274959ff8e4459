"""What a reviewer must be told about a changed path before he reads it."""

import re
import unicodedata
from typing import Protocol

CUT = "long"
_LONG_LINE = 2000
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Zero-width, soft hyphen, fillers, tags and variation selectors beyond the emoji's; control characters but tab and line ends.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200d\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
    "\U000e0000-\U000e0fff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n|\\Z)"
)
_CI = re.compile(
    r"(^|/)(\.github/|\.gitlab/|\.gitea/|\.forgejo/|\.circleci/|\.buildkite/|\.woodpecker|\.ci/|\.drone\.|\.gitlab-ci|\.travis"
    r"|azure-pipelines|jenkinsfile|bitbucket-pipelines|appveyor)"
)
_AGENTS = re.compile(
    r"(^|/)(\.claude|\.cursor|\.codex|\.gemini|\.aider|\.windsurf|\.continue|\.vscode|\.idea|\.devcontainer)[^/]*(/|$)"
    r"|(^|/)(agents|claude|gemini|copilot-instructions)\.md$|(^|/)(\.cursorrules|\.windsurfrules|\.mcp\.json|mcp\.json)$"
)
_RUNS = re.compile(
    r"(^|/)(makefile|gnumakefile|justfile|rakefile|dockerfile[^/]*|[^/]*\.mk|conftest\.py|pytest\.ini|\.?pytest\.toml|tox\.ini|setup\.(py|cfg)"
    r"|noxfile\.py|sitecustomize\.py|usercustomize\.py|[^/]+\.pth|pyproject\.toml|package\.json|build\.rs|build\.gradle(\.kts)?"
    r"|pom\.xml|\.npmrc|\.yarnrc[^/]*|pip\.conf|\.pnp\.c?js|lerna\.json|(vite|vitest|jest|webpack|rollup|babel)\.config\.[^/]+|\.envrc|\.pre-commit-config\.ya?ml"
    r"|\.gitattributes|\.gitmodules|\.gitconfig|\.lfsconfig|\.mailmap|codeowners|\.coveragerc)$"
    r"|(^|/)(\.husky|\.githooks|git-?hooks|hooks)/|(^|/)\.git[^/]*/"
)
_LOCKS = re.compile(
    r"(^|/)([^/]+\.lock|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|go\.sum|gradle\.lockfile|bun\.lockb"
    r"|packages\.lock\.json|requirements[^/]*\.txt)$"
)
_MIGRATION = re.compile(r"(^|/)(migrations?|migrate|alembic/versions)/")
_TEST = re.compile(
    r"(^|/)(tests?|specs?|__tests__|testdata|fixtures)/|(^|/)(test_[^/]*|[^/]*(_test|_spec|\.test|\.spec))\.[a-z]+$"
)
_PACKED = re.compile(r"\.min\.(js|css|mjs)$|\.(js|css|mjs)\.map$|\.bundle\.js$")
_WEB = re.compile(r"\.(js|mjs|cjs|css|html?|svg|json)$")


class Changed(Protocol):
    @property
    def old_mode(self) -> str: ...
    @property
    def new_mode(self) -> str: ...
    @property
    def old_path(self) -> bytes: ...
    @property
    def path(self) -> bytes: ...
    @property
    def letter(self) -> str: ...


def of(change: Changed, patch: bytes, *, binary: bool, cut: bool) -> list[str]:
    """The badges of one change. `patch` is the whole one, also when it is too long to show."""
    found = by_path(change.path) | by_path(change.old_path) | _by_mode(change.old_mode, change.new_mode)
    found |= _by_content(patch, web=bool(_WEB.search(_folded(change.path))))
    found |= {"binary"} if binary else set()
    found |= {CUT} if cut and not binary else set()
    return sorted(found)


def by_path(raw: bytes) -> set[str]:
    """Case and spelling are folded first: `.GitHub/` is `.github/` on half of the world's disks."""
    name = raw.decode("utf-8", "surrogateescape")
    plain = _folded(raw)
    tests = (("ci", _CI), ("lockfile", _LOCKS), ("migration", _MIGRATION), ("test", _TEST), ("minified", _PACKED))
    found = {badge for badge, pattern in tests if pattern.search(plain)}
    if any(pattern.search(plain) for pattern in (_CI, _AGENTS, _RUNS)):
        found.add("protected")
    return found | _characters(name)


def _folded(raw: bytes) -> str:
    text = raw.decode("utf-8", "surrogateescape")
    text = unicodedata.normalize("NFKC", _BIDI.sub("", _INVISIBLE.sub("", text))).casefold()
    return "/".join(part.rstrip(" .") or part for part in text.split("/"))


def _by_mode(old: str, new: str) -> set[str]:
    kinds = {old[:3], new[:3]}
    found = {"symlink"} if "120" in kinds else set()
    found |= {"submodule"} if "160" in kinds else set()
    flipped = old != new and old != "000000" and new != "000000"
    return found | ({"mode"} if flipped or (new == "100755" and old == "000000") else set())


def _by_content(patch: bytes, *, web: bool) -> set[str]:
    """Added and removed lines alone: what stood around them was there before."""
    lines = [line[1:] for line in patch.split(b"\n") if line[:1] in (b"+", b"-")]
    found = _characters(b"\n".join(lines).decode(errors="replace"))
    if any(len(line) > _LONG_LINE for line in lines):
        found |= {CUT, "minified"} if web else {CUT}
    return found


def _characters(text: str) -> set[str]:
    found = {"bidi"} if _BIDI.search(text) else set()
    return found | ({"invisible"} if _INVISIBLE.search(text) else set())
