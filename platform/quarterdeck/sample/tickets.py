"""Reads the sample's tickets and settings. No Django here: whoever loads them decides where they go."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SCRIPTS = HERE / "scripts"


@dataclass(frozen=True)
class SampleTicket:
    """`cap_micro` is the budget that its story was made for, in micro-units; `shows` what a newcomer learns from it."""

    key: str
    title: str
    description: str
    kind: str
    priority: str
    labels: list[str]
    reporter: str
    cap_micro: int
    shows: str


def tickets() -> list[SampleTicket]:
    """LARK-1 to LARK-8, in that order."""
    listed = tomllib.loads((HERE / "tickets.toml").read_text("utf-8"))["ticket"]
    return [SampleTicket(**{**one, "description": one["description"].strip()}) for one in listed]


@cache
def _prefixes() -> tuple[str, str]:
    told = project()
    return f"{told['jira_key']}-", f"{told['key']}-"


def own_key(key: str) -> str:
    """By which the sample itself knows a ticket: the demonstration's Jira has the same ones under another key."""
    there, here = _prefixes()
    return here + key.removeprefix(there) if key.startswith(there) else key


def project() -> dict[str, Any]:
    """Name, key, branch, commands, cap and the virtual model with its prices, as project.toml has them."""
    return tomllib.loads((HERE / "project.toml").read_text("utf-8"))
