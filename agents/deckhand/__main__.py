"""`python -P -m deckhand` runs an attempt, `python -P -m deckhand check` runs a check, `… install` installs packages. The exit code
says how it ended:

0 as it said in its goodbye, 3 fenced, 4 stopped, 5 the place is not safe, 6 configuration, 7 gave up, 1 a crash.
"""

import asyncio
import logging
import sys
import traceback
from importlib import import_module

from deckhand import ahead
from deckhand.canary import refuse_exposed
from deckhand.exits import Leaving
from deckhand.lazily import PROVIDERS, load_lazily
from deckhand.sandbox import harden
from deckhand.settings import from_environment
from deckhand.standins import stand_in

AHEAD = {
    "attempt": ("deckhand.attempt", "deckhand.aboard"),
    "check": ("deckhand.check",),
    "install": ("deckhand.install",),
}
"""What each kind of work needs, in the order in which it needs it."""


def main(arguments: list[str]) -> int:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    name = arguments[0] if arguments in (["check"], ["install"]) else "attempt"
    try:
        # Before the secret is read: code under test must not read it out of our memory.
        harden()
        settings = from_environment()
        stand_in()
        load_lazily(PROVIDERS)
        ahead.load(AHEAD[name])
        refuse_exposed(settings.canary, patience=settings.canary_seconds)
        asyncio.run(getattr(import_module(f"deckhand.{name}"), name)(settings))
    except Leaving as end:
        if end.code:
            print(f"{type(end).__name__}: {end}", file=sys.stderr)
        return end.code
    except Exception:  # noqa: BLE001 — the process's edge: whatever it was becomes exit code 1 and a traceback
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
