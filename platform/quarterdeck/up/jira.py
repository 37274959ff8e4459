"""`JIRA=demo`: a start that brings a Jira Cloud of our own along, with the sample shop's tickets in it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from quarterdeck.errors import GaveUp
from quarterdeck.up import ports, probe
from quarterdeck.up.supervise import Service

HOST, PORT = "127.0.0.1", 8740
CONNECTION = "5d1f8f4e-6a0c-5f0e-9c57-2b1f0a6d9e11"
"""The connection's id, known before there is one: the demonstration must know where its webhooks go."""


@dataclass(frozen=True)
class Demo:
    port: int

    @property
    def address(self) -> str:
        return ports.address(HOST, self.port)

    def ready_words(self) -> list[str]:
        """What `make_ready` is told, so that a project watches it."""
        return ["--jira", self.address, "--jira-connection", CONNECTION]

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """It stands on this machine, and one signs in to it there: what a Jira elsewhere needs none of."""
        reaches = f"{given.get('QUARTERDECK_TRACKER_REACHES', '')} {HOST}".strip()
        return {"QUARTERDECK_TRACKER_REACHES": reaches, "QUARTERDECK_ATLASSIAN_LOGIN": self.address,
                "QUARTERDECK_ATLASSIAN_GATEWAY": self.address}  # fmt: skip

    def service(self, dashboard: str) -> Service:
        words = [sys.executable, "-P", "-m", "quarterdeck.outside.tracker.jira.demo", "--port", str(self.port)]
        return Service("jira", [*words, "--hook", f"{dashboard}/hooks/{CONNECTION}"], probe.over_tcp(HOST, self.port))


def wanted(given: Mapping[str, str]) -> Demo | None:
    """None when nobody asked. GaveUp for a word that is not known."""
    asked = given.get("JIRA", "")
    if asked not in ("", "demo"):
        raise GaveUp(f"JIRA is {asked!r}: write JIRA=demo for a Jira of our own, or connect yours in the settings.")
    return Demo(ports.choose(HOST, PORT, named=False)) if asked else None
