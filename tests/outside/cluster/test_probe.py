"""The probe tries for real, and says plainly what does not work."""

from pathlib import Path

import pytest

from quarterdeck.errors import GaveUp
from quarterdeck.outside.cluster.bubblewrap import Tools
from quarterdeck.outside.cluster.probe import probe
from quarterdeck.outside.cluster.tools import find_tools


def test_on_a_machine_with_bubblewrap_it_says_yes() -> None:
    answer = probe()
    assert (answer.works, answer.words) == (True, "Agents and their tools run in sandboxes of their own.")


def test_a_sandbox_that_is_forbidden_is_named_with_its_cause(tmp_path: Path) -> None:
    forbidden = script(tmp_path, "echo 'bwrap: No permissions to create new namespace' >&2; exit 1")
    answer = probe(Tools(forbidden, forbidden))
    assert not answer.works
    assert answer.words.endswith("a sandbox here: bwrap: No permissions to create new namespace")


def test_a_sandbox_that_works_only_once_is_told_apart(tmp_path: Path) -> None:
    # Nesting is asked for with --disable-userns: this one refuses exactly that.
    picky = script(tmp_path, 'case "$*" in *--disable-userns*) echo "no nesting" >&2; exit 1;; esac')
    answer = probe(Tools(picky, picky))
    assert not answer.works
    assert "not inside itself" in answer.words


def test_a_machine_without_bubblewrap_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GaveUp) as gave_up:
        find_tools()
    assert gave_up.value.reason == "no_sandbox"
    assert probe().words == "This machine has no bubblewrap. Install the package bubblewrap."


def script(folder: Path, words: str) -> str:
    path = folder / "bwrap"
    path.write_text(f"#!/bin/sh\n{words}\n")
    path.chmod(0o755)
    return str(path)
