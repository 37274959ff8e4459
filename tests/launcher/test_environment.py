"""What the launcher is told becomes one consistent environment for all children."""

from pathlib import Path

import pytest

from quarterdeck.errors import GaveUp
from quarterdeck.up import environment


def test_given_servers_replace_the_embedded_ones(tmp_path: Path) -> None:
    given = {
        "QUARTERDECK_DATA": str(tmp_path),
        "QUARTERDECK_RUN": "/tmp/r",
        "DATABASE_URL": "postgresql://alice@db/quarterdeck",
    }
    place = environment.read(given)
    children = environment.of_children(place, given, 8640)
    assert children["DATABASE_URL"] == "postgresql://alice@db/quarterdeck"
    assert children["VALKEY_URL"] == "unix:///tmp/r/valkey.sock"


def test_a_deep_data_folder_gets_a_short_folder_for_its_sockets_and_always_the_same(tmp_path: Path) -> None:
    deep = {"QUARTERDECK_DATA": str(tmp_path / ("deep" * 30))}
    first, second = environment.read(deep).run, environment.read(deep).run
    assert first == second
    assert len(str(first)) <= environment.LONGEST_RUN
    assert environment.read({"QUARTERDECK_DATA": str(tmp_path / ("other" * 30))}).run != first


def test_a_named_run_folder_that_is_too_long_is_refused() -> None:
    with pytest.raises(GaveUp, match="QUARTERDECK_RUN is too long"):
        environment.read({"QUARTERDECK_RUN": "/" + "x" * 100})


@pytest.mark.parametrize("port", ["web", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(GaveUp, match="QUARTERDECK_PORT"):
        environment.read({"QUARTERDECK_PORT": port})


def test_a_run_folder_that_is_a_link_of_somebody_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mallory").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "mallory")
    place = environment.read({"QUARTERDECK_DATA": str(tmp_path / "data")})
    linked = environment.Place(**{**vars(place), "run": tmp_path / "run"})
    with pytest.raises(GaveUp, match="belongs to somebody else"):
        environment.make_folders(linked)


def test_only_the_folder_for_sandboxes_is_open_to_others(tmp_path: Path) -> None:
    place = environment.read({"QUARTERDECK_DATA": str(tmp_path / "d"), "QUARTERDECK_RUN": str(tmp_path / "r")})
    environment.make_folders(place)
    modes = {path: oct(path.stat().st_mode & 0o777) for path in (place.data, place.run, place.run / "agent")}
    assert list(modes.values()) == ["0o700", "0o700", "0o755"]


def test_children_write_bytecode(tmp_path: Path) -> None:
    given = {"QUARTERDECK_DATA": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C"}
    children = environment.of_children(environment.read(given), given, 8640)
    assert "PYTHONDONTWRITEBYTECODE" not in children
    assert children["LANG"] == "C"
