"""A named point kills only who was ordered to die there, and once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

COMES_TO_IT = "from deckwire import crash; crash.point('here'); print('went on')"


def comes(orders: Path | None) -> subprocess.CompletedProcess[str]:
    told = {name: value for name, value in os.environ.items() if name != "QUARTERDECK_CRASH"}
    told |= {"QUARTERDECK_CRASH": str(orders)} if orders else {}
    return subprocess.run([sys.executable, "-c", COMES_TO_IT], env=told, capture_output=True, text=True, timeout=30)


def test_without_a_folder_of_orders_a_point_is_nothing() -> None:
    assert (comes(None).returncode, comes(None).stdout) == (0, "went on\n")


def test_an_order_is_obeyed_once_and_only_at_its_point(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    assert comes(tmp_path).stdout == "went on\n"
    (tmp_path / "here").touch()
    assert comes(tmp_path).returncode == -signal.SIGKILL
    assert comes(tmp_path).stdout == "went on\n"
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_an_order_may_name_another_signal(tmp_path: Path) -> None:
    (tmp_path / "here").write_text("TERM")
    assert comes(tmp_path).returncode == -signal.SIGTERM
