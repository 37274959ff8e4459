"""What doctor says of installing packages."""

import socket

from quarterdeck.cli import doctor


def test_who_installs_nothing_is_told_nothing() -> None:
    assert doctor._installs([{"name": "Lark", "repositorySettings": {"install": ""}}]) == []


def test_an_install_is_named_with_its_way_out() -> None:
    [(state, what, remedy)] = doctor._installs([{"name": "Lark", "repositorySettings": {"install": "make deps"}}])
    assert what.startswith("Packages are installed for Lark, by an outlet")
    assert (state, bool(remedy)) in [("good", False), ("warn", True)]


def test_a_way_out_is_tried_for_real() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        where = listener.getsockname()
        assert doctor.reaches_out(where)
    assert not doctor.reaches_out(where)
