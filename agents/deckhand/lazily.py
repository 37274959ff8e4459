"""Packages whose parts are loaded when somebody asks for them. The providers' packages list hundreds of parts in their
`__init__` (every endpoint they know) and a model's call needs a few: the rest was half a second of each agent's first call.

An `__init__` that does nothing but import names is read, not run: a name is imported at its first use, from where it says.
One that does anything else is run as ever.
"""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from deckhand.standins import Unused

PROVIDERS = (
    "openai.types",
    "langchain_openai",
    "anthropic.types",
    "anthropic.resources",
    "anthropic.lib",
    "langchain_anthropic",
)
OTHER_HOSTS = frozenset(f"anthropic.lib.{name}" for name in ("aws", "bedrock", "foundry", "google_cloud", "vertex"))
"""Clients of clouds that resell a provider's models, which its package makes ready with itself: an agent has one gateway."""
NO_MATTER = re.compile(r'\A\s*"""[\s\S]*?"""|#.*|^from __future__ import .*$|^__all__ = [\[(][^\])]*[\])]', re.M)
IMPORT = re.compile(r"^from +(\.*\w[\w.]*) +import +(?:\(([^)]*)\)|(.+))$", re.M)
Names = dict[str, tuple[str, str]]
"""name → (module it comes from, its name there)"""


def load_lazily(packages: Iterable[str]) -> None:
    """Holds for what is not loaded yet, and for all packages below these."""
    sys.meta_path.insert(0, Finder(tuple(packages)))


def names_of(source: str) -> Names | None:
    """What an `__init__` imports; None when it does anything else."""
    source, found = NO_MATTER.sub("", source), Names()
    for module, several, one in IMPORT.findall(source):
        for part in filter(None, map(str.strip, (several or one).split(","))):
            name, _, own = part.partition(" as ")
            found[own.strip() or name.strip()] = module, name.strip()
    return None if IMPORT.sub("", source).strip() or "*" in found else found


class Finder(MetaPathFinder):
    def __init__(self, roots: tuple[str, ...]) -> None:
        self.roots, self.below = roots, tuple(f"{root}." for root in roots)

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in self.roots and not name.startswith(self.below):
            return None
        if name in OTHER_HOSTS:
            return ModuleSpec(name, Empty())
        spec = PathFinder.find_spec(name, path, target)
        if spec and spec.submodule_search_locations is not None and isinstance(spec.loader, SourceLoader):
            spec.loader = Lazy(spec.loader)
        return spec


class Empty(Loader):
    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__getattr__"] = lambda name: _unused(name)


def _unused(name: str) -> type[Unused]:
    if name.startswith("_"):
        raise AttributeError(name)
    return Unused


class Lazy(Loader):
    def __init__(self, real: SourceLoader) -> None:
        self.real = real

    def exec_module(self, module: ModuleType) -> None:
        names = names_of(self.real.get_source(module.__name__) or "")
        if names is None:
            self.real.exec_module(module)
        else:
            # `import *` takes what is listed, and loads it.
            module.__dict__.update(__all__=list(names), __getattr__=_getter(module, names))


def _getter(package: ModuleType, names: Names) -> Callable[[str], Any]:
    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package.__name__!r} has no attribute {name!r}")
        where, there = names[name]
        found = getattr(import_module(where, package.__name__), there)
        setattr(package, name, found)
        return found

    return get
