"""The command `quarterdeck`: one module per word, and only the typed word's module is imported."""

import importlib.metadata
import subprocess
import sys

import pytest

from quarterdeck import cli


def test_the_help_names_every_word_with_its_first_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["--help"])
    assert left.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert all(word in said for word in cli.words())
    assert "Ctrl-C stops all of it" in said


def test_an_unknown_word_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["fly"])
    assert left.value.code == 2
    assert "up" in capsys.readouterr().err


def test_starting_does_not_import_django_or_another_word() -> None:
    script = (
        "import sys, quarterdeck.cli as cli; import quarterdeck.cli.up; "
        "print([name for name in sys.modules if name == 'django' or name.startswith('quarterdeck.cli.')])"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert told.stdout.strip() == "['quarterdeck.cli.up']"


@pytest.mark.parametrize("word", ["version", "--version"])
def test_the_version_is_said_in_either_way(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([word]) == 0
    assert capsys.readouterr().out == f"Quarterdeck {importlib.metadata.version('quarterdeck')}\n"
