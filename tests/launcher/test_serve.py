"""Which socket a caller came by decides what he may reach."""

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from quarterdeck.doors import serve

# The real process with a small application in the place of the dashboard.
PROCESS = """
import asyncio, sys
from pathlib import Path
from quarterdeck.doors import serve

async def application(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/agent/v1/commands":
        print("held", flush=True)
        await asyncio.Event().wait()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})

pairs = [
    (serve.server(application, lifespan="auto"), serve.tcp("127.0.0.1", int(sys.argv[1]))),
    (serve.server(serve.agents_only(application)), serve.unix(Path(sys.argv[2]), 0o666)),
]
for _, listener in pairs:
    listener.listen()
print("listening", flush=True)
with asyncio.Runner(loop_factory=pairs[0][0].config.get_loop_factory()) as runner:
    runner.run(serve.serve(pairs))
"""


class Served:
    def __init__(self, folder: Path, port: int) -> None:
        self.tcp = f"http://127.0.0.1:{port}"
        self.path = folder / "doors.sock"
        words = [sys.executable, "-c", PROCESS, str(port), str(self.path)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self.line() == "listening"

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def by_socket(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(self.path)), base_url="http://doors")


@pytest.fixture
def served(tmp_path: Path, unused_tcp_port: int) -> Any:
    served = Served(tmp_path, unused_tcp_port)
    yield served
    served.process.kill()
    served.process.communicate()


async def test_the_agents_socket_reaches_the_agents_doors_and_nothing_else(served: Served) -> None:
    async with served.by_socket() as mallory, httpx.AsyncClient() as alice:
        assert (await mallory.get("/agent/v1/hello")).text == "/agent/v1/hello"
        assert (await mallory.get("/api/v1/me")).status_code == 404
        assert (await mallory.get("/agent/../api/v1/me")).status_code == 404
        assert (await mallory.get("//api/v1/me")).status_code == 404
        assert (await alice.get(f"{served.tcp}/api/v1/me")).text == "/api/v1/me"


async def test_a_held_connection_does_not_hold_up_the_stop(served: Served) -> None:
    async with served.by_socket() as agent:
        held = asyncio.create_task(agent.get("/agent/v1/commands", timeout=30))
        assert await asyncio.to_thread(served.line) == "held"
        served.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(served.process.wait, serve.GRACE + 2) == 0
        with pytest.raises(httpx.HTTPError):
            (await held).raise_for_status()


def test_a_socket_file_that_an_earlier_process_left_is_replaced_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "agent" / "git.sock"
    with serve.unix(path, 0o666):
        pass
    before = path.stat().st_ino
    with serve.unix(path, 0o600) as listener:
        listener.listen()
        assert path.stat().st_ino != before
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(path))
    assert os.listdir(path.parent) == ["git.sock"]


def test_a_taken_port_is_told_in_a_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        port = other.getsockname()[1]
        with pytest.raises(SystemExit, match=f"Cannot listen on 127.0.0.1 port {port}"):
            serve.tcp("127.0.0.1", port)
