"""The command `quarterdeck`. One module per word in this folder: its first line is the help, `arguments(parser)` says
what it takes, `run(arguments)` does it and gives the exit code. Only the module of the word that was typed is imported."""

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence


def words() -> list[str]:
    return sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))


def main(typed: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if typed is None else typed)
    if given[:1] in (["--version"], ["-V"]):
        given = ["version", *given[1:]]
    parser = argparse.ArgumentParser(prog="quarterdeck", description="One person, many coding agents.")
    inner = parser.add_subparsers(dest="word", required=True, metavar="|".join(words()))
    # Help needs every module's first line; a typed word needs its own module alone.
    for word in given[:1] if given[:1] and given[0] in words() else words():
        module = importlib.import_module(f"{__name__}.{word}")
        said = (module.__doc__ or "").strip().splitlines()[0]
        module.arguments(inner.add_parser(word, help=said, description=said))
    arguments = parser.parse_args(given)
    return int(importlib.import_module(f"{__name__}.{arguments.word}").run(arguments))
