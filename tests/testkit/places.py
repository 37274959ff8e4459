"""Local places for tests. The agent is a small shell that waits for one line from the test and then does what it says."""

import asyncio
import fcntl
import inspect
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from quarterdeck.outside.cluster.local import LocalCluster
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceSpec, PlaceState

TOP = Path(__file__).resolve().parents[2]
AGENT_PYTHON = TOP / ".venv-agent" / "bin" / "python"
# The secret is the name of the pipe to listen to. `eval` keeps the shell: what it starts are its children.
LISTEN = 'read -r words <"/run/quarterdeck/doors/$(cat /run/quarterdeck/secret)"; eval "$words"'
LISTENER = ("/bin/sh", "-c", LISTEN)


async def until(ask: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Asks again and again until the answer is true, and returns it; fails the test after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return answer
        assert time.monotonic() < end, f"still not true after {seconds} s"
        with_patience = asyncio.wait_for(asyncio.Event().wait(), 0.02)
        try:
            await with_patience
        except TimeoutError:
            continue


class LocalWorld:
    """A data folder of its own with a pipe per place. `close` ends every place in it.

    We hold its lock: a test run that is killed takes its places along.
    """

    def __init__(self, **options: Any) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="qdc-"))
        (self.folder / "agent").mkdir()
        self.python = Path(options.pop("python", AGENT_PYTHON))
        self.lock: Path | None = self.folder / "lock"
        self.held = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self.held, fcntl.LOCK_EX)
        self.options: dict[str, Any] = {"command": LISTENER, "grace_s": 5.0, **options}
        self.cluster = self.again()

    def again(self, **options: Any) -> LocalCluster:
        """Another reconciler on the same ground."""
        return LocalCluster(
            root=self.folder / "places", doors=self.folder / "agent", agents=TOP / "agents", python=self.python,
            environments=self.folder / "environments", lock=self.lock, **{**self.options, **options},
        )  # fmt: skip

    def spec(self, name: str = "run-1", **more: Any) -> PlaceSpec:
        pipe = self.folder / "agent" / f"pipe-{name}"
        if not pipe.exists():
            os.mkfifo(pipe, 0o644)
        asked = {"kind": "attempt", "run": name, "epoch": 1, "secret": pipe.name, "memory_mb": 512, "disk_mb": 64}
        return PlaceSpec(name=name, **{**asked, **more})

    async def say(self, name: str, words: str) -> None:
        pipe = self.folder / "agent" / f"pipe-{name}"
        await asyncio.wait_for(asyncio.to_thread(pipe.write_text, f"{words}\n"), 20)

    async def do(self, words: str, name: str = "run-1", **more: Any) -> PlaceSeen:
        """A place that does this, seen at its end."""
        await self.cluster.create(self.spec(name, **more))
        await self.say(name, words)
        return await self.ended(name)

    async def end(self, name: str, reason: str) -> None:
        await self.say(name, ENDINGS[reason])
        await self.ended(name)

    async def running(self, name: str) -> PlaceSeen:
        return await until(lambda: self._in_state(name, PlaceState.RUNNING))

    async def ended(self, name: str) -> PlaceSeen:
        return await until(lambda: self._in_state(name, PlaceState.ENDED))

    async def gone(self, name: str) -> None:
        await until(lambda: self._is_gone(name))

    def log(self, name: str = "run-1") -> str:
        return (self.folder / "places" / name / "log.txt").read_text()

    async def close(self) -> None:
        for seen in await self.cluster.list():
            await self.cluster.delete(seen.name, seen.uid, grace_s=0)
        await until(lambda: not any((self.folder / "places").iterdir()))
        os.close(self.held)
        shutil.rmtree(self.folder)

    async def _in_state(self, name: str, state: PlaceState) -> PlaceSeen | None:
        seen = await self.cluster.observe(name)
        assert seen is not None, f"{name} is gone"
        return seen if seen.state == state else None

    async def _is_gone(self, name: str) -> bool:
        return await self.cluster.observe(name) is None


ENDINGS = {
    "done": "exit 0",
    "fenced": "exit 3",
    "canary_failed": "exit 5",
    "start_failed": "exit 6",
    "crashed": "exit 1",
    "killed": "kill -9 $$",
}


def living_with(mark: str) -> Sequence[int]:
    """Pids on this machine whose arguments contain `mark`; a sandbox hides nothing from outside."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]
