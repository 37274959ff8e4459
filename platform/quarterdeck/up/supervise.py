"""The supervisor: services in stages, one-shots between them, restarts with back-off, and an ordered stop.

A stage starts together and is passed when all of it is ready; the stop goes back through the stages. Every child leads
a session of its own, so Ctrl-C on the terminal reaches only us and we decide the order.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals

from quarterdeck.errors import GaveUp
from quarterdeck.up import processes
from quarterdeck.up.probe import Probe, at_once

# A log that has grown beyond this (bytes) is set aside as <name>.log.1 at the next start.
LOG_LIMIT = 10_000_000


@dataclass(frozen=True)
class Service:
    """A long-running child. `patience` is in seconds until it must be ready; `insist` follows `stop` when it stays."""

    name: str
    command: Sequence[str]
    ready: Probe = at_once
    stop: Signals = SIGTERM
    insist: Signals = SIGKILL
    patience: float = 60.0


@dataclass(frozen=True)
class House:
    """What all children share."""

    logs: Path
    pids: Path
    environment: Mapping[str, str]
    say: Callable[[str], None]
    pauses: Sequence[float] = (0.2, 1.0, 2.0, 5.0, 15.0)
    calm: float = 30.0
    """Seconds a restarted child must live before its crashes are forgotten."""

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    async def spawn(self, name: str, command: Sequence[str], *, heard: bool = False) -> asyncio.subprocess.Process:
        """Start it with its log; `heard` gives us its standard output instead of the log."""
        with self.log(name).open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *processes.recorded(command, self.pids / f"{name}.pid"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if heard else log,
                stderr=log,
                env=dict(self.environment),
                start_new_session=True,
            )

    def forget(self, name: str) -> None:
        (self.pids / f"{name}.pid").unlink(missing_ok=True)

    def tail(self, name: str, lines: int = 8) -> str:
        try:
            text = self.log(name).read_text(errors="replace")[-4000:]
        except OSError:
            return ""
        return "\n".join(f"    {line}" for line in text.rstrip().splitlines()[-lines:])


@dataclass
class Kept:
    """One service that is kept running until `stop`."""

    service: Service
    house: House
    process: asyncio.subprocess.Process | None = None
    crashes: int = 0
    _watch: asyncio.Task[None] | None = field(default=None, repr=False)

    async def start(self) -> None:
        """Until it is ready. GaveUp with the end of its log when it ends before, or is not ready in time."""
        name = self.service.name
        _set_aside(self.house.log(name))
        self.process = await self.house.spawn(name, self.service.command)
        if not await self._becomes_ready():
            why = f"ended with {self.process.returncode}" if self.process.returncode is not None else "is not ready"
            raise GaveUp(f"{name} {why}; see {self.house.log(name)}:\n{self.house.tail(name)}")
        self._watch = asyncio.create_task(self._keep())

    async def _becomes_ready(self) -> bool:
        assert self.process is not None
        deadline = time.monotonic() + self.service.patience
        while self.process.returncode is None and time.monotonic() < deadline:
            if await self.service.ready():
                return self.process.returncode is None
            await asyncio.sleep(0.05)
        return False

    async def _keep(self) -> None:
        """Restart it whenever it ends, each time a little later, until it has lived calmly for a while."""
        while self.process is not None:
            started = time.monotonic()
            code = await self.process.wait()
            self.crashes = 1 if time.monotonic() - started > self.house.calm else self.crashes + 1
            pause = self.house.pauses[min(self.crashes, len(self.house.pauses)) - 1]
            self._tell(code, pause)
            processes.signal_group(self.process.pid, SIGKILL)  # what it left in its group would hold its sockets
            await asyncio.sleep(pause)
            self.process = await self.house.spawn(self.service.name, self.service.command)
            if self.service.ready is not at_once and await self._becomes_ready():
                self.house.say(f"{self.service.name} is back")

    def _tell(self, code: int, pause: float) -> None:
        name, log = self.service.name, self.house.log(self.service.name)
        if self.crashes < 3:
            self.house.say(f"{name} ended with {code}; starting it again")
        else:
            self.house.say(
                f"{name} keeps ending ({self.crashes} times, last with {code}): see {log}; again in {pause:g} s"
            )

    async def stop(self, within: float) -> None:
        """Ask, wait `within` seconds, insist; then end what it left in its group. Its pid file stays for the sweep that
        ends a stop: what was being restarted at this moment is found there."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait({self._watch})
        if self.process is None:
            return
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(self.service.stop)
            if not await _ends(self.process, within):
                processes.signal_group(self.process.pid, self.service.insist)
                await _ends(self.process, 1.0)
        processes.signal_group(self.process.pid, SIGKILL)


@dataclass
class Supervisor:
    """The stages in the order of their start."""

    house: House
    stages: list[list[Kept]] = field(default_factory=list)

    async def stage(self, *services: Service) -> None:
        """Start these together; the first that fails is raised, and `stop` still finds them all."""
        self.stages.append([])
        await self.beside(*services)

    async def beside(self, *services: Service) -> None:
        """Start these in the last stage: later than the others there, stopped together with them."""
        kept = [Kept(service, self.house) for service in services]
        self.stages[-1].extend(kept)
        try:
            async with asyncio.TaskGroup() as group:
                for one in kept:
                    group.create_task(one.start())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def once(self, name: str, command: Sequence[str]) -> str:
        """Run a one-shot to its end and give what it printed. GaveUp with the end of its log when it fails."""
        _set_aside(self.house.log(name))
        process = await self.house.spawn(name, command, heard=True)
        try:
            printed, _ = await process.communicate()
        finally:
            processes.signal_group(process.pid, SIGKILL)
            self.house.forget(name)
        if process.returncode != 0:
            raise GaveUp(
                f"{name} ended with {process.returncode}; see {self.house.log(name)}:\n{self.house.tail(name)}"
            )
        return printed.decode(errors="replace")

    async def stop(self, patience: float = 1.8, between: Callable[[], None] = lambda: None) -> None:
        """Last stage first. `between` runs once the last stage is down and before the ones it stood on.
        The stages below get less time than `patience` seconds: with nobody connected they have nothing to wait for."""
        for distance, stage in enumerate(reversed(self.stages)):
            await asyncio.gather(*(one.stop(patience if distance == 0 else patience / 3) for one in stage))
            if distance == 0:
                await asyncio.to_thread(between)
        self.stages.clear()


async def _ends(process: asyncio.subprocess.Process, within: float) -> bool:
    try:
        await asyncio.wait_for(process.wait(), within)
    except TimeoutError:
        return False
    return True


def _set_aside(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
