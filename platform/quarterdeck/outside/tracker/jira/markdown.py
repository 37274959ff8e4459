"""The Markdown that we write, taken apart: a few kinds of blocks, and spans with marks. What is none of them is a paragraph.

It is no full Markdown: it reads what a status comment, a question or a plan holds, and never raises.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

DEEPEST = 4
MARKS = {"**": "strong", "__": "strong", "~~": "strike", "*": "em", "_": "em"}
SCHEMES = {"http", "https", "mailto"}
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)\s*(.*)$")
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*$")
_RULE = re.compile(r"^ {0,3}([-*_])(\s*\1){2,}\s*$")
_ITEM = re.compile(r"^( *)([-*+]|\d{1,9}[.)])\s+(?:\[([ xX])\]\s+)?(.*)$")
_ROW = re.compile(r"^\s*\|.*\|\s*$")
_DASHES = re.compile(r"^\s*\|(\s*:?-+:?\s*\|)+\s*$")
# What is marked is bounded: an open mark must not be looked for through a whole page, again and again.
_SPAN = re.compile(
    r"(?P<ticks>`+)(?P<code>.{1,2000}?)(?P=ticks)(?!`)"
    r"|!?\[(?P<text>[^\[\]]*)\]\((?P<href>[^\s()]+)\)"
    r"|(?P<url>https?://[^\s<>()\[\]\"'`|*]+[^\s<>()\[\]\"'`|*.,;:!?])"
    r"|(?P<mark>\*\*|__|~~|(?<!\w)\*(?=\S)|(?<!\w)_(?=\S))(?P<inner>\S(?:.{0,600}?\S)?)(?P=mark)(?!\w)",
    re.DOTALL,
)
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Span:
    text: str
    marks: frozenset[str] = frozenset()  # strong | em | strike | code
    href: str = ""


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True)
class Code:
    language: str
    text: str


@dataclass(frozen=True)
class Item:
    text: str
    checked: bool | None = None
    blocks: "list[Block]" = field(default_factory=list)


@dataclass(frozen=True)
class Items:
    ordered: bool
    items: list[Item]
    start: int = 1


@dataclass(frozen=True)
class Quote:
    blocks: "list[Block]"


@dataclass(frozen=True)
class Table:
    rows: list[list[str]]
    head: bool


@dataclass(frozen=True)
class Rule:
    pass


Block = Paragraph | Heading | Code | Items | Quote | Table | Rule


def fit(text: str) -> str:
    """Without what JSON or XML 1.0 cannot hold."""
    return _UNFIT.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\t", "    ")


def safe_href(href: str) -> str:
    """The address, or nothing: a link may lead to the web or to a mailbox, to no script and no file."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return ""
    return href if parts.scheme.lower() in SCHEMES and (parts.netloc or parts.path) else ""


def blocks(text: str, depth: int = 0) -> list[Block]:
    lines, at, found = fit(text).split("\n"), 0, list[Block]()
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        block, at = _block(lines, at, depth)
        found.append(block)
    return found


def _block(lines: list[str], at: int, depth: int) -> tuple[Block, int]:
    line = lines[at]
    if fence := _FENCE.match(line):
        return _code(lines, at, fence)
    if heading := _HEADING.match(line):
        return Heading(len(heading[1]), heading[2]), at + 1
    if _RULE.match(line):
        return Rule(), at + 1
    if line.lstrip().startswith(">") and depth < DEEPEST:
        return _quote(lines, at, depth)
    if _ITEM.match(line) and depth < DEEPEST:
        return _items(lines, at, depth)
    if _ROW.match(line):
        return _table(lines, at)
    return _paragraph(lines, at)


def _code(lines: list[str], at: int, fence: re.Match[str]) -> tuple[Block, int]:
    end = next(
        (n for n in range(at + 1, len(lines)) if re.match(rf"^ {{0,3}}{re.escape(fence[1])}[`~]*\s*$", lines[n])),
        len(lines),
    )
    # What stands behind the language is no part of our subset, and still somebody's words.
    first = [fence[3]] if fence[3] else []
    return Code(fence[2], "\n".join(first + lines[at + 1 : end])), end + 1


