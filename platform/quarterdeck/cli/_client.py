"""How a command reaches the platform: its address, a token, one request, and what may be printed of the answer.

QUARTERDECK_URL and QUARTERDECK_TOKEN say where and as whom; without them the installation on this machine is meant,
by <data>/run/ports.json and the owner's token in <data>/keys/cli.token (`manage.py cli_token` writes it).
"""

import argparse
import json
import os
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

TOP = Path(__file__).resolve().parents[3]
REFUSED, USAGE, UNREACHABLE = 1, 2, 3
SECONDS = 30.0


class Failed(Exception):
    """What is said on standard error, and the exit code: 1 refused, 2 usage, 3 unreachable."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Client:
    url: str
    token: str = field(repr=False)
    transport: httpx.BaseTransport | None = None

    def get(self, path: str, **query: Any) -> Any:
        return self._ask("GET", path, params={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._ask("POST", path, json=body)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        return self._ask("PATCH", path, json=body)

    def _ask(self, method: str, path: str, **given: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            with httpx.Client(timeout=SECONDS, transport=self.transport) as http:
                answer = http.request(method, f"{self.url}/api/v1{path}", headers=headers, **given)
            body = answer.json() if answer.content else None
        except (httpx.HTTPError, httpx.InvalidURL, json.JSONDecodeError) as no:
            raise Failed(f"No Quarterdeck answers at {self.url} ({type(no).__name__}).", UNREACHABLE) from no
        if answer.is_success:
            return body
        said = body if isinstance(body, dict) else {}
        text = " ".join(
            part for part in (said.get("text", f"It said {answer.status_code}."), said.get("remedy", "")) if part
        )
        raise Failed(text, UNREACHABLE if answer.status_code >= 500 else REFUSED)


def connect(given: Mapping[str, str] = os.environ) -> Client:
    """Raises Failed when nobody said where, or as whom."""
    data = Path(given.get("QUARTERDECK_DATA") or TOP / "data")
    url = given.get("QUARTERDECK_URL") or _address(Path(given.get("QUARTERDECK_RUN") or data / "run"))
    token = given.get("QUARTERDECK_TOKEN") or _read(data / "keys" / "cli.token")
    if not url:
        raise Failed("No Quarterdeck runs here. Start it with `quarterdeck up`, or set QUARTERDECK_URL.", UNREACHABLE)
    if not token:
        raise Failed(
            "There is no token: come in by the owner's link first, or set QUARTERDECK_TOKEN.",
            USAGE,
        )
    return Client(url.rstrip("/"), token)


def guarded(work: Any, arguments: argparse.Namespace) -> int:
    """Runs a command's work: its exit code, or the one of what went wrong, said in one line."""
    try:
        return int(work(connect(), arguments))
    except Failed as no:
        print(plain(str(no)), file=sys.stderr)
        return no.code


def plain(text: object) -> str:
    """Without control, bidirectional and other characters that a terminal would obey. Tabs and line ends become spaces."""
    spaced = str(text).replace("\n", " ").replace("\t", " ")
    return "".join(sign for sign in spaced if unicodedata.category(sign)[0] != "C")


def show(rows: list[list[str]]) -> None:
    """Columns as wide as their widest cell; the last one as it is."""
    rows = [[plain(cell) for cell in row] for row in rows]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(len(rows[0]) - 1)] if rows else []
    for row in rows:
        print("  ".join([cell.ljust(width) for cell, width in zip(row, widths, strict=False)] + row[-1:]).rstrip())


def as_json(value: object) -> None:
    print(json.dumps(value, indent=2))  # escaped: nothing in it reaches the terminal as a control character


def money(micro: int) -> str:
    return f"{micro / 1_000_000:.2f}"


def receipt(said: dict[str, Any], *, json_wanted: bool) -> int:
    """Prints one line a run. Exit code 1 when any was rejected."""
    if json_wanted:
        as_json(said)
    else:
        show([[line["ticketKey"] or line["run"][:8], line["fate"], line["why"]] for line in said["lines"]])
    return REFUSED if any(line["fate"] == "rejected" for line in said["lines"]) else 0


def find(client: Client, words: list[str]) -> list[str]:
    """Ids of the runs that these words name: an id, the beginning of one, or a ticket's key (its newest run)."""
    runs = sorted(client.get("/snapshot", view="board")["runs"], key=lambda run: -run["startedAt"])
    return [_one(runs, word) for word in words]


def _one(runs: list[dict[str, Any]], word: str) -> str:
    by_key = [run["id"] for run in runs if run["ticket"]["key"].lower() == word.lower()]
    by_id = [run["id"] for run in runs if run["id"].startswith(word.lower()) and len(word) >= 4]
    if by_key or len(by_id) == 1:
        return str((by_key or by_id)[0])
    raise Failed(f"{word} names {'several runs' if by_id else 'no run that you can see'}.", REFUSED)


def _address(run: Path) -> str:
    try:
        return str(json.loads((run / "ports.json").read_text())["address"])
    except (OSError, ValueError, KeyError):
        return ""


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
