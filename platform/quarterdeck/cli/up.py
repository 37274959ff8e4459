"""Start everything on this machine and stay; Ctrl-C stops all of it."""

import argparse

from quarterdeck.up import start


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where things live and listen comes from the environment, as for every other process."""
    parser.add_argument(
        "--prepared",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="what ./run waited for before; added to the start's time",
    )


def run(arguments: argparse.Namespace) -> int:
    return start.main(prepared=arguments.prepared)
