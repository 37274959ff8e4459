"""What a line of the history says to somebody who does not know the machine."""

import pytest

from deckwire.base import Message
from deckwire.events import Checked, Noted
from quarterdeck.record.views import sentences


@pytest.mark.parametrize(
    ("said", "reads"),
    [
        (Noted(text="Candidates offered: 12"), "Looked through the code: 12 files may matter here"),
        (Noted(text="Candidates offered: 1"), "Looked through the code: 1 file may matter here"),
        (Noted(text="Places found: 3"), "Chose 3 places in the code to work on"),
        (Noted(text="Places found: three"), "Places found: three"),
        (Checked(name="tests", state="passed"), "Tests re-run by Quarterdeck: passed"),
        (Checked(name="install", state="passed"), "Packages of the project: installed"),
        (Checked(name="install", state="queued"), "Packages of the project: waiting for a place"),
        (Checked(name="lint", state="broken"), "Check lint: could not run"),
    ],
)
def test_a_note_and_a_check_say_what_they_mean(said: Message, reads: str) -> None:
    assert sentences.of(said, "Alice") == reads
