"""Print a run's lines as they come, until it ends."""

import argparse
import json
import time
from typing import Any

from quarterdeck.cli import _client

ENDS = {"merged", "closed", "failed", "cancelled"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", help="a run's id, the beginning of one, or a ticket's key")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--once", action="store_true", help="what there is now, and leave")
    parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="how often to look (1)")


def run(arguments: argparse.Namespace) -> int:
    return _client.guarded(_follow, arguments)


def _follow(client: _client.Client, arguments: argparse.Namespace) -> int:
    """Exit code 1 when the run failed or was stopped."""
    run, after = _client.find(client, [arguments.run])[0], 0
    while True:
        page = client.get(f"/runs/{run}/events", after=after, limit=500)
        for event in page["events"]:
            _print(event, arguments.json)
            after = event["seq"]
        if after < page["head"]:
            continue
        phase = client.get("/snapshot", view="run", run=run)["runs"][0]["phase"]
        if arguments.once or phase in ENDS:
            return _client.REFUSED if phase in {"failed", "cancelled"} else 0
        time.sleep(max(0.1, arguments.every))


def _print(event: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(event), flush=True)
        return
    moment = time.strftime("%H:%M:%S", time.localtime(event["at"] / 1000))
    mark = "~" if event["undone"] else " "
    print(f"{moment} {mark}{event['seq']:>5}  {event['what']:<8}  {_client.plain(event['text'])}", flush=True)
