"""Markdown to Atlassian's document format: a small subset that every editor shows, and nothing that acts.

No mention, no media, no extension is ever written: what an agent says can call nobody and load nothing.
"""

from typing import Any

from quarterdeck.outside.tracker.jira.markdown import (
    Block,
    Code,
    Heading,
    Item,
    Items,
    Paragraph,
    Quote,
    Rule,
    Span,
    Table,
    blocks,
    spans,
)

Node = dict[str, Any]


def document(text: str) -> Node:
    return {"version": 1, "type": "doc", "content": [_node(one) for one in blocks(text)] or [_paragraph("")]}


def _node(block: Block) -> Node:
    match block:
        case Heading(level, text):
            return {"type": "heading", "attrs": {"level": level}, "content": _inline(text)}
        case Code(language, text):
            return _code(language, text)
        case Items():
            return _tasks(block) if _only_tasks(block) else _list(block)
        case Quote(inner):
            return {"type": "blockquote", "content": _plain(inner)}
        case Table():
            return _table(block)
        case Rule():
            return {"type": "rule"}
        case Paragraph(text):
            return _paragraph(text)


def _paragraph(text: str) -> Node:
    return {"type": "paragraph", "content": _inline(text)}


def _code(language: str, text: str) -> Node:
    node: Node = {"type": "codeBlock", "content": [{"type": "text", "text": text}] if text else []}
    if language:
        node["attrs"] = {"language": language}
    return node


def _inline(text: str) -> list[Node]:
    found: list[Node] = []
    for span in spans(text):
        for n, line in enumerate(span.text.split("\n")):
            if n:
                found.append({"type": "hardBreak"})
            if line:
                found.append(_text(line, span))
    return found


def _text(line: str, span: Span) -> Node:
    """Code takes no other mark than a link."""
    marks: list[Node] = [{"type": mark} for mark in sorted(span.marks)]
    if span.href:
        marks.append({"type": "link", "attrs": {"href": span.href}})
    return {"type": "text", "text": line, "marks": marks} if marks else {"type": "text", "text": line}


def _plain(inner: list[Block]) -> list[Node]:
    """Quotes and list items take paragraphs, lists and code; the rest says its words in a paragraph."""
    found: list[Node] = []
    for block in inner:
        match block:
            case Paragraph() | Code():
                found.append(_node(block))
            case Items():
                found.append(_list(block))
            case Heading(_, text):
                found.append(_paragraph(f"**{text}**"))
            case Quote(deeper):
                found += _plain(deeper)
            case Table(rows):
                found += [_paragraph(" | ".join(row)) for row in rows]
            case Rule():
                found.append(_paragraph("---"))
    return found or [_paragraph("")]


def _list(block: Items) -> Node:
    content = [{"type": "listItem", "content": _item(one)} for one in block.items]
    if block.ordered:
        return {"type": "orderedList", "attrs": {"order": block.start}, "content": content}
    return {"type": "bulletList", "content": content}


def _item(item: Item) -> list[Node]:
    box = {None: "", True: "☑ ", False: "☐ "}[item.checked]
    return [_paragraph(box + item.text), *(_plain(item.blocks) if item.blocks else [])]


def _only_tasks(block: Items) -> bool:
    return not block.ordered and all(one.checked is not None and not one.blocks for one in block.items)


def _tasks(block: Items) -> Node:
    """Local ids only have to differ within one document's list; those that stay the same keep an edit small."""
    items = [
        {
            "type": "taskItem",
            "attrs": {"localId": f"task-{n}", "state": "DONE" if one.checked else "TODO"},
            "content": _inline(one.text),
        }
        for n, one in enumerate(block.items, 1)
    ]
    return {"type": "taskList", "attrs": {"localId": "tasks"}, "content": items}


def _table(block: Table) -> Node:
    rows = []
    for n, row in enumerate(block.rows):
        kind = "tableHeader" if block.head and n == 0 else "tableCell"
        cells = [{"type": kind, "attrs": {}, "content": [_paragraph(cell.replace("<br>", "\n"))]} for cell in row]
        rows.append({"type": "tableRow", "content": cells})
    return {"type": "table", "content": rows}
