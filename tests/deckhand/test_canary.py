"""Addresses that must not answer: tried before hello, so that no ticket is read in a place without walls."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deckhand import canary
from deckhand.exits import Exposed, Misconfigured
from deckhand.settings import METADATA, PUBLIC, from_environment

from .cast import PYTHON, ROOT

NEEDED = {"QUARTERDECK_URL": "u", "QUARTERDECK_GIT_URL": "g", "QUARTERDECK_SECRET_FILE": "s",
          "QUARTERDECK_WORKSPACE": "w", "QUARTERDECK_HOME": "h"}  # fmt: skip


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def closed() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_place_where_the_database_answers_is_left_with_its_address_in_words(listening: int) -> None:
    with pytest.raises(Exposed, match=f"127.0.0.1:{listening} answers") as left:
        canary.refuse_exposed([f"127.0.0.1:{closed()}", f"127.0.0.1:{listening}"], patience=0)
    assert left.value.code == 5


def test_refused_and_silent_addresses_are_no_answer_and_all_of_them_take_a_third_of_a_second() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        held = [socket.socket() for _ in range(4)]  # its queue is full: further connections hear nothing
        for one in held:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        words = [f"127.0.0.1:{port}"] * 8 + [f"127.0.0.1:{closed()}", "no-such-name.invalid:80"]
        before = time.monotonic()
        canary.refuse_exposed(words, patience=0)
        assert time.monotonic() - before < 0.6
        for one in held:
            one.close()


def test_a_policy_that_is_enforced_late_is_waited_for() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer_once() -> None:
        listener.accept()
        listener.close()

    late = threading.Thread(target=answer_once)
    late.start()
    canary.refuse_exposed([f"127.0.0.1:{listener.getsockname()[1]}"], patience=10)
    late.join()


def test_where_packages_are_installed_the_outlet_is_the_only_way_out() -> None:
    assert from_environment({**NEEDED, "QUARTERDECK_OUTLET": "http://10.0.0.1:8702"}).canary == (METADATA, PUBLIC)


def test_an_agent_that_is_exposed_never_says_hello(stage, listening: int) -> None:
    platform, start = stage()
    said = start(QUARTERDECK_CANARY=f"127.0.0.1:{listening}", QUARTERDECK_CANARY_SECONDS="0").ends(5)
    assert said.splitlines()[-1].startswith(f"Exposed: 127.0.0.1:{listening} answers")
    assert not platform.hellos


@pytest.mark.parametrize("kind", ["check", "install"])
def test_nor_does_a_check_or_an_install(kind: str, tmp_path: Path, listening: int) -> None:
    """The secret is read for a hello only, and the doors' port answers nobody: neither is missed by who leaves before."""
    env = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "agents"), "QUARTERDECK_TOOLS": "plain",
        "QUARTERDECK_URL": f"http://127.0.0.1:{closed()}", "QUARTERDECK_GIT_URL": str(tmp_path),
        "QUARTERDECK_SECRET_FILE": str(tmp_path / "none"), "QUARTERDECK_WORKSPACE": str(tmp_path / "work"),
        "QUARTERDECK_HOME": str(tmp_path), "QUARTERDECK_OUTLET": f"http://127.0.0.1:{closed()}",
        "QUARTERDECK_CANARY": f"127.0.0.1:{listening}", "QUARTERDECK_CANARY_SECONDS": "0",
    }  # fmt: skip
    words = [str(PYTHON), "-P", "-m", "deckhand", kind]
    done = subprocess.run(words, cwd="/", env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.startswith(f"Exposed: 127.0.0.1:{listening}")) == (5, True), done.stderr


@pytest.mark.parametrize("word", ["10.0.0.1", ":80", "host:port", "host:0", "host:70000", "host:８０"])
def test_what_is_no_address_is_said(word: str) -> None:
    with pytest.raises(Misconfigured, match="host:port"):
        canary.refuse_exposed([word], patience=0)


def test_where_nobody_said_which_the_usual_ones_are_tried(tmp_path) -> None:
    assert from_environment(NEEDED).canary == (METADATA, PUBLIC)
    cluster = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}
    assert from_environment({**NEEDED, **cluster}).canary == (METADATA, PUBLIC, "[fd00::1]:6443")
    assert canary.address("[fd00::1]:6443") == ("fd00::1", 6443)
    (tmp_path / "list").write_text("10.0.0.1:5432\n10.0.0.2:6379\n")
    named = {**NEEDED, "QUARTERDECK_CANARY": "1.2.3.4:5", "QUARTERDECK_CANARY_FILE": str(tmp_path / "list")}
    assert from_environment(named).canary == ("1.2.3.4:5", "10.0.0.1:5432", "10.0.0.2:6379")
    assert from_environment({**NEEDED, "QUARTERDECK_CANARY": "none"}).canary == ()
