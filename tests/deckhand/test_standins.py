"""What stands in for packages an agent has no use for: nothing of them is loaded, and nothing of a run is sent to a tracer."""

import subprocess
import sys

import pytest

from deckhand.standins import STANDINS, stand_in

RUN = """
import asyncio, importlib, sys
from deckhand.standins import STANDINS, stand_in
stand_in()
import deckhand.aboard
from deckhand.models.chat import Chat
from deckwire.envelope import ModelRoute
from langgraph.graph import MessagesState, StateGraph

sent = []
sys.addaudithook(lambda event, told: sent.append(told) if event in ("socket.connect", "socket.getaddrinfo") else None)
graph = StateGraph(MessagesState).add_node("speak", lambda state: {"messages": ["aye"]}).set_entry_point("speak").compile()
assert asyncio.run(graph.ainvoke({"messages": ["ready?"]}))["messages"][-1].content == "aye"
assert not sent, sent
Chat("http://127.0.0.1:1", {}, lambda: "token")._model(ModelRoute(protocol=sys.argv[1], model="any"))
real = [name for name, module in sys.modules.items() if name.partition(".")[0] in STANDINS and hasattr(module, "__file__")]
assert not real, real
"""


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_graph_and_a_providers_package_run_without_them_and_trace_nothing(provider: str) -> None:
    tracing = {"LANGSMITH_TRACING": "true", "LANGCHAIN_TRACING_V2": "true", "LANGSMITH_API_KEY": "planted"}
    ran = subprocess.run(
        [sys.executable, "-c", RUN, provider], env={"PATH": "", "PYTHONPATH": ":".join(sys.path), **tracing},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


def test_what_is_loaded_already_stays_what_it_is() -> None:
    import langsmith

    before = {name: sys.modules.get(name) for name in STANDINS if name.startswith("langsmith")}
    stand_in()
    assert {name: sys.modules.get(name) for name in before} == before
    assert langsmith.__file__
