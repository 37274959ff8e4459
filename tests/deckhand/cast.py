"""A small repository, a ticket for it, a script that solves it, and an agent process to run it with."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deckwire.envelope import Commands, Config, Dials, Limits, ModelRoute, TicketText

from .platform_twin import Platform, Served

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-agent/bin/python"
PYTHON = PYTHON if PYTHON.exists() else Path(sys.executable)

FILES = {
    "till.py": "def total(prices):\n    result = 0\n    for price in prices:\n        result -= price\n    return result\n",
    "test_till.py": "import unittest\n\nfrom till import total\n\n\nclass Totals(unittest.TestCase):\n"
    "    def test_it_adds_up(self):\n        self.assertEqual(total([1, 2]), 3)\n",
    "AGENTS.md": "Write plain code.\n",
    "notes.txt": "Nothing of this matters.\n",
}
TICKET = TicketText(
    key="TILL-1", title="The total is negative", description="`total([1, 2])` in till.py gives -3.\u202e\u200b"
)
# The machine's own Python: that of a checkout below /tmp is not there for a tool, whose /tmp is its own.
TEST = f"{Path(sys.executable).resolve()} -B -m unittest -q"


def git(*args: str, cwd: Path) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a",
           "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}  # fmt: skip
    done = subprocess.run(["git", *args], cwd=cwd, env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def make_repository(where: Path, files: dict[str, str]) -> tuple[Path, str]:
    """A bare repository whose branch `run` holds `files` in one commit."""
    seed, bare = where / "seed", where / "repos" / "run.git"
    bare.parent.mkdir(parents=True)
    for name, text in files.items():
        (seed / name).parent.mkdir(parents=True, exist_ok=True)
        (seed / name).write_text(text)
    git("init", "-q", "-b", "run", cwd=seed)
    git("add", "-A", cwd=seed)
    git("commit", "-qm", "base", cwd=seed)
    git("clone", "-q", "--bare", str(seed), str(bare), cwd=where)
    return bare, git("rev-parse", "run", cwd=bare)


def config(plan: str = "auto", permissions: str = "auto", linger: float = 60.0, **limits: int) -> Config:
    return Config(
        models={kind: ModelRoute(protocol="openai", model="twin") for kind in ("plan", "edit", "small")},
        limits=Limits(**{"shell_seconds": 20, **limits}),
        dials=Dials(plan=plan, permissions=permissions),
        commands=Commands(test=TEST),
        linger_seconds=linger,
        heartbeat_seconds=0.2,
    )


Calls = list[tuple[str, dict[str, Any]]]
UNDERSTOOD: Calls = [
    ("understood", {"restated": "total must add", "behaviours": ["total([1, 2]) is 3"], "questions": []})
]
PLACES: Calls = [("places", {"places": [{"path": "till.py", "line": 4, "symbol": "total", "why": "subtracts"}]})]
PLAN: Calls = [
    ("plan", {"steps": [{"title": "Add, do not subtract", "paths": ["till.py"], "citations": []}], "risk": "low"})
]
FIX: Calls = [("edit", {"path": "till.py", "old": "result -= price", "new": "result += price"})]
FINISH: Calls = [("finish", {"summary": "total adds."})]
REVIEWED: Calls = [("reviewed", {"verdict": "seal", "notes": ""})]


@dataclass
class Play:
    """A script: each stage's answers in order, counted by the answers in the history that the model is shown."""

    stages: dict[str, list[Calls]] = field(default_factory=dict)

    def __call__(self, stage: str, messages: list[dict[str, Any]], platform: Platform) -> tuple[str, Calls]:
        answers = self.stages.get(stage) or STAGES[stage]
        turn = sum(1 for message in messages if message["role"] == "assistant")
        return f"({stage} {turn})", answers[min(turn, len(answers) - 1)]


STAGES: dict[str, list[Calls]] = {
    "understand": [UNDERSTOOD],
    "locate": [PLACES],
    "plan": [PLAN],
    "work": [[("view", {"path": "till.py"})], FIX, [("test", {})], FINISH],
    "review": [REVIEWED],
}


class Agent:
    """One attempt: a process with a workspace and a home of its own, as a place would give it."""

    def __init__(self, platform: Platform, served: Served, where: Path, **env: str) -> None:
        secret = platform.next_attempt()
        self.place = where / f"place-{platform.epoch}"
        self.place.mkdir(parents=True)
        (self.place / "secret").write_text(secret)
        self.workspace = self.place / "work"
        self.process = subprocess.Popen(
            [str(PYTHON), "-P", "-m", "deckhand"],
            cwd="/",
            env={
                "PATH": os.environ["PATH"], "HOME": str(self.place), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT / "agents"),
                "QUARTERDECK_URL": served.url, "QUARTERDECK_GIT_URL": str(platform.repository.parent),
                "QUARTERDECK_SECRET_FILE": str(self.place / "secret"), "QUARTERDECK_WORKSPACE": str(self.workspace),
                "QUARTERDECK_HOME": str(self.place / "home"), "QUARTERDECK_TOOLS": "plain",
                "QUARTERDECK_CANARY": "none", **env,
            },
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def ends(self, code: int = 0) -> str:
        """Waits for the end; what the process printed. Asserts on its exit code."""
        out, _ = self.process.communicate(timeout=90)
        assert self.process.returncode == code, out
        return out

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
