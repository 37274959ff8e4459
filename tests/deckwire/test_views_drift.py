"""The generated file in the checkout is what the models say today."""

from pathlib import Path

from deckwire.typescript import wire_text

WIRE = Path(__file__).parents[2] / "frontend/src/wire/types.ts"


def test_the_frontends_types_are_what_the_models_say() -> None:
    assert WIRE.read_text() == wire_text(), "run `make types`"
