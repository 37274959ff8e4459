"""Say which version of Quarterdeck this is."""

import argparse
import importlib.metadata


def arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    del arguments
    print(f"Quarterdeck {importlib.metadata.version('quarterdeck')}")
    return 0
