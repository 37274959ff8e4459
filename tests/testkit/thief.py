"""Mallory with the tokens of an attempt: what its agent holds, worked out from the house's key and the record."""

import hashlib
import hmac
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from deckwire.tokens import derive
from deckwire.words import Audience
from testkit.house import House

PIECE = 1 << 16


@dataclass
class Thief:
    """`session` of one attempt; each audience's token is derived from it, as the agent does."""

    house: House
    run: str
    session: str
    secret: str

    @classmethod
    def of(cls, house: House, run: str, epoch: int) -> "Thief":
        sql = "select id, nonce_digest, generation from record_attempt where run_id = %s and epoch = %s"
        attempt = house.rows(sql, run, epoch)[0]
        key = (house.data / "keys" / "django.key").read_text().encode()

        def mac(text: str) -> str:
            return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

        session = mac(f"session:{attempt['id']}:{attempt['nonce_digest']}:{attempt['generation']}")
        owner = UUID(str(attempt["id"]))
        return cls(house, run, session, f"{owner.hex}{mac(f'secret:{owner}')}")

    def token(self, audience: Audience) -> str:
        return derive(self.session, audience)

    def knock(self, method: str, path: str, audience: Audience, *, door: str = "doors", **more: Any) -> httpx.Response:
        """One request on the agents' socket `doors` or `git`."""
        transport = httpx.HTTPTransport(uds=str(self.house.doors / f"{door}.sock"))
        with httpx.Client(transport=transport, base_url="http://doors", timeout=40) as client:
            headers = {"authorization": f"Bearer {self.token(audience)}", **more.pop("headers", {})}
            return client.request(method, path, headers=headers, **more)

    def git(self, folder: Path, words: str, *, run: str = "") -> "subprocess.CompletedProcess[str]":
        """A real git against the git door; `REMOTE` in the words is the repository of `run`."""
        header = f"Authorization: Bearer {self.token(Audience.GIT)}"
        told = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader", "GIT_CONFIG_VALUE_0": header}
        with loopback(self.house.doors / "git.sock") as address:
            remote = f"{address}/run/{run or self.run}.git"
            return subprocess.run(
                ["git", *words.replace("REMOTE", remote).split()], cwd=folder, timeout=60, capture_output=True, text=True,
                env={"PATH": os.environ["PATH"], "HOME": str(folder), **told},
            )  # fmt: skip


@contextmanager
def loopback(target: Path) -> Iterator[str]:
    """An address on 127.0.0.1 that leads to this Unix socket: git speaks to none."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, target), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, target: Path) -> None:
    with suppress(OSError):
        while True:
            near, _ = listener.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(target))
            for here, there in ((near, far), (far, near)):
                threading.Thread(target=_copy, args=(here, there), daemon=True).start()


def _copy(here: socket.socket, there: socket.socket) -> None:
    with suppress(OSError):
        while data := here.recv(PIECE):
            there.sendall(data)
        there.shutdown(socket.SHUT_WR)
