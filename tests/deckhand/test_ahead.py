"""What is imported early: it may fail, it may be late, and the collector comes back in any case."""

import gc
import sys

import pytest

from deckhand import ahead
from deckhand.__main__ import AHEAD


def broken() -> None:
    with ahead.uncollected():
        assert not gc.isenabled()
        raise ZeroDivisionError


def test_what_fails_early_fails_again_where_it_is_needed() -> None:
    ahead.load(["deckhand.no_such_module", "deckhand.exits"]).join()
    assert gc.isenabled()
    assert "deckhand.no_such_module" not in sys.modules


def test_the_collector_comes_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        broken()
    assert gc.isenabled()


@pytest.mark.parametrize("name", list(AHEAD))
def test_every_kind_of_work_loads_itself_first(name: str) -> None:
    assert AHEAD[name][0] == f"deckhand.{name}"
