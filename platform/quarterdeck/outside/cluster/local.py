"""Places on this machine: one folder each, held by a shim of its own that outlives the reconciler.

The folders are the truth; nothing is kept in memory, so any LocalCluster on the same ground goes on where another was
killed. `cpu` and `image` of a spec mean nothing here: the agents share the machine, at a lower priority than the platform.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.cluster import bubblewrap, layout
from quarterdeck.outside.cluster.bubblewrap import Tools
from quarterdeck.outside.cluster.environments import Environments
from quarterdeck.outside.cluster.place import Place, write
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceSpec, PlaceState, check_install
from quarterdeck.outside.cluster.tools import find_tools

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
SHIM, OUTLET = Path(__file__).with_name("shim.py"), Path(__file__).with_name("outlet.py")
ROOM = {"attempt": 20, "check": 2, "install": 2}
LOG_BYTES = 4 * 1024 * 1024
PROCESSES = 512
WATCH_EVERY_S = 0.2
SHIM_START_S = 20


class LocalCluster:
    """`root` holds the places' folders; for the other paths see layout.Ground. `command` is what runs inside (default: the
    agent); `room` the most places alive at once, by kind; `grace_s` is between asking and killing at a deadline; `reaches`
    names `host:port` that an install may reach besides public addresses; `tools` build the sandbox (default: looked for).

    create raises GaveUp when this machine has no bubblewrap.
    """

    name = "local"

    def __init__(
        self,
        *,
        root: Path,
        doors: Path,
        agents: Path,
        python: Path | str,
        environments: Path,
        lock: Path | None = None,
        command: Sequence[str] | None = None,
        room: Mapping[str, int] | None = None,
        grace_s: float = 25.0,
        processes: int = PROCESSES,
        reaches: Sequence[str] = (),
        tools: Tools | None = None,
    ) -> None:
        self.ground = layout.Ground(root, doors, agents, Path(python), environments, lock)
        self.grace_s, self.processes = grace_s, processes
        self.command = tuple(command or (layout.python_inside(Path(python)), "-P", "-m", "deckhand"))
        self.room = dict(room or ROOM)
        self.reaches, self.tools = tuple(reaches), tools
        self.kept = Environments(environments)
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def create(self, spec: PlaceSpec) -> PlaceSeen:
        place = self._place(spec.name)
        place.finish_removal()
        if not place.folder.exists():
            self._check(spec)
            await self._check_room(spec.kind)
            self.kept.prepare(spec)
            self._claim(spec, place.folder)
        if not place.started:
            await asyncio.to_thread(_start_shim, place.folder)
        seen = place.seen()
        if seen is None:
            raise TryLater("A place of this name is just being removed.", after=0.5, reason="leaving")
        return seen

    async def observe(self, name: str) -> PlaceSeen | None:
        return self._place(name).seen()

    async def delete(self, name: str, uid: str, *, grace_s: float = 30.0) -> None:
        """Returns at once, as a cluster's API does: the shim asks, waits, kills and removes, also when we are gone."""
        place = self._place(name)
        spec = place.spec
        if spec is not None and spec["uid"] == uid and not place.ask_to_leave(grace_s):
            place.remove(uid)

    async def environments(self) -> frozenset[str]:
        return self.kept.names()

    async def keep_environment(self, filled: str, name: str) -> None:
        await asyncio.to_thread(self.kept.keep, filled, name)

    async def drop_environment(self, name: str) -> None:
        await asyncio.to_thread(self.kept.drop, name)

    async def list(self) -> list[PlaceSeen]:
        seen = []
        for folder in sorted(self.ground.places.iterdir()):
            if folder.name.startswith("."):
                _sweep(folder)
            elif (found := Place(folder).seen()) is not None:
                seen.append(found)
            else:
                Place(folder).finish_removal()
        return seen

    async def watch(self) -> AsyncIterator[PlaceSeen]:
        """Looks five times a second at some small files. A place that was removed is told once more, as it was last."""
        known: dict[str, PlaceSeen] = {}
        while True:
            now = {seen.uid: seen for seen in await self.list()}
            for uid in known.keys() | now.keys():
                if known.get(uid) != now.get(uid):
                    yield now.get(uid) or known[uid]
            known = now
            await asyncio.sleep(WATCH_EVERY_S)

    def _place(self, name: str) -> Place:
        if not NAME.fullmatch(name):
            raise Refused(f"{name!r} cannot name a place.", reason="bad_name")
        return Place(self.ground.places / name)

    def _check(self, spec: PlaceSpec) -> None:
        check_install(spec)
        if spec.memory_mb < 64 or spec.disk_mb < 64 or spec.deadline_s < 1:
            raise Refused(
                f"A place with {spec.memory_mb} MiB of memory, {spec.disk_mb} MiB of disk and {spec.deadline_s} s cannot work.",
                reason="limits",
                remedy="Give at least 64 MiB of each and a second.",
            )
        if not self.ground.doors.is_dir():
            raise TryLater("The agents' doors are not open yet.", after=1.0, reason="starting")

    async def _check_room(self, kind: str) -> None:
        living = [seen for seen in await self.list() if seen.kind == kind and seen.state != PlaceState.ENDED]
        if len(living) >= self.room.get(kind, 0):
            raise TryLater(f"All {len(living)} places for this kind of work are taken.", after=5.0, reason="quota")

    def _claim(self, spec: PlaceSpec, folder: Path) -> None:
        """The folder appears whole under its name or not at all. Somebody was faster: his is the place."""
        fresh = folder.with_name(f".new-{uuid.uuid4().hex}")
        fresh.mkdir(mode=0o700)
        self._write_spec(spec, folder, fresh)
        _write_secret(fresh / "secret", spec.secret)
        for name in ("etc", "outlet"):
            (fresh / name).mkdir()
        for name, text in layout.OWN_ETC.items():
            (fresh / "etc" / name).write_text(text)
        try:
            fresh.rename(folder)
        except OSError:
            shutil.rmtree(fresh)

    def _write_spec(self, spec: PlaceSpec, folder: Path, fresh: Path) -> None:
        command = self.command if spec.kind == "attempt" else (*self.command, spec.kind)
        tools = self.tools or find_tools()
        seen = layout.view(self.ground, folder, spec, command, self.processes, tools)
        asked = {key: getattr(spec, key) for key in ("name", "kind", "run", "epoch", "memory_mb", "deadline_s")}
        more = {
            "uid": uuid.uuid4().hex,
            "created": time.time(),
            "labels": spec.labels,
            "argv": bubblewrap.sandbox_argv(seen, tools, root=os.geteuid() == 0),
            "outlet": self._outlet(folder) if spec.network else None,
            "env": {},
            "lock": str(self.ground.lock or ""),
            "grace_s": self.grace_s,
            "log_bytes": LOG_BYTES,
        }
        write(fresh / "spec.json", asked | more)

    def _outlet(self, folder: Path) -> tuple[str, ...]:
        uid = str(bubblewrap.DROPPED_UID if os.geteuid() == 0 else 0)
        socket = folder / "outlet" / "outlet.sock"
        return (sys.executable, "-I", "-S", str(OUTLET), str(socket), uid, "--", *self.reaches)


def _write_secret(path: Path, secret: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w") as out:
        out.write(secret)
    if os.geteuid() == 0:
        os.chown(path, bubblewrap.DROPPED_UID, bubblewrap.DROPPED_UID)


def _start_shim(folder: Path) -> None:
    """Returns when the shim has claimed the place and detached; a second one for the same place ends at once."""
    with open(folder / "shim.log", "ab") as log:
        subprocess.run(
            [sys.executable, "-I", "-S", str(SHIM), str(folder)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env={},
            start_new_session=True, timeout=SHIM_START_S, check=False,
        )  # fmt: skip


def _sweep(folder: Path) -> None:
    """What a creator or a remover left when it was killed half-way. Fresh ones may still be at work."""
    try:
        old = time.time() - folder.stat().st_mtime > 60
    except FileNotFoundError:
        return
    if old:
        shutil.rmtree(folder, ignore_errors=True)
