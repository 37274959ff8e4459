"""Streams one upload-pack to one caller: nothing is held, and the process ends with the caller or with its time."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import IO, Any

from quarterdeck.doors.git_http import Request, Send, head
from quarterdeck.errors import TryLater

_PIECE = 64 << 10
_SECONDS = 600.0


@dataclass
class Patience:
    """How long a caller may keep us waiting: `seconds`, and more for what it has taken since, at `rate` bytes a second."""

    seconds: float = 30.0
    rate: int = 32 << 10


@dataclass(frozen=True)
class Answer:
    """How the stream begins and where it goes."""

    prefix: bytes
    kind: str
    send: Send
    patience: Patience


async def serve(
    argv: list[str],
    env: dict[str, str],
    asked: IO[bytes] | None,
    answer: Answer,
    request: Request,
    revoked: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """`asked` is the request's whole body in a file: git reads it all before it answers. `revoked` ends when the caller
    may read no more."""
    process = await _start(argv, env, asked)
    pumping = asyncio.create_task(_pump(process, answer))
    ends = {pumping, asyncio.create_task(_hung_up(request)), asyncio.create_task(revoked())}
    try:
        await asyncio.wait(ends, timeout=_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if pumping.done():
            pumping.result()
    finally:
        for job in ends:
            job.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
        await _ended(process)


async def _start(argv: list[str], env: dict[str, str], asked: IO[bytes] | None) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *argv,
            stdin=asked if asked is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=env,
            cwd="/",
            start_new_session=True,
        )
    except OSError as broken:
        raise TryLater(f"git could not be started: {broken}", after=5.0, reason="internal") from broken


async def _pump(process: asyncio.subprocess.Process, answer: Answer) -> None:
    """The status goes out with the first bytes: a git that says nothing at all is our failure, and told as one."""
    assert process.stdout is not None
    piece = await process.stdout.read(_PIECE)
    if not piece and await process.wait() != 0:
        raise TryLater("The repository cannot be read now.", after=5.0, reason="internal")
    await answer.send({"type": "http.response.start", "status": 200, "headers": head(answer.kind)})
    await answer.send({"type": "http.response.body", "body": answer.prefix, "more_body": True})
    left = answer.patience.seconds
    while piece:
        left = await _give(answer, piece, left)
        if left <= 0:
            return  # it reads too slowly for the place that it takes
        piece = await process.stdout.read(_PIECE)
    if await process.wait() == 0:  # else the answer stays open, and the caller sees that it was cut
        await answer.send({"type": "http.response.body", "body": b""})


async def _give(answer: Answer, piece: bytes, left: float) -> float:
    """The patience that is left after this piece: only waiting for the caller uses it up, never git's own slowness."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        async with asyncio.timeout(left):
            await answer.send({"type": "http.response.body", "body": piece, "more_body": True})
    except TimeoutError:
        return 0.0
    left += len(piece) / answer.patience.rate - (loop.time() - began)
    return min(answer.patience.seconds, left)


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Kills the whole group. What it had still written is read away: asyncio's wait() waits for the pipe's end too."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.stdout is not None
    while await process.stdout.read(_PIECE):
        pass
    await process.wait()
