"""The probe tries for real, and says plainly what does not work."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from quarterdeck.errors import GaveUp
from quarterdeck.outside.cluster.bubblewrap import Tools
from quarterdeck.outside.cluster.probe import probe
from quarterdeck.outside.cluster.tools import find_tools
from testkit.places import LocalWorld


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


def without_bwrap(folder: Path) -> Tools:
    """As on a machine whose PATH holds no bubblewrap."""
    (folder / "setpriv").symlink_to(str(shutil.which("setpriv")))
    return replace(find_tools(str(folder)), setpriv=str(shutil.which("setpriv")))


def test_a_machine_without_bubblewrap_uses_the_one_that_came_with_the_packages(tmp_path: Path) -> None:
    tools = without_bwrap(tmp_path)
    assert tools.inside
    assert probe(tools).works


async def test_agents_and_their_tools_live_in_the_sandbox_that_came_with_the_packages(tmp_path: Path) -> None:
    """The nested one too: the tool's own sandbox is built by the program that the place sees."""
    world = LocalWorld(tools=without_bwrap(tmp_path))
    try:
        seen = await world.do(
            "bwrap --unshare-all --unshare-user --disable-userns --ro-bind / / --proc /proc echo nested"
        )
        assert (seen.reason, world.log().strip().splitlines()[-1]) == ("done", "nested")
    finally:
        await world.close()


def test_a_machine_that_lacks_a_program_is_told_what_to_install(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        assert find_tools(str(tmp_path)).setpriv == ""
        return
    with pytest.raises(GaveUp) as gave_up:
        find_tools(str(tmp_path))
    assert (gave_up.value.reason, gave_up.value.remedy) == ("no_sandbox", "Install the package util-linux.")


def script(folder: Path, words: str) -> str:
    path = folder / "bwrap"
    path.write_text(f"#!/bin/sh\n{words}\n")
    path.chmod(0o755)
    return str(path)
