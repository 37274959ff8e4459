"""Atlassian's document format to Markdown. It never raises: what it does not know says its words, or at least its name."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from quarterdeck.outside.tracker.jira.markdown import safe_href

DEEPEST = 30
MOST_NODES = 50_000
PANELS = {"info": "Info", "note": "Note", "warning": "Warning", "error": "Error", "success": "Success", "tip": "Tip"}
WRAP = {"strong": "**", "em": "*", "strike": "~~"}


def markdown(value: Any) -> str:
    """What a document says. A plain string is taken as it is, and nothing says nothing."""
    if isinstance(value, str):
        return value
    return "\n\n".join(part for part in _blocks(_children(value) or [value], 0) if part.strip()).strip("\n")


def mentions(value: Any) -> list[str]:
    """The account ids that it calls, in their order, each once."""
    ids = [_attrs(node).get("id") for node in _walk(value) if _kind(node) == "mention"]
    return list(dict.fromkeys(id for id in ids if isinstance(id, str) and id))


def _walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every node, without recursion: a document may be as deep as its sender likes."""
    waiting, seen = [value], 0
    while waiting and seen < MOST_NODES:
        node = waiting.pop()
        seen += 1
        if isinstance(node, dict):
            yield node
            waiting += reversed(_children(node))


def _children(node: Any) -> list[Any]:
    content = node.get("content") if isinstance(node, dict) else None
    return content if isinstance(content, list) else []


def _kind(node: Any) -> str:
    kind = node.get("type") if isinstance(node, dict) else None
    return kind if isinstance(kind, str) else ""


def _attrs(node: Any) -> dict[str, Any]:
    attrs = node.get("attrs") if isinstance(node, dict) else None
    return attrs if isinstance(attrs, dict) else {}


def _word(node: Any, *names: str) -> str:
    """The first attribute of these names that says something."""
    attrs = _attrs(node)
    return next(
        (str(attrs[name]) for name in names if isinstance(attrs.get(name), str | int) and attrs[name] != ""), ""
    )


def _blocks(nodes: list[Any], depth: int) -> list[str]:
    """One text per block; inline nodes that stand among blocks are put together to one."""
    found, loose = list[str](), list[Any]()
    for node in nodes:
        if _kind(node) in INLINE or not isinstance(node, dict):
            loose.append(node)
            continue
        if loose:
            found.append(_inline(loose, depth))
            loose = []
        found.append(_block(node, depth))
    return [*found, _inline(loose, depth)] if loose else found


def _block(node: Any, depth: int) -> str:
    if depth > DEEPEST:
        return " ".join(_text(one, depth) for one in _walk(node) if _kind(one) == "text")
    return BLOCKS.get(_kind(node), _unknown)(node, depth + 1)


def _inner(node: Any, depth: int) -> str:
    return "\n\n".join(part for part in _blocks(_children(node), depth) if part.strip())


def _unknown(node: Any, depth: int) -> str:
    said = _inner(node, depth) or _text(node, depth) or _word(node, "text", "title", "url", "alt")
    return said or (f"[{_kind(node)}]" if _kind(node) not in ("", "doc", "paragraph") else "")


def _heading(node: Any, depth: int) -> str:
    level = _attrs(node).get("level")
    return "#" * (level if isinstance(level, int) and 1 <= level <= 6 else 3) + " " + _line(node, depth)


def _line(node: Any, depth: int) -> str:
    return " ".join(_inline(_children(node), depth).split("\n"))


def _code(node: Any, depth: int) -> str:
    text = "".join(_raw(one) for one in _walk(node))
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{_word(node, 'language')}\n{text}\n{fence}"


def _raw(node: Any) -> str:
    text = node.get("text") if _kind(node) == "text" else "\n" if _kind(node) == "hardBreak" else ""
    return text if isinstance(text, str) else ""


def _list(node: Any, depth: int) -> str:
    ordered = _kind(node) == "orderedList"
    start = _attrs(node).get("order")
    first = start if isinstance(start, int) and not isinstance(start, bool) and 0 <= start < 10**8 else 1
    lines = []
    for n, item in enumerate(_children(node)):
        if _kind(item) in LISTS:  # task lists nest side by side
            lines.append(_indented(_block(item, depth), "  "))
            continue
        head = f"{first + n}. " if ordered else "- " + _box(item)
        lines.append(head + _indented(_item(item, depth), " " * (len(head) if ordered else 2), first=False))
    return "\n".join(lines)


def _box(item: Any) -> str:
    if _kind(item) not in ("taskItem", "blockTaskItem"):
        return ""
    return "[x] " if _attrs(item).get("state") == "DONE" else "[ ] "


def _item(item: Any, depth: int) -> str:
    return "\n".join(part for part in _blocks(_children(item) or [item], depth) if part.strip())


