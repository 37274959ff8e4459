"""Say which runs are wanted more: it counts whenever they wait for a place."""

import argparse

from quarterdeck.cli import _client

WORDS = ["Highest", "High", "Medium", "Low"]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("priority", choices=[*WORDS, "ticket"], help="'ticket': as the ticket says")
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a run's id, its beginning, or its ticket's key")
    parser.add_argument("--json", action="store_true", help="the whole cards, as JSON")


def run(arguments: argparse.Namespace) -> int:
    return _client.guarded(_prioritise, arguments)


def _prioritise(client: _client.Client, arguments: argparse.Namespace) -> int:
    word = "" if arguments.priority == "ticket" else arguments.priority
    runs = [client.patch(f"/runs/{id}", {"priority": word}) for id in _client.find(client, arguments.runs)]
    if arguments.json:
        _client.as_json(runs)
    else:
        _client.show([[one["ticket"]["key"], one["priority"], one["queueReason"]] for one in runs])
    return 0
