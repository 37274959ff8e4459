"""Give tickets to agents, one run each."""

import argparse
import uuid
from typing import Any

from quarterdeck.cli import _client


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tickets", nargs="+", metavar="TICKET", help="a ticket's key or id")
    parser.add_argument("--cap", type=float, help="the most a run may spend, in the project's currency")
    parser.add_argument("--plan", choices=["ask", "auto"], help="whether the plan waits for a person")
    parser.add_argument("--model", default="", help="another model than the project's")
    parser.add_argument("--force", action="store_true", help="also what is not ready")
    parser.add_argument("--words", default="", help="a word to the record")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    return _client.guarded(_assign, arguments)


def _assign(client: _client.Client, arguments: argparse.Namespace) -> int:
    known = client.get("/tickets")
    body = {
        "key": uuid.uuid4().hex, "tickets": [_named(known, word) for word in arguments.tickets], "force": arguments.force,
        "capMicro": None if arguments.cap is None else round(arguments.cap * 1_000_000), "planDial": arguments.plan,
        "model": arguments.model, "words": arguments.words,
    }  # fmt: skip
    return _client.receipt(client.post("/runs", body), json_wanted=arguments.json)


def _named(tickets: list[dict[str, Any]], word: str) -> str:
    for ticket in tickets:
        if word.lower() in (ticket["key"].lower(), ticket["id"]):
            return str(ticket["id"])
    raise _client.Failed(f"{word} names no ticket that you can see.", _client.REFUSED)
