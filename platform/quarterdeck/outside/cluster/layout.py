"""What a local place sees of this machine: the system's programs, one interpreter, the agent's code, two sockets, its
secret; and nothing of anybody's home, data folder or network. Who installs packages also sees a socket with a way out.
Reads the machine, changes nothing."""

import os
from dataclasses import dataclass
from pathlib import Path

from deckwire import crash
from quarterdeck.outside.cluster.bubblewrap import INNER_UID, Bind, Tools, View
from quarterdeck.outside.cluster.port import PlaceSpec
from quarterdeck.outside.cluster.tools import carried

INSIDE = "/opt/quarterdeck"
DOORS = "/run/quarterdeck/doors"
OUTLET = "/run/quarterdeck/outlet"
ORDERS = "/run/quarterdeck/orders"
ENVIRONMENT = "/environment"
SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
ETC = (
    "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "nsswitch.conf", "localtime", "mime.types",
    # Whom to trust, where Debian, Fedora and Alpine keep it: without it an install reaches nothing by https.
    "ssl/certs", "ssl/cert.pem", "ssl/openssl.cnf", "pki/tls/certs", "pki/ca-trust/extracted", "ca-certificates",
)  # fmt: skip
OWN_ETC = {
    "passwd": f"agent:x:{INNER_UID}:{INNER_UID}::/home/agent:/bin/sh\n",
    "group": f"agent:x:{INNER_UID}:\n",
    "hosts": "127.0.0.1 localhost place\n::1 localhost\n",
}


@dataclass(frozen=True)
class Ground:
    """Where things are on this machine. `doors` is the folder of the agents' sockets: it stays the same folder while the
    platform restarts, for it is bound into places that live longer. `lock` is held by whoever runs on the data folder.
    """

    places: Path
    doors: Path
    agents: Path
    python: Path
    environments: Path
    lock: Path | None = None


def view(ground: Ground, folder: Path, spec: PlaceSpec, command: tuple[str, ...], processes: int, tools: Tools) -> View:
    links, programs = system()
    binds = [*programs, *carried(tools), *_etc(folder), *interpreter(ground.python)]
    binds += [Bind(str(ground.agents), f"{INSIDE}/agents")]
    if spec.environment:
        folder_of_packages = str(ground.environments / spec.environment)
        binds.append(Bind(folder_of_packages, ENVIRONMENT, writable=spec.environment_writable))
    binds += [Bind(str(ground.doors), DOORS), Bind(str(folder / "secret"), "/run/quarterdeck/secret")]
    if spec.network:
        binds.append(Bind(str(folder / "outlet"), OUTLET))
    orders = crash.orders()
    if orders is not None:
        binds.append(Bind(str(orders), ORDERS))
    half, quarter = max(16, spec.disk_mb // 2), max(16, spec.disk_mb // 4)
    return View(
        binds=tuple(binds),
        links=tuple(links),
        tmpfs=(("/work", half), ("/home/agent", quarter), ("/tmp", quarter)),
        env=tuple((environment(spec, tools) | ({"QUARTERDECK_CRASH": ORDERS} if orders else {})).items()),
        command=relayed(python_inside(ground.python), f"{INSIDE}/agents", gates(spec), processes, command),
    )


def environment(spec: PlaceSpec, tools: Tools) -> dict[str, str]:
    """Tools find the project's packages first; the runner never does: a `git` among them must not be the runner's."""
    path = ":".join(["/usr/local/bin:/usr/bin:/bin", *([os.path.dirname(tools.inside)] if tools.inside else [])])
    return {
        "PATH": path,
        "HOME": "/home/agent",
        "LANG": "C.UTF-8",
        "PYTHONPATH": f"{INSIDE}/agents",
        "QUARTERDECK_SECRET_FILE": "/run/quarterdeck/secret",
        "QUARTERDECK_WORKSPACE": "/work",
        "QUARTERDECK_HOME": "/home/agent",
        "QUARTERDECK_TOOLS": "bwrap",
        "QUARTERDECK_TOOLS_PATH": f"{ENVIRONMENT}/bin:{path}" if spec.environment else path,
    }


def gates(spec: PlaceSpec) -> tuple[str, ...]:
    """What the relay lets through: name of the variable, port on the inner loopback, socket behind it."""
    out = (f"QUARTERDECK_OUTLET=8702:{OUTLET}/outlet.sock",) if spec.network else ()
    return f"QUARTERDECK_URL=8700:{DOORS}/doors.sock", f"QUARTERDECK_GIT_URL=8701:{DOORS}/git.sock", *out


def relayed(
    python: str, agents: str, gates: tuple[str, ...], processes: int, command: tuple[str, ...]
) -> tuple[str, ...]:
    """The relay as the first process, isolated (-I -S) from the environment it hands on."""
    return (
        python, "-I", "-S", f"{agents}/deckhand/relay.py", *gates, f"processes={processes}", "--", *command
    )  # fmt: skip


def python_inside(python: Path) -> str:
    """A virtual environment moves to a path of ours: at its own it might lie in the middle of the workspace."""
    return f"{INSIDE}/python/bin/{python.name}" if _is_venv(python) else str(python)


def interpreter(python: Path) -> list[Bind]:
    """The environment, and each prefix its links lead through, where the links expect them."""
    binds = [Bind(str(python.parent.parent), f"{INSIDE}/python")] if _is_venv(python) else []
    hop = python if not binds else _next(python)
    while hop is not None:
        prefix = str(hop.parent.parent)
        if not _under(prefix, "/usr") and Bind(prefix, prefix) not in binds and hop.parent.name == "bin":
            binds.append(Bind(prefix, prefix))
        hop = _next(hop)
    return binds


def _next(path: Path) -> Path | None:
    """Where this file really comes from, one step on; folders that are links count too."""
    if path.is_symlink():
        return Path(os.path.normpath(path.parent / os.readlink(path)))
    real = Path(os.path.realpath(path))
    return real if real != path else None


def _is_venv(python: Path) -> bool:
    return (python.parent.parent / "pyvenv.cfg").exists()


def _under(path: str, top: str) -> bool:
    return path == top or path.startswith(f"{top}/")


def system() -> tuple[list[tuple[str, str]], list[Bind]]:
    links, binds = [], [Bind("/usr", "/usr")]
    for path in map(Path, SYSTEM):
        if path.is_symlink():
            links.append((os.readlink(path), str(path)))
        elif path.is_dir():
            binds.append(Bind(str(path), str(path)))
    return links, binds


def _etc(folder: Path) -> list[Bind]:
    shared = [Bind(f"/etc/{name}", f"/etc/{name}") for name in ETC if Path("/etc", name).exists()]
    return shared + [Bind(str(folder / "etc" / name), f"/etc/{name}") for name in OWN_ETC]
