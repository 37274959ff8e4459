"""Atlassian's documents, both ways: what we write is valid by its own schema, and what we read never raises."""

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.outside.tracker.jira import adf_read
from quarterdeck.outside.tracker.jira.adf_write import document
from testkit import adf, recorded

WHOLE = """# Plan

Two steps, **bold** and *slanted*, ~~gone~~, `code`, [the run](https://deck.example/runs/1) and https://deck.example/2.
Second line.

- one
  - deeper
- two

  ```python
  print("in a list")
  ```

3. third
4. fourth

- [x] read
- [ ] write

> said **before**
> # loudly

| Name | Cost |
| --- | --- |
| a\\|b | 1 |

---

```sh
make test
```
"""


def test_a_status_comment_is_valid_and_comes_back_as_it_went() -> None:
    made = document(WHOLE)
    assert adf.wrong(made) == ""
    kinds = [node["type"] for node in made["content"]]
    assert kinds == [
        "heading",
        "paragraph",
        "bulletList",
        "orderedList",
        "taskList",
        "blockquote",
        "table",
        "rule",
        "codeBlock",
    ]
    again = adf_read.markdown(made)
    assert adf_read.markdown(document(again)) == again
    for line in ("# Plan", "3. third", "- [x] read", "> said **before**", "| a\\|b | 1 |", "```sh", "  - deeper"):
        assert line in again.split("\n")


def test_nothing_that_acts_is_ever_written() -> None:
    made = json.dumps(
        document("@alice [~bob] ![x](http://a/b.png) [click](javascript:alert(1)) <script> [f](file:///etc/passwd)")
    )
    assert not re.search(r'"(mention|media\w*|extension|inlineCard)"', made)
    assert not re.search(r'"href": "(javascript|file)', made)


def test_the_schema_finds_a_planted_wrong_document() -> None:
    made = document("Text")
    made["content"][0]["content"][0]["marks"] = [{"type": "code"}, {"type": "strong"}]
    assert adf.wrong(made)
    assert adf.wrong("just text")


def test_what_stands_behind_a_fence_is_not_lost() -> None:
    (node,) = document("```# word\nx").get("content", [])
    assert (node["attrs"]["language"], node["content"][0]["text"]) == ("#", "word\nx")


PIECES = st.sampled_from(
    ["# ", "- ", "1. ", "> ", "```", "`", "**", "*", "_", "~~", "|", "---", "\n", "\n\n", "  ", "[x] ", "[a](http://b)", "word",
     "https://c.example/d_e", "é\u200b", "\t", "\\", "\r\n", "\x00", "<br>", "[", "](", "10) ", "| a | b |\n|---|---|\n"]
)  # fmt: skip
MARKDOWN = st.lists(PIECES | st.text(max_size=8), max_size=30).map("".join)


@settings(max_examples=200, deadline=None)
@given(MARKDOWN)
def test_whatever_is_written_is_valid_and_loses_no_word(text: str) -> None:
    made = document(text)
    assert adf.wrong(made) == ""
    said = json.dumps(made, ensure_ascii=False)
    for word in re.findall(r"word", text):
        assert word in said
    assert isinstance(adf_read.markdown(made), str)


KINDS = st.sampled_from(
    sorted(
        [*adf_read.INLINE, *adf_read.BLOCKS, "doc", "tableRow", "tableCell", "listItem", "taskItem", "caption", "new"]
    )
)
LOOSE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
ATTRS = st.dictionaries(
    st.sampled_from(["level", "order", "text", "id", "url", "timestamp", "language", "state", "panelType", "href", "data", "alt"]),
    LOOSE | st.dictionaries(st.text(max_size=3), LOOSE, max_size=2), max_size=4,
)  # fmt: skip
MARKS = st.lists(
    st.fixed_dictionaries({"type": st.sampled_from(["strong", "em", "code", "link", "x"])}, optional={"attrs": ATTRS})
    | LOOSE,
    max_size=3,
)


def _node(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {"type": KINDS | LOOSE},
        optional={
            "content": st.lists(inner, max_size=4) | LOOSE,
            "attrs": ATTRS | LOOSE,
            "marks": MARKS | LOOSE,
            "text": LOOSE,
        },
    )


@settings(max_examples=500, deadline=None)
@given(st.recursive(LOOSE, _node, max_leaves=25))
def test_whatever_comes_is_read_without_an_error(value: Any) -> None:
    assert isinstance(adf_read.markdown(value), str)
    assert all(isinstance(one, str) for one in adf_read.mentions(value))


def test_an_unknown_node_says_its_words_and_a_silent_one_its_name() -> None:
    inside = {"type": "paragraph", "content": [{"type": "text", "text": "Do not lose me"}]}
    told = adf_read.markdown({"type": "doc", "content": [{"type": "hologram", "content": [inside]}, {"type": "beam"}]})
    assert told == "Do not lose me\n\n[beam]"


def test_a_document_as_deep_as_its_sender_likes_is_read() -> None:
    node: dict[str, Any] = {"type": "text", "text": "bottom"}
    for _ in range(400):
        node = {"type": "blockquote", "content": [node]}
    assert "bottom" in adf_read.markdown({"type": "doc", "content": [node]})


def test_what_the_editor_offers_is_read() -> None:
    text = {"type": "text", "text": "Total"}
    said = [{"type": "paragraph", "content": [text]}]
    nodes: list[tuple[dict[str, Any], str]] = [
        ({"type": "panel", "attrs": {"panelType": "warning"}, "content": said}, "> **Warning:** Total"),
        ({"type": "paragraph", "content": [{"type": "mention", "attrs": {"id": "5b1", "text": "@Ann"}}, text]}, "@AnnTotal"),
        ({"type": "paragraph", "content": [{"type": "date", "attrs": {"timestamp": "1793577600000"}}]}, "2026-11-02"),
        ({"type": "paragraph", "content": [{"type": "status", "attrs": {"text": "BLOCKED"}}]}, "[BLOCKED]"),
        ({"type": "paragraph", "content": [{"type": "inlineCard", "attrs": {"url": "https://a.example"}}]}, "https://a.example"),
        ({"type": "expand", "attrs": {"title": "Log"}, "content": said}, "**Log**\n\nTotal"),
        ({"type": "mediaSingle", "content": [{"type": "media", "attrs": {"id": "9", "alt": "a.png"}}]}, "![a.png](attachment:9)"),
        ({"type": "decisionList", "content": [{"type": "decisionItem", "content": [text]}]}, "- Total"),
    ]  # fmt: skip
    for node, told in nodes:
        assert adf_read.markdown({"type": "doc", "version": 1, "content": [node]}) == told
    assert adf_read.mentions({"type": "doc", "content": [nodes[1][0]]}) == ["5b1"]


def test_a_recorded_document_keeps_all_its_words() -> None:
    document = json.loads((recorded.jira() / "rest/jira-cli/md.json").read_text())
    told = adf_read.markdown(document.get("fields", document).get("description", document))
    words = re.findall(r'"text": ?"((?:[^"\\]|\\.)*)"', json.dumps(document))
    assert len(words) > 20
    plain = re.sub(r"[*`~]", "", told)
    missing = [word for one in words for word in re.findall(r"\w+", json.loads(f'"{one}"')) if word not in plain]
    assert missing == []


@pytest.mark.parametrize(
    "text", ["*" * 20_000, "`" * 20_000, "[" * 20_000, "**a " * 5_000, "> " * 5_000, "_a*b" * 5_000, "~~" * 9_000]
)
def test_hostile_text_is_written_in_no_time(text: str) -> None:
    began = time.process_time()
    document(text)
    assert time.process_time() - began < 2
