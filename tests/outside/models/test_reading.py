"""How many tokens something can be: what is set aside must cover what a provider counts, in any script."""

import base64
import json
import random

import pytest

from quarterdeck.outside.models.reading import at_most, counted

# What public byte-pair tokenizers make of such text at the worst, in tokens a letter.
WORST = {
    "Chinese": ("我们把价格的舍入移到求和之后只舍入一次" * 50, 2.0),
    "emoji": ("😀👩‍🚀🏳️‍🌈" * 50, 3.0),
    "digits": ("31415926535897932384" * 50, 1.0),
    "base64": (base64.b64encode(random.Random(7).randbytes(3000)).decode(), 0.75),
    "hex": (random.Random(7).randbytes(2000).hex(), 0.75),
    "punctuation": ("}{;=>()!&|^%$#@" * 50, 1.0),
    "Russian": ("Сумма округляется дважды, один раз слишком рано. " * 20, 0.8),
}


@pytest.mark.parametrize("kind", WORST)
def test_what_is_set_aside_covers_the_worst_tokenizer(kind: str) -> None:
    text, tokens_a_letter = WORST[kind]
    assert at_most({"content": text}) >= len(text) * tokens_a_letter


def test_plain_english_and_code_are_not_set_aside_four_times_over() -> None:
    english = "The total must be rounded once, at the end of the sum, and not for every single price in it. " * 40
    code = (
        "def total(prices):\n    result = 0\n    for price in prices:\n        result += price\n    return result\n"
        * 40
    )
    assert len(english) / 4 < at_most(english) < len(english) / 1.8
    assert len(code) / 4 < at_most(code) < len(code)


def test_escapes_hide_nothing() -> None:
    """The same request with its letters escaped is as dear."""
    plain = json.loads(json.dumps({"content": "价格" * 100}))
    assert at_most(plain) == at_most({"content": "\u4ef7\u683c" * 100})
    assert at_most({"content": "\ud800"}) > 0


def test_a_provider_that_names_no_usage_is_counted_by_bytes_where_letters_weigh_more() -> None:
    said = json.dumps({"content": "价格" * 200}, ensure_ascii=False).encode()
    assert counted({}, said, False).tokens_out >= 400
