"""What an attempt's work and its sides (heartbeat, mail, signals) tell each other while both run."""

import asyncio
from dataclasses import dataclass, field

from deckhand.exits import Parked


@dataclass
class Watch:
    """`pausing` is set by a pause or a SIGTERM: the next node does not start. `leaving`: the goodbye is on its way, and
    a door that shuts behind it is no fence."""

    doing: str = "fetching the repository"
    step: int = 0
    pausing: str = ""
    leaving: bool = False
    told: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, doing: str) -> None:
        """The line on the card until the next step."""
        self.doing = doing

    def terminate(self) -> None:
        """SIGTERM: the place is being taken away."""
        self.pausing = "terminated"
        self.told.set()

    def leave_if_told(self) -> None:
        if self.pausing:
            raise Parked(self.pausing)
