"""Say what is configured, reachable and missing. Exit code 1 when something is broken, 3 when nothing answers."""

import argparse
import asyncio
import json
import os
import shutil
import socket
from pathlib import Path
from typing import Any

from quarterdeck.cli import _client
from quarterdeck.outside.cluster.pods.manifest import Ground
from quarterdeck.outside.cluster.probe import probe
from quarterdeck.up import cluster

MARKS = {"good": "ok", "warn": "look", "bad": "broken"}
Fact = tuple[str, str, str]
PUBLIC = ("1.1.1.1", 443)
"""Any public address would do: this one answers everybody."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """The machine is looked at also where no Quarterdeck answers yet."""
    try:
        client = _client.connect()
    except _client.Failed as no:
        _tell([*_machine(), *_cluster(), ("bad", str(no), "")], arguments)
        return no.code
    return _examine(client, arguments)


def _examine(client: _client.Client, arguments: argparse.Namespace) -> int:
    try:
        said = [*_platform(client), *_projects(client), *_fleet(client.get("/fleet"))]
    except _client.Failed as no:
        _tell([*_machine(), *_cluster(), ("bad", str(no), "")], arguments)
        return no.code
    return _tell([*_machine(), *_cluster(), *said], arguments)


def _tell(facts: list[Fact], arguments: argparse.Namespace) -> int:
    if arguments.json:
        _client.as_json([{"state": state, "what": what, "remedy": remedy} for state, what, remedy in facts])
    else:
        _client.show([[MARKS[state], what, remedy] for state, what, remedy in facts])
    return _client.REFUSED if any(state == "bad" for state, _, _ in facts) else 0


def _machine() -> list[Fact]:
    """What agents on this machine would need."""
    sandbox = probe()
    return [
        ("good" if shutil.which("git") else "bad", "git is installed", "" if shutil.which("git") else "Install git."),
        ("good" if sandbox.works else "bad", sandbox.words, "" if sandbox.works else "Without it no agent starts here."),
    ]  # fmt: skip


def _cluster() -> list[Fact]:
    """Only where agents live in one; its client is imported here because it costs a second."""
    want = cluster.wanted(os.environ)
    named = os.environ.get("QUARTERDECK_CLUSTER") == "pods"
    if want is None and not named:
        return []
    from quarterdeck.outside.cluster.pods.api import Api
    from quarterdeck.outside.cluster.pods.examine import examine

    given = os.environ.get
    config = str(want.kubeconfig) if want else given("QUARTERDECK_KUBECONFIG", "")
    namespace = want.namespace if want else given("QUARTERDECK_AGENTS_NAMESPACE", cluster.NAMESPACE)
    ground = _ground(want.image if want else given("QUARTERDECK_AGENT_IMAGE", ""))

    async def look() -> list[Fact]:
        api = Api(Path(config) if config else None, namespace)
        try:
            return [(one.state, one.what, one.remedy) for one in await examine(api, ground)]
        finally:
            await api.close()

    return asyncio.run(look())


def _ground(image: str) -> Ground:
    """With all of the pods' options: without its pull secret, say, a probe would tell of an image that agents can have."""
    doors = (
        os.environ.get("QUARTERDECK_DOORS_FOR_PODS") or f"http://10.250.{os.environ.get('QD_CLUSTER_SLOT') or 0}.1:8700"
    )
    options = json.loads(os.environ.get("QUARTERDECK_POD_OPTIONS") or "{}")
    return Ground(site="doctor", image=image, doors=doors, git="", **options)


def _platform(client: _client.Client) -> list[Fact]:
    me = client.get("/me")
    models = client.get("/connections")
    facts: list[Fact] = [("good", f"{client.url} answers {me['person']['name']}", f"version {me['version']}")]
    if me["rehearsal"]:
        facts.append(("warn", "No model is connected: agents rehearse", "Add one under Settings, Models."))
    for model in models:
        unpriced = [one["name"] for one in model["models"] if one["inMicroPerMTok"] is None]
        state = "bad" if model["state"] == "unreachable" else "warn" if unpriced else "good"
        remedy = model["note"] or (f"no price for {', '.join(unpriced)}" if unpriced else "")
        facts.append((state, f"Connection {model['name']}: {model['state']}", remedy))
    return facts


def _projects(client: _client.Client) -> list[Fact]:
    facts: list[Fact] = []
    projects = client.get("/projects")
    for project in projects:
        repository = project["repositorySettings"]
        facts.append(("good" if repository["url"] else "bad", f"{project['name']} has a repository",
                      "" if repository["url"] else "Add one in its settings."))  # fmt: skip
        if not repository["test"]:
            facts.append(("warn", f"{project['name']} has no test command", "Nothing can be re-run as evidence."))
    return facts + _installs(projects)


def _installs(projects: list[dict[str, Any]]) -> list[Fact]:
    """Installing packages is the only thing on this machine that has a way out: an outlet of its own."""
    names = [one["name"] for one in projects if one["repositorySettings"]["install"]]
    if not names:
        return []
    what = f"Packages are installed for {', '.join(names)}, by an outlet that reaches public addresses"
    if reaches_out():
        return [("good", what, "")]
    return [("warn", f"{what}; none answers from here", "Name a registry of your own in QUARTERDECK_INSTALL_REACHES.")]


def reaches_out(where: tuple[str, int] = PUBLIC, seconds: float = 2.0) -> bool:
    try:
        socket.create_connection(where, timeout=seconds).close()
    except OSError:
        return False
    return True


def _fleet(fleet: dict[str, Any]) -> list[Fact]:
    states = {"live": "good", "idle": "good", "late": "warn", "broken": "bad"}
    sources: list[Fact] = [
        (states[one["state"]], f"{one['name']} is {one['state']}", one["note"]) for one in fleet["sources"]
    ]
    places = fleet["places"]
    return [
        *sources,
        ("good", f"{places['used']} of {places['all']} places are taken", f"{len(fleet['queue'])} in the queue"),
    ]
