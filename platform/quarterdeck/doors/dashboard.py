"""What waits to be sent to one dashboard: bounded, so that a slow one costs itself a snapshot and nobody else anything."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from uuid import UUID

from deckwire.frames import ResyncFrame

MOST_FRAMES = 256
MOST_BYTES = 1_000_000
RESYNC = ResyncFrame().model_dump_json()


@dataclass(eq=False)
class Dashboard:
    """One open socket: who looks, at what, and what he has not been sent yet.

    `board` is true while the board or the inbox is in view; `opened` maps the runs in view to their project.
    """

    person: UUID
    session: str = ""
    projects: set[UUID] = field(default_factory=set)
    board: bool = False
    opened: dict[UUID, UUID] = field(default_factory=dict)
    ended: bool = False
    _frames: deque[str] = field(default_factory=deque)
    _bytes: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, frame: str) -> None:
        """Past the bound everything is dropped for one frame that says: take a snapshot."""
        if len(self._frames) >= MOST_FRAMES or self._bytes + len(frame) > MOST_BYTES:
            self._frames.clear()
            self._bytes = 0
            frame = RESYNC
        self._frames.append(frame)
        self._bytes += len(frame)
        self._news.set()

    async def take(self) -> list[str]:
        """Everything that waits; waits itself while there is nothing."""
        await self._news.wait()
        self._news.clear()
        frames = list(self._frames)
        self._frames.clear()
        self._bytes = 0
        return frames

    def end(self) -> None:
        """The session is over: the socket closes with what it has."""
        self.ended = True
        self._news.set()

    def sees(self, project: UUID, run: UUID) -> bool:
        return project in self.projects and (self.board or run in self.opened)

    def may_see(self, projects: set[UUID]) -> bool:
        """Takes the rights as they are now, drops what went with them, and says whether anything changed."""
        changed = projects != self.projects
        self.projects = projects
        self.opened = {run: project for run, project in self.opened.items() if project in projects}
        return changed
