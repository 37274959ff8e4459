"""Jira's wiki markup, both ways: it never raises, it acts on nobody, and words survive."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.outside.tracker.jira import wiki_read
from quarterdeck.outside.tracker.jira.wiki_write import wiki

WRITTEN = [
    ("## Plan", "h2. Plan"),
    ("**bold** and *slanted* and `a_b`", "*bold* and _slanted_ and {{a\\_b}}"),
    ("[the run](https://deck.example/1)", "[the run|https://deck.example/1]"),
    ("https://deck.example/a_b", "[https://deck.example/a_b]"),
    ("- one\n  - deeper\n- two", "* one\n** deeper\n* two"),
    ("1. one\n2. two", "# one\n# two"),
    ("- [x] read\n- [ ] write", "* (/) read\n* (x) write"),
    ("```py\nx = {1}\n```", "{code:python}\nx = {1}\n{code}"),
    ("| A | B |\n| --- | --- |\n| 1 | 2 |", "||A||B||\n|1|2|"),
    ("> said", "{quote}\nsaid\n{quote}"),
    ("snake_case", "snake\\_case"),
]


@pytest.mark.parametrize(("markdown", "markup"), WRITTEN)
def test_markdown_is_written_as_markup(markdown: str, markup: str) -> None:
    assert wiki(markdown) == markup


@pytest.mark.parametrize(
    ("markdown", "markup"), [pair for pair in WRITTEN if not pair[0].startswith(("1.", "```", ">"))]
)
def test_what_was_written_is_read_back(markdown: str, markup: str) -> None:
    assert wiki_read.markdown(markup).replace("---", "---") == markdown


READ = [
    ("h1. Title\ntext", "# Title\ntext"),
    ("{noformat}a *b*{noformat}", "```\na *b*\n```"),
    ("{code:title=x.py|java}\nint a;\n{code}", "```java\nint a;\n```"),
    ("ask [~alice] please", "ask @alice please"),
    ("!shot.png|thumbnail!", "![shot.png](attachment:shot.png)"),
    ("[^log.txt]", "![log.txt](attachment:log.txt)"),
    ("{color:red}hot{color} {unknown}kept{unknown}", "hot {unknown}kept{unknown}"),
    ("{quote}\nsaid\n{quote}", "> said"),
    ("{panel:title=Note}\nmind\n{panel}", "> **Note:** mind"),
    ("-gone- +new+ x^2^", "~~gone~~ new x2"),
    ("[click|javascript:alert(1)]", "click (javascript:alert(1))"),
]


@pytest.mark.parametrize(("markup", "markdown"), READ)
def test_markup_is_read_as_markdown(markup: str, markdown: str) -> None:
    assert wiki_read.markdown(markup) == markdown


def test_those_who_are_called_are_told_and_code_calls_nobody() -> None:
    assert wiki_read.mentions("[~ann] {code}[~bob]{code} [~accountid:5b1] [~ann]") == ["ann", "5b1"]


def test_text_calls_nobody_and_loads_nothing() -> None:
    made = wiki("[~alice] {html}x{html} !http://evil/x.png! {include:secret}")
    assert not re.search(r"(?<!\\)(\[~|\{html|!http|\{include)", made)


PIECES = st.sampled_from(
    ["h1. ", "* ", "# ", "- ", "bq. ", "{code}", "{code:java}", "{quote}", "{panel:title=a}", "{panel}", "{noformat}", "||", "|",
     "\n", "[a|http://b]", "[~ann]", "!a.png!", "word", "\\", "\\\\", "\x00", "\x001\x00", "{{", "}}", "*", "_", "-", "^", "----",
     "é\u202e"]
)  # fmt: skip
MARKUP = st.lists(PIECES | st.text(max_size=6), max_size=30).map("".join)


@settings(max_examples=500, deadline=None)
@given(MARKUP)
def test_whatever_comes_is_read(text: str) -> None:
    told = wiki_read.markdown(text)
    assert told.count("word") == text.count("word")
    assert "\x00" not in told
    wiki_read.mentions(text)


@settings(max_examples=500, deadline=None)
@given(MARKUP)
def test_whatever_is_written_can_be_read_and_loses_no_word(text: str) -> None:
    made = wiki(text)
    assert made.count("word") == text.count("word")
    assert wiki_read.markdown(made).count("word") == text.count("word")


@pytest.mark.parametrize("value", [None, 3, {"type": "doc"}, []])
def test_what_is_no_markup_says_nothing(value: object) -> None:
    assert wiki_read.markdown(value) == ""


@pytest.mark.parametrize(
    "text", ["{code}" * 5_000, "*" * 20_000, "[" * 20_000, "_a" * 10_000, "!a" * 9_000, "{panel}" * 4_000, "|" * 20_000]
)
def test_hostile_text_is_read_in_no_time(text: str) -> None:
    began = time.process_time()
    wiki_read.markdown(text)
    wiki(text)
    assert time.process_time() - began < 2
