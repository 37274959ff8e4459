"""Ranks a repository's files for a ticket before any model is asked. Pure: text in, places out.

BM25 (Robertson and Zaragoza, 2009) over words and parts of identifiers, with more weight for what a path, a definition or a
stack trace says.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]+")
PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
TRACE = re.compile(r'File "([^"]+)", line (\d+)|([\w./-]+\.\w{1,5}):(\d+)|at .*?\(?([\w./-]+\.\w{1,5}):(\d+)')
PATH = re.compile(r"[\w./-]+\.[A-Za-z]{1,5}\b|[\w-]+(?:/[\w.-]+)+")
DEFINES = re.compile(
    r"^\s*(?:export\s+|pub\s+|public\s+|private\s+|static\s+|async\s+|default\s+)*"
    r"(?:def|class|function|fn|func|interface|struct|enum|trait|type|const)\s+([A-Za-z_]\w*)",
    re.MULTILINE,
)
STOP = frozenset(
    [
        "the",
        "and",
        "for",
        "that",
        "this",
        "with",
        "from",
        "are",
        "was",
        "not",
        "but",
        "you",
        "all",
        "can",
        "has",
        "have",
        "will",
        "when",
        "what",
        "which",
        "should",
        "must",
        "may",
        "into",
        "than",
        "then",
        "there",
        "their",
        "they",
        "its",
        "our",
        "out",
        "use",
        "used",
        "using",
        "one",
        "two",
        "new",
        "get",
        "set",
        "see",
        "also",
        "any",
        "how",
        "does",
        "did",
        "been",
        "being",
        "were",
        "who",
        "why",
        "a",
        "an",
        "in",
        "on",
        "of",
        "to",
        "is",
        "it",
        "be",
        "as",
        "at",
        "by",
        "or",
        "if",
        "so",
        "do",
        "we",
        "no",
    ]
)
K1, B = 1.2, 0.75
WEIGHT = {"path": 3.0, "defines": 4.0, "named": 12.0, "trace": 15.0}
TEST_DISCOUNT = 0.8
EXCERPT_LINES = 3


@dataclass(frozen=True)
class Candidate:
    """`line` counts from 1; `why` names what spoke for the file."""

    path: str
    line: int
    score: float
    why: str
    excerpt: str


def rank(ticket: str, files: Mapping[str, str], most: int = 12) -> list[Candidate]:
    """The files of which the ticket speaks, best first. Ties go by path, so the same input gives the same list."""
    wanted = Counter(tokens(ticket))
    if not wanted or not files:
        return []
    counts = {path: Counter(tokens(text)) for path, text in files.items()}
    scores = _bm25(wanted, counts)
    named, traced = _mentioned(ticket, files)
    names = {word for word in WORD.findall(ticket) if _is_identifier(word)}
    found = []
    for path, text in files.items():
        defined = names & set(DEFINES.findall(text))
        score = scores[path] + WEIGHT["path"] * len(set(tokens(path)) & set(wanted))
        score += (
            WEIGHT["defines"] * len(defined) + WEIGHT["named"] * (path in named) + WEIGHT["trace"] * (path in traced)
        )
        score *= TEST_DISCOUNT if re.search(r"(^|/)tests?(/|_)|_test\.|\.test\.|\.spec\.", path) else 1.0
        if score > 0:
            line = traced.get(path) or best_line(text, wanted, defined)
            found.append(
                Candidate(path, line, round(score, 3), _why(path, named, traced, defined), excerpt(text, line))
            )
    return sorted(found, key=lambda one: (-one.score, one.path))[:most]


def tokens(text: str) -> list[str]:
    """Lower-case words, whole identifiers and their parts (camelCase, snake_case), with plural endings cut."""
    out = []
    for word in WORD.findall(text):
        parts = [part.lower() for part in PART.findall(word)]
        whole = word.lower()
        out += [_stem(one) for one in ([whole, *parts] if len(parts) > 1 else [whole])]
    return [one for one in out if len(one) > 1 and one not in STOP]


def best_line(text: str, wanted: Mapping[str, int], defined: Iterable[str]) -> int:
    """The line that says most of what is wanted; the first such line, from 1."""
    names = set(defined)
    best, at = 0.0, 1
    for number, line in enumerate(text.splitlines()[:4000], 1):
        score = float(len(set(tokens(line)) & wanted.keys()))
        score += 3.0 * any(name in names for name in DEFINES.findall(line))
        if score > best:
            best, at = score, number
    return at


def excerpt(text: str, line: int) -> str:
    lines = text.splitlines()
    first = max(0, line - 2)
    return "\n".join(one[:160] for one in lines[first : first + EXCERPT_LINES])


def _bm25(wanted: Mapping[str, int], counts: Mapping[str, Counter[str]]) -> dict[str, float]:
    average = sum(sum(c.values()) for c in counts.values()) / len(counts) or 1.0
    inside = Counter(word for c in counts.values() for word in wanted if word in c)
    weight = {w: math.log(1 + (len(counts) - inside[w] + 0.5) / (inside[w] + 0.5)) for w in wanted}
    scores = {}
    for path, c in counts.items():
        norm = K1 * (1 - B + B * sum(c.values()) / average)
        scores[path] = sum(
            weight[w] * c[w] * (K1 + 1) / (c[w] + norm) * min(wanted[w], 3) ** 0.5 for w in wanted if c[w]
        )
    return scores


def _mentioned(ticket: str, files: Mapping[str, str]) -> tuple[set[str], dict[str, int]]:
    """Files that the ticket names, and those in its stack traces with their lines."""
    named = {path for said in PATH.findall(ticket) for path in files if _same(path, said)}
    traced: dict[str, int] = {}
    for groups in TRACE.findall(ticket):
        said, line = next(((groups[i], groups[i + 1]) for i in (0, 2, 4) if groups[i]), ("", "0"))
        traced.update({path: int(line) for path in files if said and _same(path, said)})
    return named, traced


def _same(path: str, said: str) -> bool:
    """A trace names absolute paths, a person the last part: one has to end with the other at a slash."""
    said = said.strip("./")
    return path == said or path.endswith("/" + said) or said.endswith("/" + path)


def _why(path: str, named: set[str], traced: Mapping[str, int], defined: set[str]) -> str:
    reasons = ["in the stack trace"] if path in traced else []
    reasons += ["named in the ticket"] if path in named else []
    reasons += [f"defines {', '.join(sorted(defined)[:3])}"] if defined else []
    return "; ".join(reasons) or "uses the ticket's words"


def _is_identifier(word: str) -> bool:
    return "_" in word or len(PART.findall(word)) > 1 or word[:1].isupper()


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
