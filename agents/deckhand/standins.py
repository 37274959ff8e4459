"""Empty stand-ins for packages that LangChain loads with itself and an agent has no use for: they were half of its start.

The largest is LangChain's tracing client. Where a variable of the environment asks for it, it sends what an agent says and
reads to another host: with a stand-in it cannot. A name that is not listed here fails at its import, loudly.
"""

import sys
from types import ModuleType
from typing import Any

CONTEXT = ("parent", "project_name", "tags", "metadata", "enabled", "client")


class Unused:
    """A class that is named in annotations and never made."""


def _nothing_traced() -> dict[str, None]:
    return dict.fromkeys(CONTEXT)


TRACING = {"get_tracing_context": _nothing_traced}
STANDINS: dict[str, dict[str, Any]] = {
    "langsmith": {"Client": Unused, "RunTree": Unused, **TRACING},
    "langsmith.address": {},
    "langsmith.run_trees": {},
    "langsmith.run_helpers": {"_set_tracing_context": lambda _: None, "get_current_run_tree": lambda: None, **TRACING},
    "langsmith.utils": {"LangSmithError": Exception, "tracing_is_enabled": lambda: False},
    "langgraph_sdk": {},
    "langgraph_sdk.auth": {},
    "langgraph_sdk.auth.types": {"BaseUser": Unused},
    "requests": {"HTTPError": Exception, "Response": Unused},
}
"""What langchain-core, langgraph and the providers' packages ask of each, a parent before its children."""


def stand_in() -> None:
    """To be called before anything of LangChain is imported; a package that is loaded already stays what it is."""
    loaded = {name.partition(".")[0] for name in sys.modules}
    for name, holds in STANDINS.items():
        if name.partition(".")[0] not in loaded:
            _put(name, holds)


def _put(name: str, holds: dict[str, Any]) -> None:
    module = ModuleType(name, "A stand-in: deckhand.standins says why.")
    # A package without a folder: a part of it that is not listed is not found.
    module.__dict__.update(holds, __path__=[])
    sys.modules[name] = module
    parent, _, own = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], own, module)