def _quote(lines: list[str], at: int, depth: int) -> tuple[Block, int]:
    end = at
    while end < len(lines) and lines[end].lstrip().startswith(">"):
        end += 1
    inner = [re.sub(r"^\s*> ?", "", line) for line in lines[at:end]]
    return Quote(blocks("\n".join(inner), depth + 1)), end


def _items(lines: list[str], at: int, depth: int) -> tuple[Block, int]:
    """Items of one kind and one indent; what stands deeper belongs to the item above it."""
    first = _ITEM.match(lines[at])
    assert first is not None
    indent, ordered, found = len(first[1]), first[2][0].isdigit(), list[Item]()
    while at < len(lines) and (item := _ITEM.match(lines[at])) and len(item[1]) == indent:
        if item[2][0].isdigit() != ordered:
            break
        at, inner = at + 1, list[str]()
        while at < len(lines) and _belongs(lines, at, indent):
            inner.append(lines[at])
            at += 1
        checked = None if item[3] is None else item[3] in "xX"
        found.append(Item(item[4], checked, blocks(_dedent(inner), depth + 1)))
    return Items(ordered, found, int(first[2][:-1]) if ordered else 1), at


def _belongs(lines: list[str], at: int, indent: int) -> bool:
    line = lines[at]
    if not line.strip():
        later = next((one for one in lines[at + 1 :] if one.strip()), "")
        return _indent(later) > indent
    return _indent(line) > indent


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _dedent(lines: list[str]) -> str:
    least = min((_indent(line) for line in lines if line.strip()), default=0)
    return "\n".join(line[least:] for line in lines)


def _table(lines: list[str], at: int) -> tuple[Block, int]:
    rows, head = [_cells(lines[at])], False
    at += 1
    if at < len(lines) and _DASHES.match(lines[at]):
        head, at = True, at + 1
    while at < len(lines) and _ROW.match(lines[at]):
        rows.append(_cells(lines[at]))
        at += 1
    widest = max(len(row) for row in rows)
    return Table([row + [""] * (widest - len(row)) for row in rows], head), at


def _cells(line: str) -> list[str]:
    inner = line.strip()[1:-1]
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]


def _paragraph(lines: list[str], at: int) -> tuple[Block, int]:
    end = at + 1
    while end < len(lines) and lines[end].strip() and not _begins(lines[end]):
        end += 1
    return Paragraph("\n".join(line.strip() for line in lines[at:end])), end


def _begins(line: str) -> bool:
    return bool(
        _FENCE.match(line) or _HEADING.match(line) or _RULE.match(line) or _ITEM.match(line) or _ROW.match(line)
        or line.lstrip().startswith(">")
    )  # fmt: skip


def spans(text: str, marks: frozenset[str] = frozenset(), depth: int = 0) -> list[Span]:
    """Text with its marks. Newlines stay in the text; a link that leads nowhere safe is its words alone."""
    found, at = list[Span](), 0
    for hit in _SPAN.finditer(text):
        if hit.start() > at:
            found.append(Span(text[at : hit.start()], marks))
        found += _span(hit, marks, depth)
        at = hit.end()
    if at < len(text):
        found.append(Span(text[at:], marks))
    return [one for one in found if one.text]


def _span(hit: re.Match[str], marks: frozenset[str], depth: int) -> list[Span]:
    if hit["code"] is not None:
        return [Span(hit["code"].strip() or hit["code"], frozenset({"code"}))]
    if hit["url"]:
        return [Span(hit["url"], marks, safe_href(hit["url"]))]
    if hit["href"] is not None:
        href = safe_href(hit["href"])
        return [Span(hit["text"] or hit["href"], marks, href)] if href else [Span(hit[0], marks)]
    if depth >= DEEPEST:
        return [Span(hit[0], marks)]
    return spans(hit["inner"], marks | {MARKS[hit["mark"]]}, depth + 1)
