"""What a hub has told already, and what it knows has moved since."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from quarterdeck.record.feed import Standing


@dataclass
class Told:
    """`seen`: project and site streams. `cards` and `lines`: runs, and opened runs. Each holds the newest number told.

    `frames` holds the last frame of each card and request: what would say the same again is not sent.
    """

    seen: dict[str, int] = field(default_factory=dict)
    cards: dict[UUID, int] = field(default_factory=dict)
    lines: dict[UUID, int] = field(default_factory=dict)
    signs: dict[UUID, datetime] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)
    dirty: set[UUID] = field(default_factory=set)
    behind: set[UUID] = field(default_factory=set)
    streams: set[str] = field(default_factory=set)

    def begin(self, now: Standing, opened: set[UUID]) -> None:
        """From here on somebody watches these: what stands now he reads himself, what comes after he must be told."""
        for stream, seq in now.streams.items():
            self.seen.setdefault(stream, seq)
        for run, (_, seq) in now.runs.items():
            self.cards.setdefault(run, seq)
            if run in opened:
                self.lines.setdefault(run, seq)
        for run, sign in now.signs.items():
            self.signs.setdefault(run, sign)

    def moved(self, stream: str, seq: int) -> None:
        kind, _, word = stream.partition(":")
        if kind == "run":
            self.run_moved(UUID(word), seq)
        elif seq > self.seen.get(stream, seq):
            self.streams.add(stream)

    def run_moved(self, run: UUID, seq: int) -> None:
        if seq > self.cards.get(run, 0):
            self.dirty.add(run)
        if seq > self.lines.get(run, seq):
            self.behind.add(run)

    def compare(self, now: Standing, opened: set[UUID]) -> None:
        """Heals every wake that was lost, and forgets what nobody watches."""
        for stream, seq in now.streams.items():
            self.moved(stream, seq)
            self.seen.setdefault(stream, seq)
        for run, (_, seq) in now.runs.items():
            self.run_moved(run, seq)
        self.dirty |= {run for run, sign in now.signs.items() if self.signs.get(run) != sign} | now.restless
        self.signs = now.signs
        self.cards = {run: seq for run, seq in self.cards.items() if run in now.runs}
        self.lines = {run: seq for run, seq in self.lines.items() if run in opened}

    def is_new(self, key: str, frame: str) -> bool:
        """Would this frame say something else than the last one under this key? Remembered either way."""
        mark = hash(frame)
        if self.frames.get(key) == mark:
            return False
        if len(self.frames) > 20_000:
            self.frames.clear()
        self.frames[key] = mark
        return True
