"""The ranking of files for a ticket: pure, so each case stands on its own."""

import pytest

from deckhand.context.rank import best_line, rank, tokens

FILES = {
    "shop/till.py": "class Till:\n    def close_day(self):\n        return self.total\n",
    "shop/stock.py": "def count_items(stock):\n    return len(stock)\n",
    "shop/views/receipt.ts": "export function printReceipt(till) {\n  return till.total\n}\n",
    "tests/test_till.py": "from shop.till import Till\n\ndef test_close_day():\n    Till().close_day()\n",
    "README.md": "A small shop.\n",
}


@pytest.mark.parametrize(
    ("ticket", "first"),
    [
        ("Closing the day: close_day returns the wrong total", "shop/till.py"),
        ("printReceipt shows nothing", "shop/views/receipt.ts"),
        ("Traceback:\n  File \"/app/shop/stock.py\", line 2, in count_items\nTypeError", "shop/stock.py"),
        ("Please look at README.md, the total is old", "README.md"),
        ("Error at shop/stock.py:2 when the till closes", "shop/stock.py"),
        ("counting items is slow", "shop/stock.py"),
    ],
)  # fmt: skip
def test_the_file_that_the_ticket_speaks_of_comes_first(ticket: str, first: str):
    assert rank(ticket, FILES)[0].path == first


def test_a_stack_trace_gives_the_line():
    found = rank('File "/srv/shop/till.py", line 3, in close_day', FILES)[0]
    assert (found.path, found.line, found.why.split(";")[0]) == ("shop/till.py", 3, "in the stack trace")


def test_a_definition_is_the_line_to_look_at():
    assert best_line(FILES["shop/till.py"], {"close": 1, "day": 1}, {"close_day"}) == 2


def test_identifiers_count_whole_and_in_parts():
    assert tokens("closeDay HTTP_server") == ["closeday", "close", "day", "http_server", "http", "server"]


def test_nothing_in_nothing_out_and_the_same_twice():
    assert rank("", FILES) == rank("zzz qqq", FILES) == rank("till", {}) == []
    assert rank("till total", FILES) == rank("till total", dict(reversed(FILES.items())))


def test_text_without_end_costs_little():
    files = {f"f{n}.py": "word " * 2000 for n in range(50)}
    assert len(rank("word " * 5000 + "a/" * 2000, files)) == 12
