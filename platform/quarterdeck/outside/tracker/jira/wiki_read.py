"""Jira's wiki markup to Markdown. It never raises: a macro that it does not know leaves its words."""

import re

from quarterdeck.outside.tracker.jira.markdown import safe_href

_FENCED = re.compile(r"\{(code|noformat)(?::([^}\n]*))?\}(.*?)(?:\{\1\}|\Z)", re.DOTALL | re.IGNORECASE)
_QUOTED = re.compile(r"\{quote\}(.*?)\{quote\}", re.DOTALL)
_PANEL = re.compile(r"\{(panel|info|note|warning|tip)(?::([^}\n]*))?\}(.*?)\{\1\}", re.DOTALL)
_MACRO = re.compile(r"\{(?:color(?::[^}\n]*)?|anchor(?::[^}\n]*)?|toc|quote|panel|info|note|warning|tip)\}")
_ITEM = re.compile(r"^\s*([*#-]{1,10})\s+(.*)$")
_HEADING = re.compile(r"^\s*h([1-6])\.\s*(.*)$")
_TOKEN = re.compile("\x00(\\d+)\x00")
_BOXES = {"(/)": "[x]", "(x)": "[ ]"}
_LINK = re.compile(r"\[(?:([^\[\]|\n]*)\|)?([^\[\]|\s]+)(?:\|[^\[\]\n]*)?\]")
_IMAGE = re.compile(r"(?<![\w!])!([^\s!|][^!|\n]*\.\w{2,5}|https?://[^\s!|]+)(?:\|[^!\n]*)?!")
_MARKS: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]*[^\s*])\*(?![\w*])"), r"**\1**"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]*[^\s_])_(?![\w_])"), r"*\1*"),
    (re.compile(r"(?<![\w-])-(?=[^\s-])([^-\n]*[^\s-])-(?![\w-])"), r"~~\1~~"),
    (re.compile(r"(?<![\w+])\+(?=\S)([^+\n]*[^\s+])\+(?![\w+])"), r"\1"),
    (re.compile(r"(?<!\w)\?\?(?=\S)([^?\n]*[^\s?])\?\?"), r"\1"),
    (re.compile(r"\^([^\s^][^^\n]*)\^"), r"\1"),
]
_ESCAPED = re.compile(r"\\([\\{}\[\]|*_~^+!?#-])|\\(?=h[1-6]\.|bq\.)")
_MENTION = re.compile(r"\[~(?:accountid:)?([^\]\s]+)\]")


class _Kept:
    """Pieces that nothing may change any more stand behind a token until the end."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def keep(self, piece: str) -> str:
        self.pieces.append(piece)
        return f"\x00{len(self.pieces) - 1}\x00"

    def back(self, text: str) -> str:
        """A kept piece may hold others; each was kept after those that it holds."""
        while _TOKEN.search(text):
            text = _TOKEN.sub(lambda hit: self.pieces[int(hit[1])] if int(hit[1]) < len(self.pieces) else "", text)
        return text


def markdown(text: object) -> str:
    if not isinstance(text, str):
        return ""
    kept = _Kept()
    text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    text = _FENCED.sub(lambda hit: _fence(hit, kept), text)
    text = _ESCAPED.sub(lambda hit: kept.keep(hit[1]) if hit[1] else "", text)
    text = re.sub(r"\{\{(.+?)\}\}", lambda hit: kept.keep("`" + hit[1] + "`"), text)
    text = _PANEL.sub(_panel, text)
    text = _QUOTED.sub(lambda hit: "\n" + _quoted(hit[1]) + "\n", text)
    text = _MACRO.sub("", text)
    lines = [_line(line, kept) for line in text.split("\n")]
    return kept.back(_spaced("\n".join(_tables(lines)))).strip("\n")


def mentions(text: object) -> list[str]:
    """The names that it calls, in their order, each once."""
    return list(dict.fromkeys(_MENTION.findall(_FENCED.sub("", text)))) if isinstance(text, str) else []


def _fence(hit: re.Match[str], kept: _Kept) -> str:
    words = [one for one in (hit[2] or "").split("|") if one]
    named = {one.split("=", 1)[0]: one.split("=", 1)[1] for one in words if "=" in one}
    language = named.get("language") or next((one for one in words if "=" not in one), "")
    fence = "```"
    while fence in hit[3]:
        fence += "`"
    inner = hit[3].strip("\n")
    piece = f"{fence}{language}\n{inner}\n{fence}"
    return "\n" + kept.keep(piece) + "\n"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip("\n").split("\n"))


def _panel(hit: re.Match[str]) -> str:
    title = re.search(r"title=([^|}]*)", hit[2] or "")
    head = title[1] if title else hit[1].capitalize()
    return "\n" + _quoted(f"*{head}:* {hit[3].strip()}") + "\n"


def _line(line: str, kept: _Kept) -> str:
    quote = "> " if line.startswith("> ") else ""
    line = line.removeprefix(quote)
    if heading := _HEADING.match(line):
        return quote + "#" * int(heading[1]) + " " + _inline(heading[2], kept)
    if line.startswith("bq. "):
        return "> " + _inline(line[4:], kept)
    if re.fullmatch(r"\s*-{4,}\s*", line):
        return quote + "---"
    if (item := _ITEM.match(line)) and not re.fullmatch(r"-{2,}", item[1]):
        sign = "1." if item[1][-1] == "#" else "-"
        words = re.sub(r"^\((?:/|x)\)", lambda hit: _BOXES[hit[0]], item[2])
        return quote + _deep(item[1]) + f"{sign} " + _inline(words, kept)
    return quote + _inline(line, kept)


def _deep(signs: str) -> str:
    """Markdown wants a child below the first letter of its parent."""
    return "".join("   " if one == "#" else "  " for one in signs[:-1])


def _inline(text: str, kept: _Kept) -> str:
    text = _MENTION.sub(lambda hit: kept.keep("@" + hit[1]), text)
    text = _IMAGE.sub(lambda hit: kept.keep(f"![{hit[1]}](attachment:{hit[1]})"), text)
    text = _LINK.sub(lambda hit: _link(hit, kept), text)
    text = re.sub(r"https?://[^\s\x00|]+", lambda hit: kept.keep(hit[0]), text)
    for pattern, form in _MARKS:
        text = pattern.sub(form, text)
    return re.sub(r"\\\\(?=\s|$)", "<br>", text)


def _link(hit: re.Match[str], kept: _Kept) -> str:
    words, where = hit[1], hit[2]
    if where.startswith(("^", "#")):
        return kept.keep(f"![{where[1:]}](attachment:{where[1:]})" if where[0] == "^" else words or where)
    if not safe_href(where):
        return f"{words} ({where})" if words else hit[0]
    return kept.keep(f"[{words}]({where})" if words and words != where else where)


def _tables(lines: list[str]) -> list[str]:
    found, inside = list[str](), False
    for line in lines:
        row = line.strip()
        if not (row.startswith("|") and row.endswith("|") and len(row) > 1):
            inside = False
            found.append(line)
            continue
        head = row.startswith("||")
        cells = [one.strip() for one in row.strip("|").split("||" if head else "|")]
        found.append("| " + " | ".join(cells) + " |")
        if not inside:
            found.append("|" + " --- |" * len(cells))
        inside = True
    return found


def _spaced(text: str) -> str:
    """A list, a table or a quote after a line of text needs no empty line in Jira, and only a heading in Markdown does."""
    return re.sub(r"\n{3,}", "\n\n", text)
