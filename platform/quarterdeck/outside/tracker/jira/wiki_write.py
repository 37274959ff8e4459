"""Markdown to Jira's wiki markup, for Data Center. Text stays text there: no macro, no mention, no image comes out of it."""

import re

from quarterdeck.outside.tracker.jira.markdown import (
    Block,
    Code,
    Heading,
    Items,
    Paragraph,
    Quote,
    Rule,
    Span,
    Table,
    blocks,
    spans,
)

WRAP = {"strong": "*", "em": "_", "strike": "-"}
LANGUAGES = {"sh": "bash", "shell": "bash", "py": "python", "js": "javascript", "ts": "javascript", "yml": "yaml"}
_SIGNS = re.compile(r"[\\{}\[\]|*_~^+!]|(?<!\w)-(?=\S)|(?<=\S)-(?!\w)|\?\?")
_START = re.compile(r"^(\s*)(#|h[1-6]\.|bq\.|-{2,})", re.MULTILINE)
_MACRO = re.compile(r"\{(code|noformat)", re.IGNORECASE)


def wiki(text: str) -> str:
    return "\n\n".join(_block(one) for one in blocks(text)).strip()


def _block(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"h{level}. {_inline(text, one_line=True)}"
        case Code(language, text):
            return _code(language, text)
        case Items():
            return "\n".join(_items(block, ""))
        case Quote(inner):
            return "{quote}\n" + "\n\n".join(_block(one) for one in inner if not isinstance(one, Quote)) + "\n{quote}"
        case Table():
            return _table(block)
        case Rule():
            return "----"
        case Paragraph(text):
            return _inline(text)


def _code(language: str, text: str) -> str:
    """A macro ends at its own name: inside, that name is broken by a space."""
    kind = "{code:" + LANGUAGES.get(language.lower(), language.lower()) + "}" if language else "{noformat}"
    end = "{code}" if language else "{noformat}"
    return f"{kind}\n{_MACRO.sub(lambda hit: '{ ' + hit[1], text)}\n{end}"


def _items(block: Items, above: str) -> list[str]:
    sign, lines = above + ("#" if block.ordered else "*"), list[str]()
    for item in block.items:
        box = {None: "", True: "(/) ", False: "(x) "}[item.checked]
        lines.append(f"{sign} {box}{_inline(item.text, one_line=True)}")
        for inner in item.blocks:
            lines += _items(inner, sign) if isinstance(inner, Items) else [_block(inner)]
    return lines


def _table(block: Table) -> str:
    lines = []
    for n, row in enumerate(block.rows):
        bar = "||" if block.head and n == 0 else "|"
        lines.append(bar + bar.join(_inline(cell.replace("<br>", " "), one_line=True) or " " for cell in row) + bar)
    return "\n".join(lines)


def _inline(text: str, *, one_line: bool = False) -> str:
    said = "".join(_span(one) for one in spans(" ".join(text.split("\n")) if one_line else text))
    return _START.sub(lambda hit: f"{hit[1]}\\{hit[2]}", said)


def _span(span: Span) -> str:
    core = span.text.strip()
    if not core:
        return span.text
    said = "{{" + escape(core) + "}}" if "code" in span.marks else escape(core)
    if span.href:
        href = span.href.replace("|", "%7C").replace("]", "%5D").replace("[", "%5B").replace("{", "%7B")
        said = f"[{said}|{href}]" if span.text != span.href else f"[{href}]"
    for mark, sign in WRAP.items():
        if mark in span.marks and "\n" not in core:
            said = f"{sign}{said}{sign}"
    at = span.text.index(core)
    return span.text[:at] + said + span.text[at + len(core) :]


def escape(text: str) -> str:
    return _SIGNS.sub(lambda hit: "".join("\\" + one for one in hit[0]), text)
