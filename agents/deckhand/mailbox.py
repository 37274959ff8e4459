"""The agent's mailbox: commands are fetched all the time and taken by the listen node, each once and in order."""

import asyncio

from deckhand.uplink import Uplink
from deckwire.commands import Command

HOLD_SECONDS = 25.0


class Mailbox:
    """`interrupted` is set while a redirect in interrupt mode waits: running tools end themselves on it."""

    def __init__(self, uplink: Uplink, after: int) -> None:
        self.uplink = uplink
        self.after = after
        self.interrupted = asyncio.Event()
        self._commands: list[Command] = []
        self._arrived = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._commands)

    def has(self, verb: str) -> bool:
        return any(command.verb == verb for command in self._commands)

    @property
    def urgent(self) -> bool:
        """Whether something waits that must be taken even before tool calls that the model has made already."""
        return self.has("pause") or self.interrupted.is_set()

    async def fetch(self, hold: float) -> None:
        mail = await self.uplink.mail(self.after, hold)
        for command in sorted(mail.commands, key=lambda one: one.n):
            if command.n > self.after:
                self.after = command.n
                self.put(command)

    def put(self, command: Command) -> None:
        self._commands.append(command)
        self._arrived.set()
        if command.verb == "redirect" and command.mode == "interrupt":
            self.interrupted.set()

    async def poll(self) -> None:
        """Runs for the life of the attempt."""
        while True:
            before = self.after
            await self.fetch(HOLD_SECONDS)
            if self.after == before:
                # A door that does not hold (it is shutting down, say) must not be asked a thousand times a second.
                await asyncio.sleep(0.2)

    def take(self) -> list[Command]:
        """Takes everything, in order."""
        taken, self._commands = self._commands, []
        self._settle()
        return taken

    def next(self) -> Command | None:
        """Takes the first; what came behind it stays."""
        taken = self._commands.pop(0) if self._commands else None
        self._settle()
        return taken

    def _settle(self) -> None:
        if not any(command.verb == "redirect" and command.mode == "interrupt" for command in self._commands):
            self.interrupted.clear()
        if not self._commands:
            self._arrived.clear()

    async def arrival(self) -> None:
        """Returns when there is mail."""
        await self._arrived.wait()
