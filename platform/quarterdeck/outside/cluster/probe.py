"""Whether this machine can hold places at all, tried for real: a sandbox, and a tool's sandbox nested inside it."""

import os
import subprocess
from dataclasses import dataclass

from quarterdeck.errors import GaveUp
from quarterdeck.outside.cluster.bubblewrap import Tools, View, sandbox_argv
from quarterdeck.outside.cluster.layout import system
from quarterdeck.outside.cluster.tools import carried, find_tools

SECONDS = 20
NESTED = (
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    "--ro-bind",
    "/",
    "/",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
)


@dataclass(frozen=True)
class Probe:
    works: bool
    words: str


def probe(tools: Tools | None = None) -> Probe:
    """Takes some 30 ms. `words` are for a person: what works, or what does not and why."""
    try:
        tools = tools or find_tools()
    except GaveUp as missing:
        return Probe(False, f"{missing.text} {missing.remedy}")
    outer = _try(tools, ("/bin/true",))
    if outer:
        return Probe(False, f"bubblewrap cannot make a sandbox here: {outer}")
    inner = _try(tools, (tools.inside or tools.bwrap, *NESTED, "--", "/bin/true"))
    if inner:
        return Probe(False, f"bubblewrap works here, but not inside itself, so tools could not be walled in: {inner}")
    return Probe(True, "Agents and their tools run in sandboxes of their own.")


def _try(tools: Tools, command: tuple[str, ...]) -> str:
    """Empty when it worked, else the last thing it said."""
    links, binds = system()
    view = View((*binds, *carried(tools)), tuple(links), (("/tmp", 16),), (), command)
    argv = sandbox_argv(view, tools, root=os.geteuid() == 0)
    try:
        tried = subprocess.run(argv, capture_output=True, text=True, env={}, cwd="/", timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = tried.stderr.strip().splitlines() or [f"it ended with code {tried.returncode}"]
    return said[-1] if tried.returncode else ""
