"""List the runs that are open or ended in the last seven days, those that need you first; what waits says for what."""

import argparse
from typing import Any

from quarterdeck.cli import _client

ORDER = ["needs-you", "failed", "broken", "ready", "working", "elsewhere", "paused", "done"]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="the whole cards, as JSON")
    parser.add_argument("--all", action="store_true", help="with those that are done")


def run(arguments: argparse.Namespace) -> int:
    return _client.guarded(_list, arguments)


def _list(client: _client.Client, arguments: argparse.Namespace) -> int:
    runs = client.get("/snapshot", view="board")["runs"]
    runs = [one for one in runs if arguments.all or one["attention"] != "done"]
    runs.sort(key=lambda one: (ORDER.index(one["attention"]), one["since"]))
    if arguments.json:
        _client.as_json(runs)
        return 0
    if not runs:
        print(_nothing(arguments.all))
        return 0
    _client.show([_row(one) for one in runs])
    return 0


def _nothing(all: bool) -> str:
    told = "No run in the last seven days." if all else "No run is open."
    return f"{told} Give a ticket to an agent with `quarterdeck assign`, or in the browser."


def _row(run: dict[str, Any]) -> list[str]:
    spent = f"{_client.money(run['spentMicro'])} of {_client.money(run['capMicro'])}"
    waits = run["queueReason"] if run["phase"] == "queued" else ""
    return [
        run["ticket"]["key"],
        run["actor"],
        run["id"],
        spent,
        run["ticket"]["title"] + (f" ({waits})" if waits else ""),
    ]