def _indented(text: str, by: str, *, first: bool = True) -> str:
    lines = text.split("\n")
    return "\n".join(by + line if line and (n or first) else line for n, line in enumerate(lines))


def _quote(node: Any, depth: int) -> str:
    said = _inner(node, depth)
    title = PANELS.get(_word(node, "panelType"), "") if _kind(node) == "panel" else ""
    return "\n".join(f"> {line}".rstrip() for line in (f"**{title}:** {said}" if title else said).split("\n"))


def _expand(node: Any, depth: int) -> str:
    title = _word(node, "title")
    return "\n\n".join(part for part in (f"**{title}**" if title else "", _inner(node, depth)) if part)


def _table(node: Any, depth: int) -> str:
    rows = [[_cell(cell, depth) for cell in _children(row)] for row in _children(node) if _children(row)]
    if not rows:
        return ""
    widest = max(len(row) for row in rows)
    lines = ["| " + " | ".join(row + [""] * (widest - len(row))) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * widest, *lines[1:]])


def _cell(cell: Any, depth: int) -> str:
    return _item(cell, depth).replace("|", "\\|").replace("\n", "<br>")


def _inline(nodes: list[Any], depth: int) -> str:
    return "".join(_text(node, depth + 1) for node in nodes)


def _text(node: Any, depth: int) -> str:
    if isinstance(node, str):
        return node
    if depth > DEEPEST + 2 or not isinstance(node, dict):
        return ""
    if _kind(node) in INLINE and _kind(node) != "text":
        return INLINE[_kind(node)](node)
    text = node.get("text")
    if isinstance(text, str):
        return _marked(text, node.get("marks"))
    return _inline(_children(node), depth) if _children(node) and _kind(node) not in BLOCKS else ""


def _marked(text: str, marks: Any) -> str:
    """Marks stand around words, not around the space beside them."""
    kinds = {_kind(mark): mark for mark in marks} if isinstance(marks, list) else {}
    core = text.strip()
    if not core or "\n" in core:
        return text
    said = f"`{core}`" if "code" in kinds and "`" not in core else core
    for kind, sign in WRAP.items():
        if kind in kinds:
            said = f"{sign}{said}{sign}"
    href = _word(kinds.get("link"), "href")
    if href and href != core:
        said = f"[{said}]({href})" if safe_href(href) else f"{said} ({href})"
    at = text.index(core)
    return text[:at] + said + text[at + len(core) :]


def _date(node: Any) -> str:
    try:
        return datetime.fromtimestamp(int(_word(node, "timestamp")) / 1000, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return _word(node, "timestamp")


def _mention(node: Any) -> str:
    name = _word(node, "text", "id")
    return name if name.startswith("@") else f"@{name}"


def _media(node: Any) -> str:
    inside = [one for one in _walk(node) if _kind(one) in ("media", "mediaInline")] or [node]
    said = [f"![{_word(one, 'alt') or 'attachment'}](attachment:{_word(one, 'id', 'url')})" for one in inside]
    captions = [_line(one, 0) for one in _walk(node) if _kind(one) == "caption"]
    return " ".join([*said, *(one for one in captions if one)])


def _card(node: Any) -> str:
    data = _attrs(node).get("data")
    told = data if isinstance(data, dict) else {}
    return _word(node, "url") or next((str(told[name]) for name in ("url", "@id", "name") if told.get(name)), "[card]")


def _extension(node: Any) -> str:
    return _word(node, "text") or f"[{_word(node, 'extensionKey') or _kind(node)}]"


INLINE: dict[str, Callable[[Any], str]] = {
    "text": _raw,
    "hardBreak": lambda node: "\n",
    "mention": _mention,
    "emoji": lambda node: _word(node, "text", "shortName"),
    "date": _date,
    "status": lambda node: f"[{_word(node, 'text')}]",
    "inlineCard": _card,
    "mediaInline": _media,
    "placeholder": lambda node: _word(node, "text"),
    "inlineExtension": _extension,
}
LISTS = {"bulletList", "orderedList", "taskList", "decisionList"}
BLOCKS: dict[str, Callable[[Any, int], str]] = {
    "paragraph": lambda node, depth: _inline(_children(node), depth),
    "heading": _heading,
    "codeBlock": _code,
    "blockquote": _quote,
    "panel": _quote,
    "expand": _expand,
    "nestedExpand": _expand,
    "rule": lambda node, depth: "---",
    "table": _table,
    "blockCard": lambda node, depth: _card(node),
    "embedCard": lambda node, depth: _card(node),
    "mediaSingle": lambda node, depth: _media(node),
    "mediaGroup": lambda node, depth: _media(node),
    "media": lambda node, depth: _media(node),
    "extension": lambda node, depth: _extension(node),
    **{kind: _list for kind in LISTS},
}
