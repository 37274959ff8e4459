"""An old snapshot and the frames after it are a fresh snapshot: for every verb a person can say.

The cases are kept in tests/golden/live, where the dashboard's own `apply` must come to the same result. They are written
anew with QUARTERDECK_GOLDEN=1; ids and times in them are put into one fixed order first.
"""

import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async

from deckwire.events import Said
from deckwire.frames import SERVER_FRAME
from deckwire.requests import Choice
from deckwire.views import Snapshot
from deckwire.words import AttemptState, Phase, RequestKind, Verb
from doors.test_live import FAST, Screen, cookie_of, no_wakes
from quarterdeck.doors.hub import Hub, Pace
from quarterdeck.flow import actor, decide, intake
from quarterdeck.record import snapshot
from quarterdeck.record.models import Checkpoint, Proposal, Run
from testkit import rows

pytestmark = pytest.mark.django_db(transaction=True)
GOLDEN = Path(__file__).parent.parent / "golden" / "live"
FASTER = Pace(**{**FAST.__dict__, "heads": 0.05})
WORKING = [Phase.STARTING, Phase.WORKING]
WAITING = [*WORKING, Phase.WAITING]
REVIEW = [*WORKING, Phase.SEALING, Phase.REVIEW]
HEAD = "a" * 40


class Deck:
    """Alice's project with one run where a case needs it, and a second run that nothing should touch."""

    def __init__(self, *phases: Phase, ask: RequestKind | None = None, interrupt: str = "i1") -> None:
        self.cast = rows.Cast()
        self.alice = actor.person(self.cast.alice)
        self.run = rows.run(rows.ticket(self.cast.lark), self.cast.alice)
        if Phase.WORKING in phases:
            rows.attempt(self.run, state=AttemptState.PARKED if Phase.WAITING in phases else AttemptState.RUNNING)
            Run.objects.filter(id=self.run.id).update(epoch=1)
        self.run = rows.move(self.run, *phases)
        rows.say(self.run, Said(text="Two functions round the total."))
        choices = [Choice(id="up", label="Half up").model_dump()]
        self.ask = rows.ask(self.run, ask, interrupt=interrupt, body={"choices": choices}) if ask else None
        self.bystander = rows.run(rows.ticket(self.cast.lark), self.cast.bob)

    def say(self, verb: Verb, **more: Any) -> None:
        target = {"requests": [self.ask.id]} if self.ask and "runs" not in more else {"runs": [self.run.id]}
        receipt = decide.decide(self.alice, str(uuid4()), verb, **{**target, **more})
        assert [line.fate for line in receipt.lines] not in ([], ["rejected"]), receipt
        self.batch = receipt.batch

    def sealed(self) -> "Deck":
        stats = {"files": [{"path": "a.py", "added": 1, "removed": 1, "badges": []}], "commits": 1}
        Proposal.objects.create(run=self.run, head=HEAD, base="b" * 40, branch="main", digest="d" * 64, stats=stats)
        return self

    def listened(self) -> "Deck":
        Checkpoint.objects.create(run=self.run, thread="main", checkpoint="c1", order=1, step=1, source="loop",
                                  node="listen", graph_version=1, manifest={}, digest="0" * 64, epoch=1, seq=2)  # fmt: skip
        return self


def paused() -> Deck:
    deck = Deck()
    deck.say(Verb.PAUSE)
    return deck


def undone() -> Deck:
    deck = Deck(*WAITING, ask=RequestKind.QUESTION)
    deck.say(Verb.ANSWER, choice="up")
    return deck


def assign(deck: Deck) -> None:
    ticket = rows.ticket(deck.cast.lark)
    assert intake.open_runs(deck.alice, "k", [ticket.id]).lines[0].fate == "applied"


def later(deck: Deck) -> None:
    decide.snooze(deck.alice, deck.ask.id, datetime.now(UTC) + timedelta(hours=2))


CASES: dict[str, tuple[Callable[[], Deck], Callable[[Deck], Any]]] = {
    "assign": (Deck, assign),
    "approve a plan": (lambda: Deck(*WAITING, ask=RequestKind.PLAN), lambda d: d.say(Verb.APPROVE, words="go")),
    "approve a review": (
        lambda: Deck(*REVIEW, ask=RequestKind.REVIEW, interrupt="").sealed(),
        lambda d: d.say(Verb.APPROVE, head=HEAD, digest="d" * 64),
    ),
    "deny": (lambda: Deck(*WAITING, ask=RequestKind.PERMISSION), lambda d: d.say(Verb.DENY, words="not that")),
    "answer": (lambda: Deck(*WAITING, ask=RequestKind.QUESTION), lambda d: d.say(Verb.ANSWER, choice="up")),
    "redirect": (lambda: Deck(*WORKING), lambda d: d.say(Verb.REDIRECT, words="use Decimal")),
    "redirect from the review": (lambda: Deck(*REVIEW).sealed(), lambda d: d.say(Verb.REDIRECT, words="a test first")),
    "pause": (Deck, lambda d: d.say(Verb.PAUSE)),
    "pause one at work": (lambda: Deck(*WORKING), lambda d: d.say(Verb.PAUSE)),
    "resume": (paused, lambda d: d.say(Verb.RESUME)),
    "rewind": (lambda: Deck(*WORKING).listened(), lambda d: d.say(Verb.REWIND, checkpoint="c1", words="again")),
    "retry": (lambda: Deck(Phase.FAILED, ask=RequestKind.FAILURE, interrupt=""), lambda d: d.say(Verb.RETRY)),
    "stop": (lambda: Deck(*WAITING, ask=RequestKind.QUESTION), lambda d: d.say(Verb.STOP, runs=[d.run.id])),
    "raise budget": (
        lambda: Deck(*WAITING, ask=RequestKind.BUDGET), lambda d: d.say(Verb.RAISE_BUDGET, amount_micro=5_000_000)
    ),
    "merge": (lambda: Deck(*REVIEW).sealed(), lambda d: d.say(Verb.MERGE, head=HEAD, digest="d" * 64)),
    "snooze": (lambda: Deck(*WAITING, ask=RequestKind.QUESTION), later),
    "delegate": (
        lambda: Deck(*WAITING, ask=RequestKind.QUESTION), lambda d: decide.delegate(d.alice, d.ask.id, d.cast.bob.id)
    ),
    "undo": (undone, lambda d: decide.undo(d.alice, d.batch)),
}  # fmt: skip


