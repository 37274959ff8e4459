"""Decide something about runs: approve, deny, answer, redirect, pause, resume, rewind, retry, stop, raise-budget, merge."""

import argparse
import uuid

from deckwire.words import Verb
from quarterdeck.cli import _client

VERBS = {str(verb).replace(" ", "-"): str(verb) for verb in Verb}
ANSWERS = {"approve", "deny", "answer"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", choices=sorted(VERBS))
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a run's id, the beginning of one, or a ticket's key")
    parser.add_argument("--words", default="", help="what the agent, or the record, is told")
    parser.add_argument("--choice", default="", help="the id of the choice, for answer")
    parser.add_argument("--amount", type=float, help="for raise-budget, in the project's currency")
    parser.add_argument("--checkpoint", default="", help="for rewind")
    parser.add_argument("--head", default="", help="the sealed head you looked at, for approve and merge of a review")
    parser.add_argument("--interrupt", action="store_true", help="end the running tool, for redirect")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    return _client.guarded(_decide, arguments)


def _decide(client: _client.Client, arguments: argparse.Namespace) -> int:
    """Where a run asks something and the verb answers, its first open request is decided; else the run itself."""
    runs = _client.find(client, arguments.runs)
    cards = {one["id"]: one for one in client.get("/snapshot", view="board")["runs"]}
    asked = [cards[run]["request"] for run in runs if arguments.verb in ANSWERS and cards[run]["request"]]
    body = {
        "key": uuid.uuid4().hex, "verb": VERBS[arguments.verb], "words": arguments.words, "choice": arguments.choice,
        "checkpoint": arguments.checkpoint, "head": arguments.head,
        "mode": "interrupt" if arguments.interrupt else "enqueue",
    }  # fmt: skip
    if arguments.amount is not None:
        body["amountMicro"] = round(arguments.amount * 1_000_000)
    target = {"requests": asked} if len(asked) == len(runs) else {"runs": runs}
    return _client.receipt(client.post("/decisions", body | target), json_wanted=arguments.json)
