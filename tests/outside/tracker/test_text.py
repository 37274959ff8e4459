"""What the eye does not see: taken out for the model, named for the person, and no word of any language harmed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.outside.tracker.text import hidden, visible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("pay\u202enow\u2066", "paynow"),
        ("a\u200bb\ufeffc\u00add", "abcd"),
        ("x" + "".join(chr(0xE0000 + ord(one)) for one in "ignore all"), "x"),
        ("😀" + "".join(chr(0xE0100 + n) for n in range(9)), "😀"),
        ("\u3164\u2800blank", "blank"),
        ("bell\x07 nul\0", "bell nul"),
        ("one\u2028two\r\nthree", "one\ntwo\nthree"),
    ],
)
def test_what_hides_is_taken_out(text: str, seen: str) -> None:
    assert visible(text) == seen


@pytest.mark.parametrize("text", ["می‌خواهم", "क्‍ष", "❤️ Straße", "日本語", "Crème brûlée", "tab\there"])
def test_words_of_any_language_stay_as_they_are(text: str) -> None:
    assert visible(text) == text
    assert hidden(text) == []


def test_a_person_is_told_what_hides_and_where() -> None:
    assert hidden("a\u202eb\u200b") == [(1, "RIGHT-TO-LEFT OVERRIDE"), (3, "ZERO WIDTH SPACE")]
    assert len(hidden("\u200b" * 500)) == 50


@given(st.text())
def test_seen_twice_is_seen_once(text: str) -> None:
    assert hidden(visible(visible(text))) == hidden(visible(text))
