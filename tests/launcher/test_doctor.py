"""What doctor says of installing packages, and with what it asks a cluster."""

import socket

import pytest

from quarterdeck.cli import doctor
from quarterdeck.outside.cluster.pods import manifest
from quarterdeck.outside.cluster.port import PlaceSpec


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


def test_its_pod_is_made_with_the_options_of_every_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the pull secret it would tell of an image that agents can have and it cannot."""
    monkeypatch.setenv("QUARTERDECK_POD_OPTIONS", '{"pull_secrets": ["registry"], "node_selector": {"pool": "agents"}}')
    monkeypatch.setenv("QUARTERDECK_DOORS_FOR_PODS", "http://doors.example:8700")
    made = manifest.pod(doctor._ground("agent:1"), PlaceSpec("doctor-1", "check", "", 0, ""))["spec"]
    assert (made["imagePullSecrets"], made["nodeSelector"]) == ([{"name": "registry"}], {"pool": "agents"})
