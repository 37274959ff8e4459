"""Reads the sample's tickets and settings. No Django here: whoever loads them decides where they go."""

import tomllib
from dataclasses import dataclass
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


def project() -> dict[str, Any]:
    """Name, key, branch, commands, cap and the virtual model with its prices, as project.toml has them."""
    return tomllib.loads((HERE / "project.toml").read_text("utf-8"))
