"""What a house costs while it works: CPU seconds and memory of its processes, read from /proc by a thread."""

import os
import threading
from pathlib import Path

from quarterdeck.up import processes
from testkit.house import SERVICES, House, below

TICKS = os.sysconf("SC_CLK_TCK")


def cpu(pid: int) -> float:
    """Seconds of this process and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / TICKS


def memory(pid: int) -> float:
    """MiB of its own: proportional set size."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


class Meter:
    """CPU by part of the house since it was made. An agent's last quarter of a second may be missed."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._most: dict[tuple[str, str], float] = {}
        self._first: dict[tuple[str, str], float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> "Meter":
        self._look()
        self._first = {key: used for key, used in self._most.items() if key[0] != "agents"}
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)
        self._look()

    def seconds(self) -> dict[str, float]:
        used: dict[str, float] = {}
        for key, most in self._most.items():
            used[key[0]] = used.get(key[0], 0.0) + most - self._first.get(key, 0.0)
        return {name: round(value, 2) for name, value in sorted(used.items())}

    def memory(self) -> dict[str, float]:
        """MiB by part, now; all agents together."""
        used: dict[str, float] = {}
        for name, root in self._roots():
            used[name] = used.get(name, 0.0) + sum(map(memory, [root, *below(root)]))
        return {name: round(value, 1) for name, value in used.items()}

    def _read(self) -> None:
        while not self._over.wait(0.25):
            self._look()

    def _look(self) -> None:
        for name, root in self._roots():
            key = (name, f"{root}/{processes.born(root)}")
            self._most[key] = max(self._most.get(key, 0.0), sum(map(cpu, [root, *below(root)])))

    def _roots(self) -> list[tuple[str, int]]:
        services = [(name, self.house.data / "run" / "pids" / f"{name}.pid") for name in SERVICES]
        shims = [("agents", path) for path in (self.house.data / "places").glob("*/shim.pid")]
        found = [(name, processes.read_identity(path)) for name, path in services + shims]
        return [(name, who.pid) for name, who in found if who is not None and processes.lives(who)]
