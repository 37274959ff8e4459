"""The scripts of the rehearsal model: data files, one per ticket of the sample, read into small frozen records.

A script has tracks, a track has moves. A move is what the model says and the tools it calls; what came back decides what
is next. The format is described in sample/scripts/README.md.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DELAY_MS = 1_500


@dataclass(frozen=True)
class Wish:
    """A tool call that a move makes. Its arguments may hold placeholders, see rehearsal_play."""

    tool: str
    args: dict[str, Any]


@dataclass(frozen=True)
class Move:
    """`expect`: patterns that must all stand in the results, `hope` says the same for people. When one does not, the
    track `otherwise` goes on, and without it the model gives up. `when` and `unless`: patterns over all results of the track so
    far; the move is left out unless they agree. `delay` is in ms; `tokens_in`/`tokens_out` of 0 are counted from the text.
    """

    say: str = ""
    calls: tuple[Wish, ...] = ()
    expect: tuple[str, ...] = ()
    hope: str = ""
    otherwise: str = ""
    when: str = ""
    unless: str = ""
    delay: int = DELAY_MS
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True)
class Track:
    """`on`: played after such a word of a person or of the platform (redirect | conflict | red), from its first move.
    `given`: a pattern over what the model was told after its opening; the first track whose pattern is there is played.
    """

    stage: str
    moves: tuple[Move, ...]
    name: str = ""
    on: str = ""
    given: str = ""


@dataclass(frozen=True)
class Script:
    ticket: str
    tracks: tuple[Track, ...] = field(default=())

    def plain(self, stage: str, heard: str) -> Track | None:
        """The track a stage starts with: the first whose `given` stands in what was heard, else the one without."""
        fitting = [t for t in self.tracks if t.stage == stage and not t.on and not t.name]
        chosen = [t for t in fitting if t.given and re.search(t.given, heard, re.MULTILINE)]
        return next(iter([*chosen, *(t for t in fitting if not t.given)]), None)

    def after(self, stage: str, word: str) -> Track | None:
        return next((t for t in self.tracks if t.stage == stage and t.on == word), None)

    def named(self, stage: str, name: str) -> Track | None:
        return next((t for t in self.tracks if t.stage == stage and t.name and t.name == name), None)


def load(folder: Path) -> Mapping[str, Script]:
    """Every script of a folder by its ticket's key. Raises OSError, TOMLDecodeError, TypeError for an unknown field."""
    scripts = [parse(tomllib.loads(path.read_text("utf-8"))) for path in sorted(folder.glob("*.toml"))]
    return {script.ticket: script for script in scripts}


def parse(data: dict[str, Any]) -> Script:
    return Script(data["ticket"], tuple(_track(track) for track in data["track"]))


def _track(data: dict[str, Any]) -> Track:
    return Track(**{**data, "moves": tuple(_move(move) for move in data["moves"])})


def _move(data: dict[str, Any]) -> Move:
    calls = tuple(Wish(call["tool"], call.get("args", {})) for call in data.get("calls", ()))
    expect = data.get("expect", ())
    return Move(**{**data, "calls": calls, "expect": (expect,) if isinstance(expect, str) else tuple(expect)})
