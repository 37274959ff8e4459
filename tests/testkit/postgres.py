"""Pytest plugin (`-p testkit.postgres`): one PostgreSQL per session, before Django reads its settings.

pytest-django loads settings before any conftest, so the server starts when this module is imported. With xdist the
controller starts it and the workers inherit DATABASE_URL. A DATABASE_URL that is given is used as it is.
Also: the fixture `valkey`, a server of the session, started when first asked for; its value is the URL.
"""

import atexit
import os
from collections.abc import Iterator

import pytest

from quarterdeck.up import postgres, valkey
from testkit import shared
from testkit.servers import Server, short_folder


def start_postgres() -> Server:
    folder = short_folder()
    postgres.open_way(folder, folder)
    postgres.initialise(folder / "data", durable=False)
    command = postgres.command(folder / "data", folder, durable=False)
    return Server.start(folder, command, lambda: postgres.ready(folder / "data"))


def start_valkey() -> Server:
    folder = short_folder()
    return Server.start(folder, valkey.command(folder), lambda: valkey.ready(folder))


def _prepare() -> None:
    shared.prepare()
    # A session keeps its keys and sockets out of the checkout's data folder, and takes no pool: an open pool holds a
    # connection, and dropping the test database then stalls for 5 s.
    if "QUARTERDECK_DATA" not in os.environ:
        os.environ["QUARTERDECK_DATA"] = str(short_folder())
    os.environ.setdefault("QUARTERDECK_NO_POOL", "1")
    os.environ.setdefault("QUARTERDECK_PACE", "0")
    if "DATABASE_URL" not in os.environ:
        server = start_postgres()
        os.environ["DATABASE_URL"] = postgres.url(server.folder)
        atexit.register(server.stop)


@pytest.fixture(scope="session", name="valkey")
def _valkey() -> Iterator[str]:
    server = start_valkey()
    yield valkey.url(server.folder)
    server.stop()


_prepare()
