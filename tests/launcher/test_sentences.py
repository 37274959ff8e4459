"""What a start says: the whole of the wait, every address, and only then how it is ended."""

from argparse import ArgumentParser

import pytest

from quarterdeck.cli import up
from quarterdeck.up import prepare, sentences


def test_the_whole_wait_is_told_with_its_parts() -> None:
    assert sentences.took(77.62, 157.4) == "235.0 s (157.4 s to prepare this checkout, 77.6 s to start)"
    assert sentences.took(5.0, 0.0) == "5.0 s"


def test_what_was_waited_for_before_is_handed_on() -> None:
    parser = ArgumentParser()
    up.arguments(parser)
    assert parser.parse_args(prepare.start(157.44)[2:]).prepared == 157.4
    assert parser.parse_args([]).prepared == 0.0


def test_every_address_comes_before_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    sentences.welcome("http://here", "/owner/x", ["model endpoint: none"], "5.0 s", "http://jira")
    said = capsys.readouterr().out.strip().splitlines()
    assert said[0] == "Ready in 5.0 s"
    assert "  Jira           http://jira" in said
    assert said[-1] == "Ctrl-C stops everything."
    sentences.welcome("http://here", "", [], "5.0 s")
    assert "Jira" not in capsys.readouterr().out
