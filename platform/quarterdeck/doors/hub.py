"""One hub per web process: hears which streams moved, reads what changed once, and hands the same string to everybody.

A wake is a hint that may be lost; every two seconds the hub compares the heads of all watched streams with what it has
told, so it works, if later, with Valkey dead. It runs only while somebody looks, on the loop of the first who does.
Cards go out at most four times a second for each run; lines only to whoever has the run open.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import Error as DatabaseError

from deckwire.events import Changed, Delta
from deckwire.frames import CardFrame, ChangedFrame, DeltaFrame, EventsFrame, HeadsFrame, RequestFrame
from deckwire.tokens import digest
from quarterdeck.doors import sessions, wakeups
from quarterdeck.doors.dashboard import Dashboard
from quarterdeck.doors.told import Told
from quarterdeck.flow import watching
from quarterdeck.record import feed
from quarterdeck.record.snapshot import on_the_wire

log = logging.getLogger(__name__)
LEFT = ("decided", "withdrawn")
Wakes = Callable[[], AsyncIterator[dict[str, Any]]]


@dataclass(frozen=True)
class Pace:
    """Seconds: between two cards of one run, to gather lines, between comparisons, heads, rights, and watching marks."""

    card: float = 0.25
    lines: float = 0.05
    compare: float = 2.0
    heads: float = 15.0
    rights: float = 60.0
    watched: float = 10.0


class Hub:
    def __init__(self, pace: Pace | None = None, wakes: Wakes = wakeups.messages) -> None:
        self.pace, self._wakes = pace or Pace(), wakes
        self.dashboards: set[Dashboard] = set()
        self._forget()

    def _forget(self) -> None:
        self._told, self._due = Told(), dict[UUID, float]()
        self._work, self._rights = asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    # ---- who looks --------------------------------------------------------------------------------------------------

    def join(self, dashboard: Dashboard) -> None:
        self.dashboards.add(dashboard)
        if not self._tasks:
            self._forget()
            every = self._every
            self._tasks = [
                asyncio.create_task(turn)
                for turn in (
                    self._hear(), self._push(), every(self.pace.compare, self._compare),
                    every(self.pace.heads, self._say_heads), every(self.pace.watched, self._mark_watched),
                    self._keep_rights(),
                )
            ]  # fmt: skip
            for task in self._tasks:
                task.add_done_callback(_speak_up)

    async def leave(self, dashboard: Dashboard) -> None:
        """The last one out turns off the light."""
        self.dashboards.discard(dashboard)
        if self.dashboards:
            return
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def watch(self, dashboard: Dashboard, *, board: bool, runs: Iterable[UUID]) -> None:
        """Replaces what this dashboard hears of, and answers with the heads: what comes after them will be sent.

        A snapshot that is taken after that answer, and the frames from it on, leave no gap.
        """
        wanted = list(runs)
        now = await _read(feed.standing, dashboard.projects, wanted)
        may = {run: now.runs[run][0] for run in wanted if run in now.runs and now.runs[run][0] in dashboard.projects}
        self._told.begin(now, set(may))
        dashboard.board, dashboard.opened = board, may
        dashboard.put(_heads(dashboard, now))
        if may:
            await _read(watching.mark, [str(run) for run in may])

    # ---- what moved -------------------------------------------------------------------------------------------------

    async def _hear(self) -> None:
        async for message in self._wakes():
            try:
                self._heard(message)
            except (KeyError, ValueError, TypeError) as odd:  # pydantic's error is a ValueError too
                log.warning("hub: a wake that cannot be read: %s", odd)

    def _heard(self, message: dict[str, Any]) -> None:
        match message.get("topic", "stream"):
            case "stream":
                self._told.moved(message["stream"], int(message["seq"]))
                self._work.set()
            case "card":
                self._told.dirty.add(UUID(message["run"]))
                self._work.set()
            case "delta":
                self._pass_on(UUID(message["run"]), message["items"])
            case "signed_out":
                for one in self.dashboards:
                    if digest(one.session) == message["session"]:
                        one.end()

    def _pass_on(self, run: UUID, items: list[dict[str, Any]]) -> None:
        """Deltas are shown, never kept: whoever has the run open gets them as they come."""
        watchers = [one for one in self.dashboards if run in one.opened]
        for item in items if watchers else []:
            delta = Delta.tolerant(item)
            frame = DeltaFrame(run=str(run), kind=delta.kind, text=delta.text).model_dump_json()
            for one in watchers:
                one.put(frame)

    async def _compare(self) -> None:
        self._told.compare(await self._standing(), self._opened())
        self._work.set()

    async def _standing(self) -> feed.Standing:
        projects = {project for one in self.dashboards for project in one.projects}
        found: feed.Standing = await _read(feed.standing, projects, self._opened())
        return found

    def _opened(self) -> set[UUID]:
        return {run for one in self.dashboards for run in one.opened}

    # ---- telling it -------------------------------------------------------------------------------------------------

    async def _push(self) -> None:
        while True:
            await self._work.wait()
            await asyncio.sleep(self.pace.lines)  # what comes together goes together
            self._work.clear()
            try:
                await self._tell_changes()
                await self._tell_runs()
            except DatabaseError as gone:  # the next comparison finds everything again
                log.warning("hub: the database does not answer: %s", gone)

    async def _tell_changes(self) -> None:
        streams, self._told.streams = self._told.streams, set()
        if not streams:
            return
        found = await _read(feed.changes, {stream: self._told.seen.get(stream, 0) for stream in streams})
        for stream, changes in found.items():
            for seq, said in changes:
                self._told.seen[stream] = max(seq, self._told.seen.get(stream, 0))
                self._changed(stream, said)

    def _changed(self, stream: str, said: Changed) -> None:
        if said.what == "member":
            self._rights.set()
        if said.what == "run":
            self._told.dirty.add(UUID(said.id))
            self._work.set()
        project = UUID(stream.partition(":")[2]) if stream != "site" else None
        frame = ChangedFrame(what=said.what, id=said.id).model_dump_json()
        for one in self.dashboards:
            if project is None or project in one.projects:
                one.put(frame)

    async def _tell_runs(self) -> None:
        due, behind = self._take_due(), self._told.behind & self._told.lines.keys()
        after = {run: self._told.lines[run] for run in behind}
        self._told.behind.clear()
        if not due and not after:
            return
        news = await _read(feed.news, list(due), after)
        of_run = {card.id: UUID(card.project) for card in news.cards}
        for card in news.cards:
            self._told.cards[UUID(card.id)] = card.seq
            frame = CardFrame(run=card, seq=card.seq).model_dump_json()
            self._send(card.id, UUID(card.id), of_run[card.id], frame)
        for request in news.requests:
            frame = RequestFrame(request=request).model_dump_json()
            # One that has left the inbox is told once: that its run's stream went on is no news about it.
            same = frame if request.state not in LEFT else f"{request.state} {request.decided}"
            self._send(request.id, UUID(request.runs[0]), UUID(request.project), frame, same)
        for lines in news.lines:
            self._tell_lines(lines)

    def _take_due(self) -> set[UUID]:
        """The runs whose card may go out now; the others come back when their quarter of a second is over."""
        now = asyncio.get_running_loop().time()
        due = {run for run in self._told.dirty if self._due.get(run, 0) <= now}
        self._told.dirty -= due
        self._due = {run: at for run, at in self._due.items() if at > now} | {run: now + self.pace.card for run in due}
        if self._told.dirty:
            asyncio.get_running_loop().call_later(self.pace.card, self._work.set)
        return due

    def _tell_lines(self, lines: feed.Lines) -> None:
        if not lines.lines:
            return
        self._told.lines[lines.run] = lines.last
        frame = EventsFrame(run=str(lines.run), from_=lines.first, to=lines.last, events=lines.lines).model_dump_json()
        for one in self.dashboards:
            if lines.run in one.opened:
                one.put(frame)
        if lines.more:
            self._told.behind.add(lines.run)
            self._work.set()

    def _send(self, key: str, run: UUID, project: UUID, frame: str, same: str = "") -> None:
        """`same` is what tells this frame from the last one under its key; the whole frame unless it is given."""
        if not self._told.is_new(key, same or frame):
            return
        for one in self.dashboards:
            if one.sees(project, run):
                one.put(frame)

    # ---- what comes by the clock ------------------------------------------------------------------------------------

    async def _every(self, seconds: float, turn: Callable[[], Any]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await turn()
            except DatabaseError as gone:
                log.warning("hub: the database does not answer: %s", gone)

    async def _say_heads(self) -> None:
        now = await self._standing()
        for one in self.dashboards:
            one.put(_heads(one, now))

    async def _mark_watched(self) -> None:
        opened = [str(run) for run in self._opened()]
        if opened:
            await _read(watching.mark, opened)

    async def _keep_rights(self) -> None:
        """Each minute, and at once when a membership changed."""
        while True:
            try:
                async with asyncio.timeout(self.pace.rights):
                    await self._rights.wait()
            except TimeoutError:
                pass
            self._rights.clear()
            try:
                await self._check_rights()
            except DatabaseError as gone:
                log.warning("hub: the database does not answer: %s", gone)

    async def _check_rights(self) -> None:
        looking = list(self.dashboards)
        roles = await _read(feed.roles, {one.person for one in looking})
        alive = await _read(sessions.alive, {one.session for one in looking})
        for one in looking:
            if one.person not in roles or one.session not in alive:
                one.end()
            elif one.may_see(roles[one.person]):
                one.put(ChangedFrame(what="member").model_dump_json())


def _heads(dashboard: Dashboard, now: feed.Standing) -> str:
    mine = {"site", *[f"project:{one}" for one in dashboard.projects]}
    heads = {on_the_wire(stream): seq for stream, seq in now.streams.items() if stream in mine}
    runs = {str(run): seq for run, (project, seq) in now.runs.items() if dashboard.sees(project, run)}
    return HeadsFrame(heads=heads | runs).model_dump_json()


async def _read(what: Callable[..., Any], *given: Any) -> Any:
    """In a thread of its own, which gives its connection back: the loop never waits for the database."""
    return await database_sync_to_async(what, thread_sensitive=False)(*given)


def _speak_up(task: asyncio.Task[None]) -> None:
    """A turn that fell over must be heard of: without it dashboards would stand still and look fine."""
    if not task.cancelled() and task.exception() is not None:
        log.error("hub: a turn fell over", exc_info=task.exception())
