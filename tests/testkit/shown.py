"""Dashboards that look on: real sockets with a real session, and the moment at which each event of a run reached them."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from testkit.desk import FORM, PASSWORD
from testkit.house import House

# As many runs as one page may have open.
EACH = 8


def session(house: House) -> str:
    """Alice signs in; the cookie her browser then holds."""
    with httpx.Client(base_url=house.address, follow_redirects=False, timeout=20) as browser:
        found = FORM.search(browser.get("/accounts/login/").text)
        assert found is not None
        form = {"csrfmiddlewaretoken": found.group(1), "login": "alice", "password": PASSWORD}
        came = browser.post("/accounts/login/", data=form, headers={"referer": house.address})
        assert came.status_code == 302, came.text
        return str(browser.cookies["sessionid"])


class Shown:
    """`came` maps (run, seq) to the second at which a frame brought the event, also one that draws no line of its own;
    `gaps` counts frames that a page must fill by asking."""

    def __init__(self) -> None:
        self.came: dict[tuple[str, int], float] = {}
        self.last = 0.0
        self.gaps = 0
        self.sockets: list[ClientConnection] = []

    def open(self, house: House, cookie: str, runs: Sequence[str]) -> None:
        """One page with these runs open. Returns when it is live."""
        address = f"ws{house.address.removeprefix('http')}/live"
        headers = {"Cookie": f"sessionid={cookie}"}
        socket = connect(address, origin=house.address, additional_headers=headers, max_size=None)  # type: ignore[arg-type]
        socket.send(json.dumps({"op": "view", "views": [{"view": "run", "run": run} for run in runs]}))
        live = threading.Event()
        threading.Thread(target=self._read, args=(socket, live), daemon=True).start()
        assert live.wait(30), "the page did not come alive"
        self.sockets.append(socket)

    def quiet(self) -> bool:
        """Nothing came for a second."""
        return time.time() - self.last > 1

    def _read(self, socket: ClientConnection, live: threading.Event) -> None:
        held: dict[str, int] = {}
        with contextlib.suppress(ConnectionClosed):
            for text in socket:
                now, frame = time.time(), json.loads(text)
                if frame["op"] == "heads":
                    live.set()
                elif frame["op"] == "events":
                    self.last = now
                    self.gaps += frame["from"] > held.get(frame["run"], frame["from"] - 1) + 1
                    held[frame["run"]] = frame["to"]
                    self.came |= {(frame["run"], seq): now for seq in range(frame["from"], frame["to"] + 1)}


@contextmanager
def looking_on() -> Iterator[Shown]:
    shown = Shown()
    try:
        yield shown
    finally:
        for one in shown.sockets:
            one.close()
