"""What the dashboard keeps as a list of its own is the platform's: one that changes alone would show what is not so."""

import re
from pathlib import Path

from deckwire.events import type_of
from quarterdeck.flow import steer
from quarterdeck.record.views.timeline import UNDOABLE

LIB = Path(__file__).parents[2] / "frontend/src/lib"


def words(file: str, name: str) -> set[str]:
    """The texts in the dashboard's set of this name."""
    found = re.search(rf"const {name}: ReadonlySet<string> = new Set\(\[(.*?)\]\)", (LIB / file).read_text(), re.DOTALL)
    assert found is not None, f"{file} has no set {name}"
    return set(re.findall(r'"(\w+)"', found.group(1)))


def test_what_stands_in_a_timeline_is_every_kind_that_no_rewind_undoes() -> None:
    assert words("standing.ts", "KINDS") == set(type_of) - UNDOABLE


def test_a_pause_is_offered_where_the_platform_takes_one() -> None:
    assert words("possible.ts", "PAUSABLE") == {str(phase) for phase in steer.PAUSABLE}
