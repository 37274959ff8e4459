"""What the nodes have at hand: the run's facts, the line to the platform, the checkout, the shell and the models."""

import time
from dataclasses import dataclass, field

from deckhand.exits import LimitReached
from deckhand.mailbox import Mailbox
from deckhand.models.port import Models
from deckhand.outbox import Outbox
from deckhand.state import State
from deckhand.tools.shell import Outcome, Shell
from deckhand.watch import Watch
from deckhand.workspace import Workspace
from deckwire.base import Message
from deckwire.envelope import Config, Welcome

TEST_PATIENCE = 5
"""A test run may take this many times as long as any other command."""


@dataclass
class Deck:
    """`answering` names the commands whose answers the graph is being resumed with."""

    welcome: Welcome
    outbox: Outbox
    mailbox: Mailbox
    workspace: Workspace
    shell: Shell
    models: Models
    watch: Watch = field(default_factory=Watch)
    setup_note: str = ""
    answering: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    places: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Config:
        return self.welcome.config

    def say(self, event: Message) -> None:
        self.outbox.say(event)

    def mind_limits(self, state: State) -> None:
        """Raises LimitReached: before each model call."""
        limits, raised = self.config.limits, state.get("raised") or {}
        if state.get("turns", 0) >= limits.steps + raised.get("steps", 0):
            raise LimitReached(
                "steps", f"The run made {state.get('turns', 0)} model calls; its limit is {limits.steps}."
            )
        spent = time.monotonic() - self.began
        if spent >= limits.seconds + raised.get("seconds", 0):
            raise LimitReached("seconds", f"This attempt worked for {spent:.0f} s; its limit is {limits.seconds} s.")

    async def run(self, command: str, seconds: float) -> Outcome:
        """Runs a command of the repository's or the model's; the tree counts as changed, whatever it did."""
        self.workspace.dirty = True
        return await self.shell.run(
            command, seconds, self.mailbox.interrupted, lambda text: self.outbox.delta("terminal", text)
        )

    async def test(self, args: str = "") -> Outcome:
        command = " ".join(part for part in (self.config.commands.test, args) if part)
        return await self.run(command, self.config.limits.shell_seconds * TEST_PATIENCE)
