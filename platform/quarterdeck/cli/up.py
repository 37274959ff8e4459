"""Start everything on this machine and stay; Ctrl-C stops all of it."""

import argparse

from quarterdeck.up import start


def arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing: where things live and listen comes from the environment, as for every other process."""


def run(arguments: argparse.Namespace) -> int:
    return start.main()
