"""The house's own rules: what may stand where, who may write what, and that the pages about it tell the truth."""

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest

from deckwire import events
from deckwire.words import Phase
from quarterdeck.record import lifecycle

TOP = Path(__file__).parents[2]
ARCHITECTURE = (TOP / "ARCHITECTURE.md").read_text()
SOURCES = [*(TOP / "platform").rglob("*.py"), *(TOP / "agents").rglob("*.py")]


def test_platform_and_agents_are_plain_folders() -> None:
    """A package named `platform` hides the standard library's and breaks uuid, pytest and manage.py."""
    assert not (TOP / "platform" / "__init__.py").exists()
    assert not (TOP / "agents" / "__init__.py").exists()


def test_nothing_is_called_utils() -> None:
    bad = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}
    assert [str(path) for path in SOURCES if path.name in bad] == []


def test_only_the_lifecycle_writes_a_runs_phase() -> None:
    """A write is an assignment to `.phase`, or `phase=` in an update or create of runs."""
    guilty = []
    for path in SOURCES:
        if path.name == "lifecycle.py" or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign | ast.AugAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                guilty += [path for one in targets if isinstance(one, ast.Attribute) and one.attr == "phase"]
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"update", "create"}
            ):
                guilty += [path for word in node.keywords if word.arg == "phase"]
    assert guilty == []


def test_only_the_ledger_makes_events() -> None:
    pattern = re.compile(r"(?<!asyncio\.)\bEvent\((?!Protocol)|Event\.objects\.(create|bulk_create|update)")
    makers = {
        path.name for path in (TOP / "platform").rglob("*.py")
        if path.parts[-2] in ("record", "flow", "doors") and pattern.search(path.read_text())
    }  # fmt: skip
    assert makers == {"ledger.py"}


def test_only_the_settings_read_the_environment() -> None:
    allowed = {"settings.py", "celery.py", "asgi.py"}
    readers = [
        str(path.relative_to(TOP)) for path in SOURCES
        if re.search(r"os\.environ(?!\.setdefault)|os\.getenv|getenv\(", path.read_text())
        and path.name not in allowed and not {"up", "cli"} & set(path.parts)
        and path.name not in {"shim.py", "relay.py", "sandbox.py", "plumbing.py", "crash.py"}
    ]  # fmt: skip
    assert readers == []


@pytest.mark.parametrize("phase", list(Phase))
def test_the_architecture_names_every_phase(phase: Phase) -> None:
    assert f"`{phase}`" in ARCHITECTURE


@pytest.mark.parametrize("kind", sorted(events.type_of))
def test_the_architecture_names_every_event(kind: str) -> None:
    assert f"`{kind}`" in ARCHITECTURE


def test_the_pages_name_every_setting() -> None:
    pages = ARCHITECTURE + (TOP / "README.md").read_text()
    text = (TOP / "platform" / "quarterdeck" / "settings.py").read_text()
    names = set(re.findall(r'"((?:QUARTERDECK_|DATABASE_URL|VALKEY_URL)\w*)"', text))
    assert names
    assert sorted(name for name in names if name not in pages) == []


def test_the_diagram_in_the_architecture_is_the_table_of_moves() -> None:
    """Mermaid lines `a --> b` of the state diagram against lifecycle.NEXT, without the ends that are open to all."""
    drawn = set(re.findall(r"^    (\w+) --> (\w+)", ARCHITECTURE, re.MULTILINE))
    told = {(str(was), str(to)) for was, nexts in lifecycle.NEXT.items() for to in nexts}
    everywhere = {pair for pair in told if pair[1] in ("failed", "cancelled")}
    assert drawn == told - everywhere


def test_the_agents_environment_holds_neither_django_nor_the_platform() -> None:
    python = TOP / ".venv-agent" / "bin" / "python"
    assert python.exists(), "run `make test` once: it makes the agents' environment"
    probe = "import importlib.util as u, json; print([n for n in ('django','quarterdeck','celery','psycopg') if u.find_spec(n)])"
    clean = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run([python, "-P", "-c", probe], capture_output=True, text=True, cwd="/", env=clean)
    assert done.stdout.strip() == "[]", done.stderr
    wire = subprocess.run(
        [python, "-P", "-c", "import deckhand.graph, deckwire"], capture_output=True, text=True, cwd="/", env=clean
    )
    assert wire.returncode == 0, wire.stderr


def test_the_generated_types_are_up_to_date() -> None:
    made = subprocess.run(
        [TOP / ".venv/bin/python", "-m", "deckwire.typescript"], capture_output=True, text=True, cwd=TOP
    )
    assert made.stdout == (TOP / "frontend" / "src" / "wire" / "types.ts").read_text()


def test_every_crash_point_is_told_and_met() -> None:
    """A label stands at one place, the architecture says what it is, and a test lets somebody die there."""
    labels = [one for path in SOURCES for one in re.findall(r'crash\.point\("([\w.]+)"\)', path.read_text())]
    met = "".join(path.read_text() for path in (TOP / "tests").rglob("test_*.py") if "house" not in path.parts)
    assert len(labels) > 10
    assert sorted(labels) == sorted(set(labels))
    assert [label for label in labels if f"`{label}`" not in ARCHITECTURE] == []
    assert [label for label in labels if f'"{label}"' not in met] == []


def test_no_migration_is_missing(db: None) -> None:
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
