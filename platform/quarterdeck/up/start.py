"""`quarterdeck up`, read from top to bottom: lock, sweep, databases, record, services, and the way back."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from quarterdeck.errors import GaveUp
from quarterdeck.outside.cluster import probe as walls
from quarterdeck.up import cluster, environment, jira, ports, postgres, probe, processes, sentences, valkey
from quarterdeck.up.cluster import Wanted
from quarterdeck.up.environment import TOP, Place
from quarterdeck.up.lock import DataLock
from quarterdeck.up.supervise import House, Service, Supervisor

PYTHON = (sys.executable, "-P")
MANAGE = (sys.executable, str(TOP / "manage.py"))


def main(given: Mapping[str, str] = os.environ, prepared: float = 0.0) -> int:
    """The exit code: 0 after an ordered stop, 1 with one clear sentence. `prepared`: seconds that went by before."""
    try:
        place = environment.read(given)
        environment.make_folders(place)
        sentences.room(place.data)
        lock = DataLock(place.data)
        lock.take()
        try:
            return asyncio.run(_live(place, given, lock, prepared))
        finally:
            lock.free()
    except GaveUp as told:
        sentences.say(f"\nQuarterdeck did not start. {told.text}")
    except OSError as broken:
        sentences.say(f"\nQuarterdeck did not start. {sentences.why(broken)}")
    return 1


async def _live(place: Place, given: Mapping[str, str], lock: DataLock, prepared: float) -> int:
    """Start, stay until a signal, stop. Whatever happens between, nothing of ours is left behind."""
    leave = _on_signals()
    started = time.monotonic()
    for name in processes.sweep(place.pids, place.data / "places"):
        sentences.say(f"  ended {name}, left over from an earlier start")
    port = ports.choose(place.host, place.port, named=place.port_named)
    want = cluster.wanted(given)
    demo = jira.wanted(given)
    children = environment.of_children(place, given, port) | (demo.environment(given) if demo else {})
    house = House(place.logs, place.pids, children, sentences.say)
    boot = Boot(place, port, Supervisor(house), want, demo)
    try:
        if await _unless(leave, boot.start(given)):
            ports.write(place.run, place.host, port)
            lock.tell({"address": boot.address})
            boot.welcome(sentences.took(time.monotonic() - started, prepared))
            await leave.wait()
    finally:
        await _stop(boot.supervisor, place)
        if want is not None:
            await cluster.leave(want, given)
            sentences.say(
                f"Agents in {want.words} were ended." + (" make cluster-down ends it too." if want.own else "")
            )
    return 0


def _on_signals() -> asyncio.Event:
    leave = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, leave.set)
    return leave


async def _unless(leave: asyncio.Event, work: Any) -> bool:
    """Whether the work was done before somebody asked to leave; its error is raised."""
    doing, waiting = asyncio.ensure_future(work), asyncio.ensure_future(leave.wait())
    await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if doing.done():
        doing.result()
        return True
    doing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await doing
    return False


async def _stop(supervisor: Supervisor, place: Place) -> None:
    began = time.monotonic()
    sentences.say("\nStopping …")
    await supervisor.stop(between=lambda: processes.end_shims(place.data / "places"))
    # What a cancelled start may have left between fork and our first look at it.
    await asyncio.to_thread(processes.sweep, place.pids, place.data / "places")
    environment.clear_run(place)
    sentences.say(
        f"Stopped in {time.monotonic() - began:.1f} s. Nothing is left running; the next start goes on from here."
    )


@dataclass
class Boot:
    """The stages of one start."""

    place: Place
    port: int
    supervisor: Supervisor
    wanted: Wanted | None = None
    demo: jira.Demo | None = None

    def __post_init__(self) -> None:
        self.news: dict[str, Any] = {}
        self.address = ports.address(self.place.host, self.port)

    async def start(self, given: Mapping[str, str]) -> None:
        if self.wanted is not None:
            await self._timed("cluster", self._cluster(self.wanted, given))
        await self._timed("databases", self._databases())
        await self._timed("record and sample", self._record())
        await self._timed("dashboard and git", self.supervisor.stage(*self._doors()))
        await self.supervisor.beside(*self._hands())

    async def _timed(self, name: str, work: Any) -> None:
        began = time.monotonic()
        await work
        sentences.phase(name, time.monotonic() - began)

    async def _cluster(self, want: Wanted, given: Mapping[str, str]) -> None:
        house = self.supervisor.house
        more = await cluster.ready(want, given)
        self.supervisor.house = replace(house, environment={**house.environment, **more})

    async def _databases(self) -> None:
        if self.place.database_url is None:
            postgres.open_way(self.place.data, self.place.run)
            await asyncio.to_thread(postgres.initialise, self.place.data / "postgres")
            await asyncio.to_thread(postgres.clear_stale_pid, self.place.data / "postgres")
        await self.supervisor.stage(*self._embedded())

    def _embedded(self) -> list[Service]:
        data, run = self.place.data / "postgres", self.place.run
        services = []
        if self.place.database_url is None:

            async def postgres_ready() -> bool:
                return postgres.ready(data)

            # SIGINT: fast shutdown; SIGQUIT: at once, and the next start recovers from the write-ahead log.
            words = postgres.command(data, run)
            services.append(Service("postgres", words, postgres_ready, signal.SIGINT, signal.SIGQUIT))
        if self.place.valkey_url is None:

            async def valkey_ready() -> bool:
                return await asyncio.to_thread(valkey.ready, run)

            services.append(Service("valkey", valkey.command(run), valkey_ready))
        return services

    async def _record(self) -> None:
        words = self.demo.ready_words() if self.demo else []
        printed = await self.supervisor.once("make_ready", [*MANAGE, "make_ready", *words])
        self.news = json.loads(printed.strip().splitlines()[-1])

    def _doors(self) -> list[Service]:
        """What a person and the agents reach. First, and with the machine to themselves: somebody waits for the page."""
        serve = [*PYTHON, "-m", "quarterdeck.doors.serve"]
        return [
            Service("git", [*serve, "git"], probe.over_unix(self.place.run / "git-internal.sock")),
            Service("web", [*serve, "web"], probe.over_tcp(self.place.host, self.port)),
        ]

    def _hands(self) -> list[Service]:
        """Nobody waits for these: pokes may be lost, and the reconciler repairs by comparison. Beat keeps its schedule in
        memory: all of it is short intervals, and a file torn by a power cut would stop every sweep."""
        celery = [*PYTHON, "-m", "celery", "-A", "quarterdeck.celery"]
        worker = [
            *celery,
            "worker",
            "-P",
            "threads",
            "-c",
            "8",
            "--without-mingle",
            "--without-gossip",
            "-l",
            "warning",
        ]
        beat = [*celery, "beat", "-S", "celery.beat:Scheduler", "--pidfile=", "-l", "warning"]
        demo = [self.demo.service(self.address)] if self.demo else []
        outlet = [Service("outlet", [*PYTHON, "-m", "quarterdeck.doors.serve", "outlet"])] if self.wanted else []
        return [
            *demo,
            *outlet,
            Service("reconciler", [*MANAGE, "reconcile"]),
            Service("worker", worker),
            Service("beat", beat),
        ]

    def welcome(self, waited: str) -> None:
        link, there = self.news.get("link", ""), self.demo.address if self.demo else ""
        sentences.welcome(self.address, link, self.missing(), waited, there)

    def missing(self) -> list[str]:
        lines = [] if self.news.get("models") else [sentences.NO_MODELS]
        if self.wanted is not None:
            return lines
        sandbox = walls.probe()
        return lines if sandbox.works else [*lines, f"sandbox: no agent can start here. {sandbox.words}"]
