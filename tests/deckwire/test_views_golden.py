"""The cases that `apply.ts` replays: an old snapshot, frames, and the fresh snapshot they must lead to.

Written by `python tests/deckwire/test_views_golden.py`; vitest reads tests/golden/live and must reach the same.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from deckwire.frames import SERVER_FRAME, CardFrame, EventsFrame, HeadsFrame, RequestFrame
from deckwire.requests import Choice, PlanStep
from deckwire.views import DecidedBy, Person, Project, Request, Run, Snapshot, Ticket, TimelineEvent, View

LIVE = Path(__file__).parents[1] / "golden" / "live"
AT = 1_790_000_000_000
RUN, OTHER, PROJECT = "run-1", "run-2", "project-1"


def run(key: str = RUN, seq: int = 3, **more: Any) -> Run:
    plain: dict[str, Any] = dict(phase="working", attention="working", since=AT, started_at=AT, last_event_at=AT + seq)
    ticket = Ticket(id=f"ticket-of-{key}", key="ORD-1", title="Ein Titel mit ⟨Zeichen⟩ und ‚Anführung‘")
    return Run(id=key, seq=seq, ticket=ticket, project=PROJECT, **(plain | more))


def request(seq: int = 4, **more: Any) -> Request:
    plain: dict[str, Any] = dict(ask="Which rounding?", waiting_since=AT + seq, state="open")
    choices = [Choice(id="down", label="Down", effect="As the checkout does", suggested=True)]
    return Request(
        id="request-1", seq=seq, kind="question", project=PROJECT, runs=[RUN], choices=choices, **(plain | more)
    )


def event(seq: int, **more: Any) -> TimelineEvent:
    plain: dict[str, Any] = dict(at=AT + seq, epoch=1, kind="read", what="read", text=f"file {seq}")
    return TimelineEvent(seq=seq, **(plain | more))


def snapshot(
    *runs: Run, requests: tuple[Request, ...] = (), timeline: tuple[TimelineEvent, ...] = (), **heads: int
) -> Snapshot:
    at = {one.id: one.seq for one in runs} | {PROJECT: 1} | {key.replace("_", "-"): seq for key, seq in heads.items()}
    project = Project(id=PROJECT, key="ORD", name="Orders")
    return Snapshot(
        heads=at,
        runs=list(runs),
        requests=list(requests),
        projects=[project],
        people=[Person(id="alice", name="Alice")],
        timeline=list(timeline),
    )


def card(one: Run) -> CardFrame:
    return CardFrame(run=one, seq=one.seq)


def events(*list_: TimelineEvent) -> EventsFrame:
    return EventsFrame(run=RUN, from_=list_[0].seq, to=list_[-1].seq, events=list(list_))


def cases() -> dict[str, tuple[Snapshot, list[View], Snapshot]]:
    """name → (what was held, what came, what a fresh snapshot says)."""
    asked = run(seq=5, phase="waiting", attention="needs-you", actor="Question", request="request-1")
    going_on = run(seq=7, phase="queued", attention="elsewhere", actor="Queued", queue_reason="All places are in use.")
    decided = DecidedBy(verb="answer", by="Alice", at=AT + 6, words="Down")
    planned = run(seq=4, plan=[PlanStep(title="Write the test", paths=["tests/"], state="active")], plan_version=1)
    hello = event(5, kind="attempted", what="state", epoch=2, text="Attempt 2 runs")
    resumed = event(6, kind="resumed", what="state", epoch=2, text="Attempt 2 goes on", resumed_at=2)
    return {
        "a newer card replaces an older one, an older one changes nothing": (
            snapshot(run(seq=3)),
            [card(planned), card(run(seq=2, last_line="late"))],
            snapshot(planned),
        ),
        "a heartbeat moves the card without an event": (
            snapshot(run(seq=3, last_sign_at=AT)),
            [card(run(seq=3, last_sign_at=AT + 5000))],
            snapshot(run(seq=3, last_sign_at=AT + 5000)),
        ),
        "a run that was opened meanwhile appears": (
            snapshot(run()),
            [card(run(OTHER, seq=1, phase="queued", attention="elsewhere"))],
            snapshot(run(), run(OTHER, seq=1, phase="queued", attention="elsewhere")),
        ),
        "a request is asked": (
            snapshot(run()),
            [card(asked), RequestFrame(request=request(seq=5))],
            snapshot(asked, requests=(request(seq=5),)),
        ),
        "a request is decided and leaves": (
            snapshot(asked, requests=(request(seq=5),)),
            [RequestFrame(request=request(seq=6, state="decided", decided=decided)), card(going_on)],
            snapshot(going_on),
        ),
        "a late frame does not open a decided request again": (
            snapshot(asked, requests=(request(seq=5),)),
            [
                RequestFrame(request=request(seq=6, state="decided", decided=decided)),
                RequestFrame(request=request(seq=5)),
                card(going_on),
            ],
            snapshot(going_on),
        ),
        "a request is snoozed until a time": (
            snapshot(asked, requests=(request(seq=5),)),
            [RequestFrame(request=request(seq=5, state="snoozed", until=AT + 7_200_000))],
            snapshot(asked, requests=(request(seq=5, state="snoozed", until=AT + 7_200_000),)),
        ),
        "events are appended in order and once": (
            snapshot(run(seq=2), timeline=(event(1), event(2))),
            [events(event(2), event(3)), events(event(3)), events(event(4)), card(run(seq=4))],
            snapshot(run(seq=4), timeline=(event(1), event(2), event(3), event(4))),
        ),
        "lines that are not drawn still move the cursor": (
            snapshot(run(seq=2), timeline=(event(1), event(2))),
            [EventsFrame(run=RUN, from_=3, to=5, events=[event(4)]), events(event(6)), card(run(seq=6))],
            snapshot(run(seq=6), timeline=(event(1), event(2), event(4), event(6))),
        ),
        "a resume sets aside what the lost attempt said after its checkpoint": (
            snapshot(run(seq=4), timeline=(event(1), event(2), event(3), event(4, epoch=0, kind="decided"))),
            [events(hello, resumed, event(7, epoch=2)), card(run(seq=7, epoch=2))],
            snapshot(
                run(seq=7, epoch=2),
                timeline=(
                    event(1),
                    event(2),
                    event(3, undone=True),
                    event(4, epoch=0, kind="decided"),
                    hello,
                    resumed,
                    event(7, epoch=2),
                ),
            ),
        ),
        "heads alone change no card": (
            snapshot(run(seq=3)),
            [HeadsFrame(heads={RUN: 3, PROJECT: 4})],
            snapshot(run(seq=3), project_1=4),
        ),
    }


def text_of(name: str, held: Snapshot, frames: list[View], fresh: Snapshot) -> str:
    body = {
        "name": name,
        "snapshot": held.model_dump(mode="json"),
        "frames": [frame.model_dump(mode="json") for frame in frames],
        "fresh": fresh.model_dump(mode="json"),
    }
    return json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def path_of(name: str) -> Path:
    return LIVE / f"{name.replace(',', '').replace(' ', '-')}.json"


@pytest.mark.parametrize("name", cases())
def test_the_golden_file_is_what_the_models_write(name: str) -> None:
    assert path_of(name).read_text() == text_of(name, *cases()[name]), "run this file as a program"


def test_every_golden_case_is_made_of_our_messages() -> None:
    files = sorted(LIVE.glob("*.json"))
    assert len(files) >= len(cases())
    for file in files:
        case = json.loads(file.read_text())
        Snapshot.model_validate(case["snapshot"])
        Snapshot.model_validate(case["fresh"])
        for frame in case["frames"]:
            SERVER_FRAME.validate_python(frame)


if __name__ == "__main__":
    LIVE.mkdir(parents=True, exist_ok=True)
    for title, case in cases().items():
        path_of(title).write_text(text_of(title, *case))