def look(deck: Deck) -> dict[str, Any]:
    """The board, and the timeline of the run that is open, its run first."""
    board = snapshot.board([deck.cast.lark.id])
    page = snapshot.run(deck.run.id, [deck.cast.lark.id])
    runs = sorted(board.runs, key=lambda one: one.id != str(deck.run.id))
    return json.loads(board.model_copy(update={"runs": runs, "timeline": page.timeline}).model_dump_json())


def shown(taken: dict[str, Any]) -> dict[str, Any]:
    return {
        "runs": {one["id"]: one for one in taken["runs"]},
        "requests": {one["id"]: one for one in taken["requests"] if one["state"] not in ("decided", "withdrawn")},
        "timeline": {one["seq"]: one for one in taken["timeline"]},
        "heads": dict(taken["heads"]),
    }


def apply(world: dict[str, Any], frame: dict[str, Any]) -> None:
    """What API.md asks of a client, in ten lines."""
    heads = world["heads"]
    match frame["op"]:
        case "card" if frame["seq"] >= world["runs"].get(frame["run"]["id"], {"seq": 0})["seq"]:
            world["runs"][frame["run"]["id"]] = frame["run"]
            heads[frame["run"]["id"]] = max(frame["seq"], heads.get(frame["run"]["id"], 0))
        case "request":
            world["requests"].pop(frame["request"]["id"], None)
            if frame["request"]["state"] not in ("decided", "withdrawn"):
                world["requests"][frame["request"]["id"]] = frame["request"]
        case "events":
            world["timeline"] |= {line["seq"]: line for line in frame["events"]}
        case "heads":
            world["heads"] = {one: max(seq, heads.get(one, 0)) for one, seq in (heads | frame["heads"]).items()}


@pytest.mark.parametrize("name", CASES)
async def test_the_frames_after_an_old_snapshot_lead_to_a_fresh_one(name: str) -> None:
    make, act = CASES[name]
    deck = await sync_to_async(make)()
    screen = Screen(Hub(FASTER, no_wakes), await cookie_of(deck.cast.alice))
    await screen.open({"view": "board"}, {"view": "run", "run": str(deck.run.id)})
    old = await sync_to_async(look)(deck)
    await sync_to_async(act)(deck)
    fresh = await sync_to_async(look)(deck)
    assert shown(old) != shown(fresh)
    world, frames = shown(old), []
    while world != shown(fresh):
        frames.append(await screen.next())
        apply(world, frames[-1])
    await screen.leave()
    if os.environ.get("QUARTERDECK_GOLDEN") == "1":
        kept = {"name": name, "snapshot": old, "frames": frames, "fresh": fresh}
        (GOLDEN / f"{name.replace(' ', '-')}.json").write_text(steady(kept))


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_what_the_dashboard_replays_is_what_the_platform_says(path: Path) -> None:
    """Cases made by hand for the dashboard's own corners are checked for their shape alone."""
    case = json.loads(path.read_text())
    Snapshot.model_validate(case["snapshot"])
    Snapshot.model_validate(case["fresh"])
    world = shown(case["snapshot"])
    for frame in case["frames"]:
        SERVER_FRAME.validate_python(frame)
        apply(world, frame)
    assert case["name"] not in CASES or world == shown(case["fresh"])


def test_every_verb_has_its_case() -> None:
    kept = {path.stem for path in GOLDEN.glob("*.json")}
    assert {name.replace(" ", "-") for name in CASES} <= kept
    assert {verb.value.split()[0] for verb in Verb} <= {name.split()[0] for name in CASES}


def steady(case: dict[str, Any]) -> str:
    """Ids by their first appearance, times by their order: the same case gives the same file."""
    text = json.dumps(case, indent=1, ensure_ascii=False)
    ids = list(dict.fromkeys(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)))
    for n, one in enumerate(ids, 1):
        text = text.replace(one, str(UUID(int=n)))
    times = sorted({found for found in re.findall(r"\b1[0-9]{12}\b", text)})
    for n, one in enumerate(times):
        text = text.replace(one, str(1_790_000_000_000 + n))
    return text + "\n"
