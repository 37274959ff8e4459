"""The session's own servers: there for every test, and gone with the session however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import redis

KILLED = """
import sys, os, signal
from testkit import postgres
server = postgres.start_postgres()
print(server.process.pid, server.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_session_has_a_database_of_its_own() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("select 6 * 7").fetchone() == (42,)


def test_a_session_has_a_valkey_when_a_test_asks_for_one(valkey: str) -> None:
    client = redis.Redis.from_url(valkey)
    client.set("alice", "supervises")
    assert client.get("alice") == b"supervises"


def test_a_killed_session_leaves_no_server_and_no_folder() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    # The guard holds this pipe too: the end of the output is the end of the guard.
    done = subprocess.run([sys.executable, "-c", KILLED], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    pid, folder = done.stdout.split()
    assert not Path(folder).exists()
    assert subprocess.run(["kill", "-0", pid], capture_output=True).returncode != 0
