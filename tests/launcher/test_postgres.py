"""The embedded PostgreSQL: made whole or not at all, served on a private socket, also when we are root."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from quarterdeck.errors import GaveUp
from quarterdeck.up import postgres
from testkit.postgres import start_postgres


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cluster") / "postgres"
    postgres.initialise(folder, durable=False)
    return folder


def test_a_new_cluster_already_holds_our_database() -> None:
    server = start_postgres()
    try:
        with psycopg.connect(postgres.url(server.folder)) as connection:
            row = connection.execute("select current_database(), current_setting('listen_addresses')").fetchone()
        assert row == ("quarterdeck", "")
    finally:
        server.stop()


def test_as_root_the_server_runs_in_a_user_namespace_of_its_own() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root needs it: a plain user starts PostgreSQL as it is")
    server = start_postgres()
    try:
        map_seen = Path(f"/proc/{server.process.pid}/uid_map").read_text().split()
        assert map_seen == ["65534", "0", "1"], "nobody inside, root outside"
        assert (server.folder / "data").stat().st_uid == 0
    finally:
        server.stop()


NOBODY = """
from pathlib import Path
import psycopg
from quarterdeck.up import postgres
from testkit.postgres import start_postgres
server = start_postgres()
status = Path(f"/proc/{server.process.pid}/status").read_text()
with psycopg.connect(postgres.url(server.folder)) as connection:
    print(connection.execute("select 6 * 7").fetchone()[0])
print([line.split()[1] for line in status.splitlines() if line.startswith("Uid")])
print((server.folder / "data").stat().st_uid, oct(server.folder.stat().st_mode & 0o777))
server.stop()
"""


def test_where_root_may_make_no_namespace_the_server_runs_as_nobody(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root needs it: a plain user starts PostgreSQL as it is")
    (tmp_path / "unshare").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "unshare").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(Path(__file__).parents[1])}
    told = subprocess.run([sys.executable, "-c", NOBODY], env=environment, capture_output=True, text=True, timeout=60)
    assert told.stdout.splitlines() == ["42", "['65534']", "65534 0o711"], told.stderr


def test_a_start_that_died_half_way_is_repeated_from_the_beginning(tmp_path: Path) -> None:
    half = tmp_path / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    postgres.initialise(tmp_path / "postgres", durable=False)
    assert (tmp_path / "postgres" / "global").is_dir()
    assert not half.exists()


def test_a_cluster_that_stands_is_left_alone(cluster: Path) -> None:
    before = (cluster / "global" / "pg_control").stat().st_mtime_ns
    postgres.initialise(cluster)
    assert (cluster / "global" / "pg_control").stat().st_mtime_ns == before


def test_a_pid_file_of_a_process_that_is_gone_is_cleared(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    (tmp_path / "postmaster.pid").write_text(f"{gone.pid}\n/somewhere\n")
    postgres.clear_stale_pid(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_a_pid_that_now_belongs_to_somebody_else_is_cleared_too(tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n/somewhere\n")
    postgres.clear_stale_pid(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_a_server_that_still_lives_is_never_taken_over() -> None:
    server = start_postgres()
    try:
        with pytest.raises(GaveUp, match=f"process {server.process.pid}"):
            postgres.clear_stale_pid(server.folder / "data")
        assert postgres.ready(server.folder / "data")
    finally:
        server.stop()


def test_a_cluster_without_a_server_is_not_ready(cluster: Path) -> None:
    assert not postgres.ready(cluster)
