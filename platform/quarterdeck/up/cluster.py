"""Where a start puts its agents when that is a Kubernetes cluster: one of our own on this machine (`CLUSTER=up`), or the
one that `KUBECONFIG` names. It makes the agents' namespace ready and the settings that the children read.
"""

import asyncio
import ipaddress
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from quarterdeck.errors import GaveUp
from quarterdeck.up import ports
from quarterdeck.up.environment import TOP

SCRIPTS = TOP / "infra" / "cluster"
OWN_IMAGE = "localhost/quarterdeck/agent:dev"
DOORS_PORT = 8700
NAMESPACE = "quarterdeck-agents"
CLAIM = "packages"
"""The same word stands in infra/cluster/manifests/packages.yaml."""


@dataclass(frozen=True)
class Wanted:
    """A cluster to use. `own`: ours, to be brought up."""

    kubeconfig: Path
    image: str
    namespace: str
    site: str
    own: bool

    @property
    def words(self) -> str:
        return "a cluster of our own" if self.own else f"the cluster of {self.kubeconfig}"


def wanted(given: Mapping[str, str]) -> Wanted | None:
    """None when agents live on this machine itself. GaveUp when what was asked for cannot be."""
    asked, config = given.get("CLUSTER", ""), given.get("KUBECONFIG", "")
    if asked not in ("", "up"):
        raise GaveUp(f"CLUSTER is {asked!r}: write CLUSTER=up for a cluster of our own, or leave it out.")
    if given.get("QUARTERDECK_CLUSTER") or not (asked or config):
        return None
    common = (given.get("QUARTERDECK_AGENTS_NAMESPACE") or NAMESPACE, given.get("QUARTERDECK_SITE") or "quarterdeck")
    if not config:
        return Wanted(own_kubeconfig(given), given.get("QUARTERDECK_AGENT_IMAGE") or OWN_IMAGE, *common, own=True)
    file = Path(config.partition(os.pathsep)[0]).expanduser()
    if not file.is_file():
        raise GaveUp(f"KUBECONFIG names {file}, and there is no such file. Unset it, or name one.")
    image = given.get("QUARTERDECK_AGENT_IMAGE", "")
    if not image:
        raise GaveUp(
            f"KUBECONFIG is set, so agents would live in the cluster of {file}: name an image of them that it can pull in "
            "QUARTERDECK_AGENT_IMAGE (infra/images/agent). To keep them on this machine, unset KUBECONFIG."
        )
    return Wanted(file, image, *common, own=False)


def own_kubeconfig(given: Mapping[str, str]) -> Path:
    """Where infra/cluster/up.sh puts it; the same words stand in lib.sh."""
    if named := given.get("QD_CLUSTER_STATE"):
        return Path(named) / "admin.kubeconfig"
    state = Path(given.get("XDG_STATE_HOME") or Path(given.get("HOME") or Path.home()) / ".local" / "state")
    return state / "quarterdeck" / f"cluster-{given.get('QD_CLUSTER_SLOT') or 0}" / "admin.kubeconfig"


async def ready(want: Wanted, given: Mapping[str, str]) -> dict[str, str]:
    """Bring it up when it is ours, make the namespace ready, and give the settings of the children. GaveUp in words."""
    if want.own:
        await _script("up.sh", "node", given=given)
    here = await asyncio.to_thread(_this_machine, want, given)
    doors = ports.choose(here, DOORS_PORT, named=False)
    git = ports.choose(here, doors + 1, named=False)
    outlet = ports.choose(here, git + 1, named=False)
    opened = (str(doors), str(git), str(outlet))
    await _script("agents.sh", str(want.kubeconfig), want.namespace, here, *opened, given=given)
    made = {
        "QUARTERDECK_CLUSTER": "pods",
        "QUARTERDECK_KUBECONFIG": str(want.kubeconfig),
        "QUARTERDECK_AGENT_IMAGE": want.image,
        "QUARTERDECK_AGENTS_NAMESPACE": want.namespace,
        "QUARTERDECK_SITE": want.site,
        "QUARTERDECK_DOORS_LISTEN": _at(here, doors),
        "QUARTERDECK_GIT_LISTEN": _at(here, git),
        "QUARTERDECK_DOORS_FOR_PODS": f"http://{_at(here, doors)}",
        "QUARTERDECK_GIT_FOR_PODS": f"http://{_at(here, git)}",
        "QUARTERDECK_OUTLET_LISTEN": _at(here, outlet),
        "QUARTERDECK_OUTLET_FOR_PODS": f"http://{_at(here, outlet)}",
        # In somebody else's cluster volumes are his to make, and to name.
        "QUARTERDECK_ENVIRONMENTS_CLAIM": CLAIM if want.own else "",
    }
    return made | {name: given[name] for name in made if given.get(name)}


