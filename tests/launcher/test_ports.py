"""A named port is that port or an error; only the default moves on."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from quarterdeck.errors import GaveUp
from quarterdeck.up import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        yield listener.getsockname()[1]


def test_the_default_moves_on_when_it_is_taken(taken: int) -> None:
    chosen = ports.choose("127.0.0.1", taken, named=False)
    assert taken < chosen < taken + ports.TRIED


def test_a_named_port_that_is_taken_is_a_clear_error(taken: int) -> None:
    with pytest.raises(GaveUp, match=f"Port {taken} on 127.0.0.1 is taken.*QUARTERDECK_PORT"):
        ports.choose("127.0.0.1", taken, named=True)


def test_an_address_that_names_nothing_is_a_clear_error() -> None:
    with pytest.raises(GaveUp, match="QUARTERDECK_HOST"):
        ports.choose("no such host", 8640, named=True)


@pytest.mark.parametrize(
    ("host", "typed"),
    [
        ("127.0.0.1", "http://127.0.0.1:8640"),
        ("0.0.0.0", "http://127.0.0.1:8640"),
        ("::", "http://[::1]:8640"),
        ("::1", "http://[::1]:8640"),
    ],
)
def test_a_person_gets_an_address_that_can_be_typed(host: str, typed: str) -> None:
    assert ports.address(host, 8640) == typed


def test_the_other_commands_find_the_port(tmp_path: Path) -> None:
    ports.write(tmp_path, "127.0.0.1", 8641)
    assert json.loads((tmp_path / "ports.json").read_text())["address"] == "http://127.0.0.1:8641"
