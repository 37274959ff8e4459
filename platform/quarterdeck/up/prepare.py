"""What `./run` does before there is anything to import: both environments and the dashboard's files, at the same time.

Standard library only, and run as a file: it makes the environment that everything else lives in. Each step looks first
and does nothing when nothing changed, so a warm start passes through in a moment.
"""

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
BOOT, VENV, AGENT, FRONT = TOP / ".boot", TOP / ".venv", TOP / ".venv-agent", TOP / "frontend"
ROOM = 1_000_000_000
# Programs that tests need beside Python: what to look for, and Debian's package that brings it.
TOOLS = {"chromium": ("chromium", "chromium-browser", "google-chrome"), "ripgrep": ("rg",), "bubblewrap": ("bwrap",)}


RUNNING: set[subprocess.Popen[bytes]] = set()


class CannotPrepare(Exception):
    """One sentence for the person, with what to do about it."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="run", description="Prepare this checkout, then start Quarterdeck.")
    parser.add_argument("--for", dest="what", choices=["run", "test", "check"], default="run")
    what = parser.parse_args().what
    began = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        look_around()
        with alone():
            prepare(what)
    except CannotPrepare as told:
        sys.exit(f"\nQuarterdeck did not start. {told}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Nothing is left running; the next start goes on from here.")
    if what == "run":
        os.execv(VENV / "bin" / "quarterdeck", start(time.monotonic() - began))


def start(seconds: float) -> list[str]:
    """The words of the start proper, which tells the person the whole of what they waited."""
    return ["quarterdeck", "up", "--prepared", f"{seconds:.1f}"]


def look_around() -> None:
    if shutil.which("git") is None:
        raise CannotPrepare("git was not found: agents' work lives in git. Install it (Debian: apt-get install git).")
    free = shutil.disk_usage(TOP).free
    if free < ROOM:
        raise CannotPrepare(f"The disk has {free // 1_000_000} MB free and 1000 MB are needed: free some space.")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Two starts at the same time would install over each other; the second waits for the first."""
    BOOT.mkdir(exist_ok=True)
    with (BOOT / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another start prepares this checkout; waiting for it.", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepare(what: str) -> None:
    print("Quarterdeck", flush=True)
    uv = find_uv()
    node = system_node()
    with ThreadPoolExecutor() as pool:
        jobs: dict[str, Future[None]] = {}
        platform = jobs["platform packages"] = pool.submit(timed, "platform packages", lambda: sync(uv, what, node))
        jobs["agent packages"] = pool.submit(timed, "agent packages", lambda: sync_agent(uv))
        jobs["dashboard"] = pool.submit(timed, "dashboard", lambda: build(node, platform))
        if what == "test":
            jobs["test tools"] = pool.submit(timed, "test tools", install_tools)
        try:
            watch(jobs)
        except BaseException:
            end_steps()
            raise


def timed(name: str, step: Callable[[], None]) -> None:
    began = time.monotonic()
    step()
    print(f"  {name:<28} {time.monotonic() - began:5.1f} s", flush=True)


def watch(jobs: dict[str, Future[None]]) -> None:
    """Say every few seconds what is still going on; the first failure ends the start."""
    began = time.monotonic()
    while True:
        done, waiting = wait(jobs.values(), timeout=5)
        for job in done:
            job.result()
        if not waiting:
            return
        names = ", ".join(name for name, job in jobs.items() if job in waiting)
        print(f"  … {names} ({time.monotonic() - began:.0f} s)", flush=True)


def quietly(words: list[str | Path], *, cwd: Path = TOP, more: dict[str, str] | None = None) -> None:
    """Run a step in a group of its own; its output is shown only when it fails."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", **(more or {})}
    with subprocess.Popen(
        words,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        RUNNING.add(process)
        said, _ = process.communicate()
        RUNNING.discard(process)
    if process.returncode != 0:
        shown = "\n".join(said.decode(errors="replace").rstrip().splitlines()[-25:])
        raise CannotPrepare(f"`{' '.join(str(word) for word in words)}` failed:\n{shown}")


def end_steps() -> None:
    """When one step fails or somebody leaves, the others need not finish."""
    for process in list(RUNNING):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)


def find_uv() -> Path:
    """uv from the machine, else one of our own in .boot: nothing is installed outside the checkout."""
    for found in (shutil.which("uv"), shutil.which(BOOT / "bin" / "uv")):
        if found and subprocess.run([found, "--version"], capture_output=True).returncode == 0:
            return Path(found)
    timed("uv", make_uv)
    return BOOT / "bin" / "uv"


def make_uv() -> None:
    try:
        quietly([sys.executable, "-m", "venv", BOOT])
    except CannotPrepare as told:
        raise CannotPrepare(
            f"{told}\nPython cannot make environments here (Debian: apt-get install python3-venv)."
        ) from told
    quietly([BOOT / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "uv"])


def sync(uv: Path, what: str, node: bool) -> None:
    """The platform's environment. Nothing is removed, so that starting does not undo the tests' environment."""
    wanted = (
        ["--no-default-groups", "--extra", "platform", "--extra", "embedded"] if what == "run" else ["--all-extras"]
    )
    front = [] if node else ["--group", "front"]
    python = [] if VENV.exists() else ["--python", sys.executable]
    quietly([uv, "sync", "--frozen", "--inexact", *wanted, *front, *python])


def sync_agent(uv: Path) -> None:
    """The agents' environment: neither Django nor the platform can be imported there."""
    python = [] if AGENT.exists() else ["--python", sys.executable]
    words = ["sync", "--frozen", "--no-install-project", "--extra", "agent", "--no-default-groups", *python]
    quietly([uv, *words], more={"UV_PROJECT_ENVIRONMENT": str(AGENT)})
    for packages in AGENT.glob("lib/python3*/site-packages"):
        (packages / "quarterdeck-agents.pth").write_text(f"{TOP / 'agents'}\n")


def system_node() -> bool:
    """Whether this machine's Node can build the dashboard: 20.19 or later in that line, else 22.12 or newer."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return False
    said = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
    try:
        major, minor = (int(part) for part in said.split(".")[:2])
    except ValueError:
        return False
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def build(node: bool, platform: Future[None], front: Path = FRONT) -> None:
    """The dashboard's files, when its lock or its sources changed. Without a Node of the machine, the one that came with
    the platform's packages is used."""
    if not node:
        platform.result()
    path = {} if node else {"PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    locked = digest(front, [front / "package-lock.json"])
    if marked(front, "installed") != locked:
        quietly(["npm", "ci", "--no-audit", "--no-fund"], cwd=front, more=path)
        mark(front, "installed", locked)
    sources = digest(front, sorted(sources_of_dashboard(front)))
    if marked(front, "built") != sources or not (front / "dist" / "index.html").exists():
        quietly(["npm", "run", "build"], cwd=front, more=path)
        mark(front, "built", sources)


def sources_of_dashboard(front: Path) -> Iterator[Path]:
    """All that can change what is built: the folder's own files, src and public."""
    yield from (path for path in front.iterdir() if path.is_file())
    for folder in ("src", "public"):
        yield from (path for path in (front / folder).rglob("*") if path.is_file())


def digest(front: Path, paths: list[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.relative_to(front)}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def marked(front: Path, name: str) -> str:
    path = front / "node_modules" / f".quarterdeck-{name}"
    return path.read_text() if path.exists() else ""


def mark(front: Path, name: str, value: str) -> None:
    """Written last: a build that died half-way is done again."""
    (front / "node_modules" / f".quarterdeck-{name}").write_text(value)


def install_tools() -> None:
    missing = [package for package, names in TOOLS.items() if not any(shutil.which(name) for name in names)]
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise CannotPrepare(f"The tests need {', '.join(missing)}: install them and start again.")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    quietly(["apt-get", "update"], more=quiet)
    quietly(["apt-get", "install", "-y", "--no-install-recommends", *missing], more=quiet)


if __name__ == "__main__":
    main()
