"""Every message survives the round trip; what an older or newer peer wrote is read; the writer refuses what it does not know."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from deckwire import check, commands, envelope, events, requests
from deckwire.base import Message
from deckwire.events import Quarantined, Said, Unknown, read_event
from deckwire.tokens import derive, digest
from deckwire.words import Audience

GOLDEN = Path(__file__).parents[1] / "golden" / "events.json"
PLAN = {
    "version": 1,
    "risk": "low",
    "steps": [{"title": "Round once", "paths": ["a.py"], "citations": [], "state": "todo", "note": ""}],
}
ASK = {"kind": "question", "ask": "Which?", "choices": [{"id": "1", "label": "This"}]}
SAMPLES: dict[str, dict[str, Any]] = json.loads(GOLDEN.read_text())


@pytest.mark.parametrize("kind", sorted(events.type_of))
def test_an_event_that_an_old_agent_wrote_still_loads_and_survives_the_round_trip(kind: str) -> None:
    """The golden file holds one of each kind as it was first written; a change that cannot read it breaks old pods."""
    said = read_event(SAMPLES[kind] | {"kind": kind})
    assert isinstance(said, events.type_of[kind])
    assert read_event(json.loads(said.model_dump_json())) == said


def test_an_unknown_kind_is_kept_whole() -> None:
    said = read_event({"kind": "dreamt", "of": "sheep"})
    assert isinstance(said, Unknown)
    assert said.body == {"kind": "dreamt", "of": "sheep"}


def test_a_known_kind_that_does_not_fit_is_quarantined_not_lost() -> None:
    assert isinstance(read_event({"kind": "said", "text": 7}), Quarantined)


def test_a_field_of_a_newer_agent_is_dropped() -> None:
    assert read_event({"kind": "said", "text": "hello", "mood": "good"}) == Said(text="hello")


@pytest.mark.parametrize("body", [{}, {"kind": None}, {"kind": ["said"]}, {"kind": 4}])
def test_nonsense_is_unknown_and_never_an_error(body: dict[str, Any]) -> None:
    assert isinstance(read_event(body), Unknown)


def test_the_writer_refuses_what_the_wire_does_not_know() -> None:
    with pytest.raises(ValidationError):
        Said(text="hello", mood="good")  # type: ignore[call-arg]


def test_messages_are_frozen() -> None:
    said = Said(text="hello")
    with pytest.raises(ValidationError):
        said.text = "bye"  # type: ignore[misc]


MESSAGES: list[Message] = [
    envelope.Hello(secret="s", nonce="n"),
    envelope.Refusal(reason="fenced", text="t", remedy="r", retry_after=1.5),
    envelope.Heartbeat(step=3, doing="Reading"),
    envelope.Pulse(mail=2, watched=True, micro_left=5),
    envelope.Bye(state="parked", reason="waiting"),  # type: ignore[arg-type]
    envelope.Stored(seq=4, missing=["a"]),
    envelope.Batch(epoch=1, events=[envelope.Numbered(n=1, at=1.0, body={"kind": "said", "text": "x"})]),
    commands.Mail(
        commands=[commands.Command(id="c", n=1, verb="answer", answers={"i": [requests.Answer(verb="approve")]})]
    ),
    check.CheckReport(
        trees={"after": check.TreeResult(exit_code=0, seconds=1.0, cases=[check.TestCase(name="a", outcome="passed")])}
    ),
    requests.Ask.model_validate(ASK | {"plan": PLAN}),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda one: type(one).__name__)
def test_a_message_survives_the_round_trip(message: Message) -> None:
    assert type(message).tolerant(json.loads(message.model_dump_json())) == message


def test_each_audience_has_a_token_of_its_own_and_none_is_the_session() -> None:
    made = {derive("session", audience) for audience in Audience}
    assert len(made) == len(Audience)
    assert "session" not in made
    assert all(len(digest(one)) == 64 for one in made)
