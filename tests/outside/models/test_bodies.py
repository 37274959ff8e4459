"""What an agent may send to a provider: every field is named, everything else stays in the house."""

import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Refused
from quarterdeck.outside.models import anthropic_body, openai_body

IMAGE = "quarterdeck-image:" + "a" * 64
OPENAI: dict[str, Any] = {
    "model": "large",
    "messages": [
        {"role": "system", "content": "Stage: work"},
        {"role": "user", "content": [{"type": "text", "text": "Round once."}, {"type": "image_url", "image_url": {"url": IMAGE}}]},
        {"role": "assistant", "content": None,
         "tool_calls": [{"id": "1", "type": "function", "function": {"name": "view", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "1", "content": "def total():"},
    ],
    "tools": [{"type": "function", "function": {"name": "view", "description": "d", "parameters": {"type": "object"}}}],
    "tool_choice": "auto", "temperature": 0, "stream": True, "parallel_tool_calls": False,
}  # fmt: skip
ANTHROPIC: dict[str, Any] = {
    "model": "large",
    "system": [{"type": "text", "text": "Stage: work", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": [
            {"type": "text", "text": "Round once."}, {"type": "image", "source": {"type": "url", "url": IMAGE}}]},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "tool_use", "id": "1", "name": "view", "input": {"path": "a.py"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "x"}]}]},
    ],
    "tools": [{"name": "view", "description": "d", "input_schema": {"type": "object"}}],
    "tool_choice": {"type": "auto"}, "max_tokens": 100, "stream": True,
}  # fmt: skip
BOTH = [(openai_body, OPENAI), (anthropic_body, ANTHROPIC)]


@pytest.mark.parametrize(("dialect", "body"), BOTH)
def test_what_an_agent_needs_goes_through_unchanged(dialect: Any, body: dict[str, Any]) -> None:
    assert dialect.clean(body) == body


@pytest.mark.parametrize(("dialect", "body"), BOTH)
def test_no_field_that_is_not_named_leaves_from_any_place(dialect: Any, body: dict[str, Any]) -> None:
    places = list(_objects(body))
    assert len(places) > 6
    for number in range(len(places)):
        changed = copy.deepcopy(body)
        list(_objects(changed))[number]["url"] = "https://evil.example"
        with pytest.raises(Refused) as no:
            dialect.clean(changed)
        assert (no.value.reason, no.value.status) == ("field", 422)


def _objects(value: Any) -> Any:
    """Every object but the free-form ones: a tool's schema and its arguments are the agent's own."""
    if isinstance(value, dict):
        yield value
        for name, one in value.items():
            if name not in {"parameters", "input_schema", "input"}:
                yield from _objects(one)
    if isinstance(value, list):
        for one in value:
            yield from _objects(one)


@pytest.mark.parametrize("tool", [
    {"type": "web_search_20250305", "name": "web_search"}, {"type": "code_execution_20250825", "name": "code_execution"},
    {"type": "mcp_toolset", "mcp_server_name": "x"}, {"type": "web_fetch_20250910", "name": "web_fetch", "input_schema": {}},
])  # fmt: skip
def test_the_providers_own_tools_stay_out(tool: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="may not leave"):
        anthropic_body.clean(ANTHROPIC | {"tools": [tool]})


@pytest.mark.parametrize("block", [
    {"type": "image", "source": {"type": "url", "url": "https://evil.example"}},
    {"type": "document", "source": {"type": "file", "file_id": "f"}}, {"type": "text", "text": 5},
])  # fmt: skip
def test_only_text_and_tools_make_a_message(block: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        anthropic_body.clean(ANTHROPIC | {"messages": [{"role": "user", "content": [block]}]})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*OPENAI, *ANTHROPIC, "store", "url"]), anything))
def test_whatever_comes_is_cleaned_or_refused(body: dict[str, Any]) -> None:
    for dialect in (openai_body, anthropic_body):
        with suppress(Refused):  # any other error fails
            assert set(dialect.clean(body)) <= set(dialect.Body.model_fields)


def test_an_answer_is_kept_short_under_the_name_the_caller_used() -> None:
    assert openai_body.capped({"model": "m"}, 100) == {"model": "m", "max_tokens": 100}
    assert openai_body.capped({"max_tokens": 7}, 100)["max_tokens"] == 7
    assert openai_body.capped({"max_completion_tokens": 999}, 100) == {"max_completion_tokens": 100}
    assert openai_body.capped({"max_tokens": -1}, 100)["max_tokens"] == 100
    assert openai_body.capped({"stream": True, "stream_options": {"include_usage": False}}, 1)["stream_options"] == {
        "include_usage": True
    }
    assert anthropic_body.capped({"max_tokens": 999}, 100)["max_tokens"] == 100


def test_two_names_for_the_cap_do_not_make_two_caps() -> None:
    both = openai_body.capped({"max_tokens": 9_999, "max_completion_tokens": 5}, 100)
    assert both == {"max_completion_tokens": 5}


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/?stolen=1",
        "data:image/png;base64,AAAA",
        "quarterdeck-image:../../etc/passwd",
        IMAGE + "\n",
        "",
    ],
)
@pytest.mark.parametrize(("dialect", "body"), BOTH)
def test_an_image_leaves_by_its_name_alone_never_by_an_address_or_its_bytes(
    dialect: Any, body: dict[str, Any], url: str
) -> None:
    changed = copy.deepcopy(body)
    block = next(one for one in _objects(changed) if one.get("url") == IMAGE)
    block["url"] = url
    with pytest.raises(Refused) as no:
        dialect.clean(changed)
    assert no.value.reason == "field"
