"""Plays a script: walks along its moves with the real results, and finds the next one. Pure functions.

Placeholders in a move's arguments: "{{line:TEXT}}" is the number of the line that holds TEXT as search or view showed it,
"{{seen:PATTERN}}" the part of the last result that fits.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from quarterdeck.outside.models.rehearsal_scene import Heard, Scene, Turn
from quarterdeck.outside.models.rehearsal_script import Move, Script, Track, Wish

STEERED = ("plan", "work")
"""Stages in which a redirect without a track is answered; the others only read it in passing."""
MERGED = "The other side merged cleanly with mine: there is nothing to bring together by hand. The tests decide."
SEEN_CHARACTERS = 1_500
NO_OTHER_WAY = (
    "I read the redirect. This is the rehearsal model: its script for this ticket has no other way, so nothing changes."
)
REFUSED = re.compile(
    r"\A[^\n]*(does not stand in|stands \d+ times|nothing was written|exists: use|there is no|is not UTF-8|\Aerror: )"
)
"""How an edit or a create begins that changed nothing."""


@dataclass
class Walk:
    """Where a track stands. `left`: calls of the move at hand that were asked for but not run. `missed`: what was hoped for
    and not seen."""

    track: Track
    at: int = 0
    left: tuple[Wish, ...] | None = None
    seen: str = ""
    last: str = ""
    missed: str = ""


def next_move(script: Script, scene: Scene) -> Move:
    """What the model does next in this scene; the move's placeholders are filled in."""
    walk = _walked(script, scene)
    if walk is None:
        return _lost(scene, f"the script of {scene.ticket} has nothing for the stage {scene.stage}", "")
    if walk.missed:
        return _lost(scene, walk.missed, walk.last)
    move = _at(walk) or _exhausted(scene, walk)
    if walk.left is not None:
        move = replace(move, calls=walk.left)
    if _just(scene) == "redirect" and scene.stage in STEERED and not script.after(scene.stage, "redirect"):
        move = replace(move, say=NO_OTHER_WAY if move.say == NO_OTHER_WAY else f"{NO_OTHER_WAY} {move.say}")
    return replace(move, calls=tuple(Wish(c.tool, _filled(c.args, scene.shown, walk.last)) for c in move.calls))


def _walked(script: Script, scene: Scene) -> Walk | None:
    track, items = _chosen(script, scene)
    if track is None:
        return None
    walk = Walk(track)
    for item in items:
        if isinstance(item, Turn):
            _step(script, scene, walk, item)
    return walk


def _chosen(script: Script, scene: Scene) -> tuple[Track | None, tuple[Turn | Heard, ...]]:
    """The last word that the script has a track for starts that track; else the stage's first track goes on."""
    for place in range(len(scene.items) - 1, -1, -1):
        item = scene.items[place]
        if isinstance(item, Heard) and (track := script.after(scene.stage, item.kind)):
            return track, scene.items[place + 1 :]
    return script.plain(scene.stage, scene.heard), scene.items


def _step(script: Script, scene: Scene, walk: Walk, turn: Turn) -> None:
    """One turn of the past: it was the move at hand, or what was left of it."""
    move = _at(walk)
    if move is None or walk.missed:
        return
    wishes = walk.left if walk.left is not None else move.calls
    ran = [call.ran for call in turn.calls]
    results = "\n".join(call.result or "" for call in turn.calls if call.ran)
    walk.last = f"{walk.last}\n{results}" if walk.left is not None else results
    walk.seen += f"\n{results}"
    walk.left = tuple(wish for wish, done in zip(wishes, ran, strict=False) if not done) or None
    if walk.left is not None:
        return
    walk.at += 1
    refused = any(c.tool in ("edit", "create") and REFUSED.match(c.result or "") for c in turn.calls)
    if refused or not all(re.search(pattern, walk.last, re.MULTILINE) for pattern in move.expect):
        _missed(script, scene, walk, move)


def _missed(script: Script, scene: Scene, walk: Walk, move: Move) -> None:
    other = script.named(scene.stage, move.otherwise)
    if other is None:
        walk.missed = (
            f"I expected {move.hope or 'the code to look as my script knows it'}, and that is not what I found"
        )
        return
    walk.track, walk.at = other, 0


def _at(walk: Walk) -> Move | None:
    """The move at hand; those whose condition does not hold are passed over for good."""
    while walk.at < len(walk.track.moves):
        move = walk.track.moves[walk.at]
        if walk.left is not None or _holds(move, walk.seen):
            return move
        walk.at += 1
    return None


def _holds(move: Move, seen: str) -> bool:
    wanted = not move.when or re.search(move.when, seen, re.MULTILINE)
    return bool(wanted) and not (move.unless and re.search(move.unless, seen, re.MULTILINE))


def _just(scene: Scene) -> str:
    """What was said to the model since its last turn."""
    last = scene.items[-1] if scene.items else None
    return last.kind if isinstance(last, Heard) else ""


def _exhausted(scene: Scene, walk: Walk) -> Move:
    """Asked again after the last move: a verdict is repeated, and work says what it can."""
    if scene.stage != "work":
        return walk.track.moves[-1]
    word = _just(scene)
    if word == "redirect":
        return Move(NO_OTHER_WAY, (Wish("finish", {"summary": NO_OTHER_WAY}),))
    if word in ("red", "conflict"):
        last = next(item.text for item in reversed(scene.items) if isinstance(item, Heard))
        return _lost(scene, f"I was handed this back ({word}), and my script has no answer to it", last)
    done = MERGED if word == "merged" else "My script for this ticket is done; nothing was changed since."
    return Move(done, (Wish("finish", {"summary": done}),))


def _lost(scene: Scene, why: str, saw: str) -> Move:
    """The honest end: what was expected, what was there, and what a person can do."""
    reason = f"This is the rehearsal model, which follows a script: {why}."
    if saw.strip():
        reason += f"\nWhat I saw instead:\n{saw.strip()[-SEEN_CHARACTERS:]}"
    reason += "\nConnect a model endpoint in settings to have this ticket worked on for real."
    ends = {
        "understand": Wish("understood", {"restated": reason, "behaviours": [], "questions": []}),
        "locate": Wish("places", {"places": []}),
        "plan": Wish(
            "plan", {"steps": [{"title": "Stop: the code is not as the script knows it", "paths": []}], "risk": "low"}
        ),
        "review": Wish("reviewed", {"verdict": "seal", "notes": reason}),
    }
    return Move(reason, (ends.get(scene.stage, Wish("give_up", {"reason": reason})),))


def _filled(value: Any, shown: str, last: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, shown, last) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, shown, last) for inner in value]
    if isinstance(value, str) and (line := re.fullmatch(r"\{\{line:(.+)\}\}", value)):
        return line_of(line.group(1), shown)
    if isinstance(value, str) and (part := re.fullmatch(r"\{\{seen:(.+)\}\}", value)):
        fits = re.search(part.group(1), last, re.DOTALL | re.MULTILINE)
        return fits.group() if fits else ""
    return value


def line_of(text: str, shown: str) -> int:
    """The number in front of `text` as search ("path:12:text") or view ("  12  text") print it, else the one in front of its
    last word, as a list of places has it ("path:12 symbol"). 0 when neither was shown."""
    for wanted in (text, text.split()[-1]):
        if found := re.findall(rf"^(?:- )?(?:[^\s:]+:)?\s*(\d+)[^\w\n]*{re.escape(wanted)}", shown, re.MULTILINE):
            return int(found[-1])
    return 0
