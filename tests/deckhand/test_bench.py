"""Figures, printed and not asserted: time to ready, and how many requests a step costs."""

import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from .platform_twin import Platform

pytestmark = pytest.mark.bench


def test_ready_and_requests(stage, capsys):
    platform, start = stage()
    at: dict[str, float] = {}
    cpu: dict[str, float] = {}
    agents: list[Any] = []

    def note(door: str, *_: Any) -> None:
        if door not in at:
            at[door], cpu[door] = time.monotonic(), seconds_of_cpu(agents[0].process.pid)

    platform.before = note
    began = time.monotonic()
    agents.append(start())
    agents[0].ends(0)
    whole = time.monotonic() - began
    doors: Counter[str] = Counter(path.split("?")[0] for _, path, _ in platform.requests)
    steps = len(platform.checkpoints)
    sent: Any = sum(len(part.data) for part in platform.parts.values())
    with capsys.disabled():
        print(f"\nhello after {at['hello'] - began:.2f} s, first step {at['step'] - began:.2f} s, ", end="")
        print(f"first model call {at['model'] - began:.2f} s, sealed after {whole:.2f} s")
        print(f"CPU until then: hello {cpu['hello']:.2f} s, step {cpu['step']:.2f} s, model {cpu['model']:.2f} s")
        print(f"{steps} steps, {len(platform.calls)} model calls, {sent} bytes of parts")
        print(f"{sum(doors.values())} requests: {dict(doors)}")
    assert isinstance(platform, Platform)


def seconds_of_cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
