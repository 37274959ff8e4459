"""A reconciler for tests, as a process of its own: makes one place, says its uid, and waits to be killed.

With the secret `plain` it shows instead, as whoever runs it, a place from its start to its end.
"""

import asyncio
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in (".", "../platform", "../agents")]

from quarterdeck.outside.cluster.port import PlaceSpec, PlaceState  # noqa: E402
from testkit.places import AGENT_PYTHON, LISTENER, LocalWorld  # noqa: E402


def world(folder: Path, python: Path, command: tuple[str, ...]) -> LocalWorld:
    there = LocalWorld.__new__(LocalWorld)
    there.folder, there.python, there.lock, there.options = folder, python, None, {"command": command}
    return there


async def make(folder: Path, name: str, secret: str) -> None:
    cluster = world(folder, AGENT_PYTHON, LISTENER).again()
    spec = PlaceSpec(name=name, kind="attempt", run=name, epoch=1, secret=secret, memory_mb=512, disk_mb=64)
    made = await cluster.create(spec)
    async for seen in cluster.watch():
        if seen.state == PlaceState.RUNNING:
            break
    print(made.uid, flush=True)
    await asyncio.Event().wait()


async def show(folder: Path, name: str) -> None:
    cluster = world(folder, Path("/usr/bin/python3"), ("/bin/sh", "-c", "id; exit 3")).again()
    spec = PlaceSpec(name=name, kind="attempt", run=name, epoch=1, secret="plain", memory_mb=512, disk_mb=64)
    await cluster.create(spec)
    async for seen in cluster.watch():
        if seen.state == PlaceState.ENDED:
            print(seen.reason, (folder / "places" / name / "log.txt").read_text())
            await cluster.delete(name, seen.uid)
            return


if __name__ == "__main__":
    where, what, word = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    asyncio.run(show(where, what) if word == "plain" else make(where, what, word))
