"""What the rehearsal model does with a ticket that it has no script for: it reads, and says plainly that it cannot write."""

import re

from quarterdeck.outside.models.rehearsal_scene import Scene
from quarterdeck.outside.models.rehearsal_script import Move, Wish

CANNOT = (
    "This is the rehearsal model. It plays the sample's tickets from a script and cannot write code for a ticket that it has no "
    "script for. Connect a model endpoint in settings, then retry the run."
)
PLACE = re.compile(r"(?<![\w/])((?:[\w.-]+/)*[\w-]+\.[a-z]{1,5}):(\d+)")
MOST_PLACES = 3


def answer(scene: Scene) -> Move:
    """A pure function of the scene, as everything here."""
    stage = {"understand": _understood, "locate": _places, "plan": _plan, "review": _reviewed}.get(scene.stage, _work)
    return stage(scene)


def hello() -> Move:
    """For a request that is no stage of a run, such as the test of an endpoint."""
    return Move("This is the rehearsal model: it is here, and it plays the sample's tickets.", delay=0)


def _understood(scene: Scene) -> Move:
    said = f"{scene.title or scene.ticket}. I can read this ticket, but I have no script for it."
    return Move(
        said, (Wish("understood", {"restated": said, "behaviours": [scene.title or scene.ticket], "questions": []}),)
    )


def _places(scene: Scene) -> Move:
    why = "Ranked as a candidate; the rehearsal model did not read it."
    found = list(dict.fromkeys(PLACE.findall(scene.opening)))[:MOST_PLACES]
    places = [{"path": path, "line": int(line), "symbol": "", "why": why} for path, line in found]
    return Move("I take the best candidates as they were offered.", (Wish("places", {"places": places}),))


def _plan(scene: Scene) -> Move:
    step = {"title": "Say that a model endpoint is needed for this ticket", "paths": [], "citations": []}
    return Move("A plan of one honest step.", (Wish("plan", {"steps": [step], "risk": "low"}),))


def _work(_: Scene) -> Move:
    return Move(CANNOT, (Wish("give_up", {"reason": CANNOT}),))


def _reviewed(_: Scene) -> Move:
    return Move(CANNOT, (Wish("reviewed", {"verdict": "seal", "notes": CANNOT}),))
