"""Providers' packages whose parts are loaded when they are asked for: nothing is missing, and little is loaded."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deckhand.lazily import names_of

HERE = Path(__file__).parent
LAZY = "from deckhand.lazily import PROVIDERS, load_lazily\nload_lazily(PROVIDERS)\n"
AS_SHIPPED = "from deckhand.standins import stand_in\nstand_in()\n" + LAZY
NAMES = """
import importlib, json, pkgutil, sys
top = importlib.import_module(sys.argv[1])
packages = [one.name for one in pkgutil.walk_packages(top.__path__, top.__name__ + ".") if one.ispkg]
found = {}
for name in [top.__name__, *packages]:
    try:
        module = importlib.import_module(name)
        module.__dict__.get("__all__") and [getattr(module, one) for one in module.__all__]
    except ModuleNotFoundError:  # it is for who has another package too
        continue
    names = getattr(module, "__all__", None) or vars(module)
    found[name] = {one: str(getattr(module, one)).partition(" at 0x")[0] for one in names if not one.startswith("_")}
print(json.dumps(found))
"""
CALLS = """
import sys, pytest
how = "-q --noconftest -c /dev/null -p pytest_asyncio.plugin -o asyncio_mode=auto -p no:cacheprovider".split()
ended = pytest.main([*how, sys.argv[1], "-k", "same_headers or not_whole or stays_down"])
print("loaded", sum(name.startswith(("openai.types.", "anthropic.types.", "anthropic.resources.")) for name in sys.modules))
for name in ("openai.types.evals", "anthropic.resources.beta.organization"):
    assert name not in sys.modules, name
sys.exit(ended)
"""


def ran(program: str, *arguments: str) -> str:
    paths = {"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], env={**paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, timeout=120, check=False, cwd=HERE.parents[1],
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("package", ["openai.types", "langchain_openai", "anthropic.types"])
def test_every_name_is_there_and_is_what_it_would_be(package: str) -> None:
    eager, lazy = (json.loads(ran(how + NAMES, package)) for how in ("", LAZY))
    for name, names in lazy.items():
        assert names.items() <= eager[name].items()
        missing = {one for one in eager[name].keys() - names.keys() if not eager[name][one].startswith("<module")}
        assert missing <= {"annotations"}, f"{name} lacks {missing}"


def test_calls_of_both_providers_go_as_ever_and_load_little() -> None:
    word, count = ran(AS_SHIPPED + CALLS, str(HERE / "test_models.py")).splitlines()[-1].split()
    assert word == "loaded"
    assert 0 < int(count) < 1200, "of 3,500"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('"""Says."""\nfrom .a.b import (\n    C as C,  # why\n    D,\n)\nfrom x.y import z\n__all__ = ["C"]\n',
         {"C": (".a.b", "C"), "D": (".a.b", "D"), "z": ("x.y", "z")}),
        ("", {}),
        ("from .a import A as Other", {"Other": (".a", "A")}),
        ("from .a import A\nOther = A\n", None),
        ("from . import a\n", None),
        ("from .a import *\n", None),
        ("import os\n", None),
        ("if True:\n    from .a import A\n", None),
    ],
)  # fmt: skip
def test_only_what_imports_names_and_does_nothing_else_is_not_run(source: str, names: object) -> None:
    assert names_of(source) == names
