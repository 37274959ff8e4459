"""The dashboard's messages: camelCase on the wire, loud about misspelt fields, and the same in TypeScript."""

from typing import Any, Literal

import pytest
from pydantic import ValidationError

from deckwire import typescript
from deckwire.bodies import Body, DecisionBody
from deckwire.frames import CLIENT_FRAME, SERVER_FRAME, EventsFrame
from deckwire.views import EvidenceRow, ModelPrice, Run, Ticket, View


def run(**more: Any) -> Run:
    ticket = Ticket(id="t1", key="ORD-1", title="A refund")
    plain = dict(id="r1", seq=7, project="p1", phase="working", attention="working", since=1, started_at=1)
    return Run(ticket=ticket, last_event_at=2, **(plain | more))


def test_a_run_is_camel_case_on_the_wire() -> None:
    sent = run(spent_micro=120_000, last_sign_at=3).model_dump(mode="json")
    assert sent["spentMicro"] == 120_000
    assert sent["lastSignAt"] == 3
    assert "spent_micro" not in sent


def test_a_run_survives_the_round_trip() -> None:
    there = run(place="local")
    assert Run.model_validate_json(there.model_dump_json()) == there


def test_a_misspelt_field_is_refused_where_it_is_written() -> None:
    with pytest.raises(ValidationError):
        run(spent_mikro=1)


def test_a_price_is_named_as_the_contract_names_it() -> None:
    assert set(ModelPrice(name="m").model_dump()) == {
        "name",
        "inMicroPerMTok",
        "outMicroPerMTok",
        "contextTokens",
        "images",
    }


def test_a_frame_of_events_says_from_and_to() -> None:
    sent = EventsFrame(run="r1", from_=4, to=5, events=[]).model_dump(mode="json")
    assert sent == {"op": "events", "run": "r1", "from": 4, "to": 5, "events": []}
    assert isinstance(SERVER_FRAME.validate_python(sent), EventsFrame)


def test_a_client_can_say_only_what_the_contract_lists() -> None:
    watched = CLIENT_FRAME.validate_python(
        {"op": "view", "views": [{"view": "run", "run": "r1"}], "cursors": {"r1": 3}}
    )
    assert watched.views[0].run == "r1"
    with pytest.raises(ValidationError):
        CLIENT_FRAME.validate_python({"op": "decide", "runs": ["r1"]})


def test_a_decision_needs_a_key_and_a_known_verb() -> None:
    with pytest.raises(ValidationError):
        DecisionBody.model_validate({"verb": "approve"})
    with pytest.raises(ValidationError):
        DecisionBody.model_validate({"key": "k", "verb": "obey"})
    assert DecisionBody.model_validate({"key": "k", "verb": "merge", "runs": ["r1"], "head": "a"}).runs == ["r1"]


def test_an_evidence_row_takes_no_unknown_state() -> None:
    with pytest.raises(ValidationError):
        EvidenceRow(kind="f2p", what="x", figure="1", state="proved")


class Shown(View):
    """Drawn."""

    when_seen: int | None = None
    words: list[Literal["a", "b"]] = []
    by_key: dict[str, list[str]] = {}


class Sent(Body):
    key: str
    words: str = ""


def test_a_view_has_all_its_fields_and_says_null() -> None:
    assert typescript.interface_text(Shown) == (
        "/** Drawn. */\n"
        "export interface Shown {\n"
        "  whenSeen: number | null;\n"
        '  words: ("a" | "b")[];\n'
        "  byKey: Record<string, string[]>;\n"
        "}"
    )


def test_a_body_may_leave_out_what_has_a_default() -> None:
    assert "  key: string;\n  words?: string;\n" in typescript.interface_text(Sent)


def test_what_json_cannot_carry_is_refused() -> None:
    with pytest.raises(TypeError):
        typescript.type_text(complex)


def test_every_name_used_in_the_typescript_is_declared_in_it() -> None:
    text = typescript.wire_text()
    for name in (
        "Phase",
        "Run",
        "PlanStep",
        "Snapshot",
        "Receipt",
        "DiffView",
        "Review",
        "ServerFrame",
        "DecisionBody",
    ):
        assert f"export interface {name} " in text or f"export type {name} " in text
    assert "TypeAdapter" not in text
    assert text == typescript.wire_text()