async def leave(want: Wanted, given: Mapping[str, str]) -> None:
    """Agents do not outlive the house: the next start makes new ones from their last step."""
    try:
        await _script("agents.sh", str(want.kubeconfig), want.namespace, "--end", want.site, given=given)
    except GaveUp:
        return  # a cluster that is gone holds no agents of ours that could do anything: the doors are shut


def _at(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _this_machine(want: Wanted, given: Mapping[str, str]) -> str:
    """Our address as the cluster sees it: the one that this machine would speak to its API server from."""
    if named := given.get("QUARTERDECK_DOORS_LISTEN"):
        return named.rpartition(":")[0].strip("[]")
    server = _server(want.kubeconfig, given)
    host, port = server.hostname or "", server.port or 443
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as line:
            line.connect(address)  # nothing is sent: it only asks for the way
            found = str(line.getsockname()[0])
    except OSError as gone:
        raise GaveUp(f"{want.words} is at {host}, and this machine knows no way there: {gone.strerror}.") from gone
    if ipaddress.ip_address(found).is_loopback:
        raise GaveUp(
            f"{want.words} listens on this machine's loopback, where no pod can reach Quarterdeck: give an address that pods "
            "can reach in QUARTERDECK_DOORS_LISTEN (host:8700)."
        )
    return found


def _server(kubeconfig: Path, given: Mapping[str, str]) -> SplitResult:
    """The API server's address, as kubectl reads the file: contexts and merged files are its business."""
    words = [
        "config",
        "view",
        "--minify",
        "-o",
        "jsonpath={.clusters[0].cluster.server}",
        "--kubeconfig",
        str(kubeconfig),
    ]
    said = subprocess.run([kubectl(given), *words], capture_output=True, text=True, timeout=30)
    if said.returncode != 0 or not said.stdout:
        raise GaveUp(f"{kubeconfig} names no cluster: {said.stderr.strip() or 'no current context'}.")
    return urlsplit(said.stdout.strip())


def kubectl(given: Mapping[str, str]) -> str:
    """The machine's own, else the one that was built with our cluster. GaveUp when there is neither."""
    cache = given.get("QUARTERDECK_CLUSTER_CACHE")
    home = Path(given.get("XDG_CACHE_HOME") or Path(given.get("HOME") or Path.home()) / ".cache") / "quarterdeck"
    built = (Path(cache) if cache else home) / "kubernetes" / "kubectl"
    found = shutil.which("kubectl", path=given.get("PATH")) or (str(built) if built.exists() else None)
    if found is None:
        raise GaveUp("kubectl was not found: it makes the agents' namespace ready in your cluster. Install it.")
    return found


async def _script(name: str, *words: str, given: Mapping[str, str]) -> None:
    """Its progress goes to the terminal as it comes. GaveUp when it fails; cancelled, it is asked to end."""
    if shutil.which("bash") is None:
        raise GaveUp("bash was not found: the cluster's scripts need it.")
    process = await asyncio.create_subprocess_exec(
        str(SCRIPTS / name),
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        env={key: value for key, value in given.items() if key != "PYTHONDONTWRITEBYTECODE"},
        start_new_session=True,
    )
    try:
        code = await process.wait()
    except asyncio.CancelledError:
        os.killpg(process.pid, signal.SIGTERM)
        await process.wait()
        raise
    if code != 0:
        raise GaveUp(f"infra/cluster/{name} {words[0]} ended with {code}: what it said stands above.")
