"""The saver over HTTP: LangGraph's own conformance suite, and what that suite does not ask."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, TypedDict

import httpx
import pytest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from deckhand.exits import GaveUp, Refusal
from deckhand.outbox import Outbox
from deckhand.saver import HttpSaver
from deckhand.uplink import Uplink
from deckwire.envelope import TicketText

from .cast import config
from .platform_twin import Doors, Lost, Platform, Refused

WHERE = {"configurable": {"thread_id": "main", "checkpoint_ns": ""}}


async def no_wait(_seconds: float) -> None:
    """Retries at once."""


def twin() -> Platform:
    platform = Platform(Path("/nowhere.git"), "base", TicketText(key="T-1", title="t"), config(), lambda *_: ("", []))
    platform.next_attempt()
    return platform


def saver_for(platform: Platform, **settings: Any) -> HttpSaver:
    transport = httpx.ASGITransport(Doors(platform), raise_app_exceptions=False)
    uplink = Uplink("http://twin", transport=transport, wait=no_wait)
    uplink.session = platform.session()
    return HttpSaver(Outbox(uplink, platform.epoch), **settings)


def state(*messages: str, version: int = 1) -> dict[str, Any]:
    values = {"messages": [HumanMessage(text, id=text) for text in messages], "node": "listen"}
    return {**empty_checkpoint(), "channel_values": values, "channel_versions": {"messages": version}}


async def test_it_passes_langgraphs_conformance_suite():
    @checkpointer_test(name="HttpSaver")
    async def made() -> AsyncIterator[HttpSaver]:
        yield saver_for(twin())

    report = await validate(made)
    failures = [failure for one in report.results.values() for failure in one.failures]
    assert report.passed_all_base(), failures


async def test_a_step_sends_only_the_messages_that_are_new():
    platform = twin()
    sent: list[int] = []
    platform.before = lambda door, _, body: sent.append(len(body["parts"])) if door == "step" else None
    saver = saver_for(platform)
    await saver.aput(WHERE, state("one", "two", "three"), {"source": "loop", "step": 1}, {})
    await saver.aput(WHERE, state("one", "two", "three", "four"), {"source": "loop", "step": 2}, {})
    assert sent == [5, 2], "three messages, a node's name and the frame; then one message and the frame"
    found = await saver.aget_tuple(WHERE)
    assert [m.content for m in found.checkpoint["channel_values"]["messages"]] == ["one", "two", "three", "four"]


async def test_a_lost_answer_is_asked_for_again_and_stored_once():
    platform = twin()
    lost = iter([True, True, False])

    def after(door: str, *_: Any) -> None:
        if door == "step" and next(lost):
            raise Lost

    platform.after = after
    await saver_for(platform).aput(WHERE, state("one"), {"source": "loop", "step": 1}, {})
    assert len(platform.checkpoints) == 1
    assert [path for _, path, _ in platform.requests] == ["/agent/v1/step".removeprefix("/agent/v1")] * 3


async def test_the_same_id_with_other_content_is_refused():
    platform = twin()
    saver = saver_for(platform)
    first = state("one")
    await saver.aput(WHERE, first, {"source": "loop", "step": 1}, {})
    await saver.aput(WHERE, first, {"source": "loop", "step": 1}, {})
    with pytest.raises(Refusal, match="conflict"):
        await saver.aput(WHERE, {**state("two"), "id": first["id"]}, {"source": "loop", "step": 1}, {})
    assert len(platform.checkpoints) == 1


async def test_parts_that_the_platform_does_not_hold_are_sent_again():
    platform = twin()
    saver = saver_for(platform)
    await saver.aput(WHERE, state("one"), {"source": "loop", "step": 1}, {})
    platform.parts.clear()
    await saver.aput(WHERE, state("one", "two"), {"source": "loop", "step": 2}, {})
    found = await saver.aget_tuple(WHERE)
    assert [m.content for m in found.checkpoint["channel_values"]["messages"]] == ["one", "two"]


async def test_a_clock_that_went_back_does_not_decide_what_is_latest():
    platform = twin()
    late, early = state("late"), state("early")
    late["id"], early["id"] = "1f000000-0000-6000-8000-000000000002", "1f000000-0000-6000-8000-000000000001"
    saver = saver_for(platform)
    await saver.aput(WHERE, late, {"source": "loop", "step": 1}, {})
    await saver.aput(WHERE, early, {"source": "loop", "step": 2}, {})
    found = await saver_for(platform).aget_tuple(WHERE)
    assert found.checkpoint["id"] == early["id"], "the head is what was stored last, not the greatest id"
    listed = [one.checkpoint["id"] async for one in saver.alist(WHERE)]
    assert listed == [early["id"], late["id"]]


async def test_a_checkpoint_cannot_name_code_to_run():
    class Evil:
        def __reduce__(self) -> Any:
            return (print, ("run",))

    saver = saver_for(twin())
    with pytest.raises(TypeError):
        saver.serde.dumps_typed(Evil())
    kind, data = saver.serde.dumps_typed(HumanMessage("hi"))
    assert isinstance(saver.serde.loads_typed((kind, data)), HumanMessage)
    kind, data = saver.serde.dumps_typed(TicketText(key="T-1", title="t"))
    assert isinstance(saver.serde.loads_typed((kind, data)), dict), "not even a class of our own comes back"


class Talk(TypedDict, total=False):
    messages: Annotated[list[AnyMessage], lambda a, b: [*a, *b]]
    node: str


async def test_what_is_asked_is_stored_with_the_interrupt_in_one_request():
    platform = twin()
    saver = saver_for(platform)
    ask = {"kind": "question", "ask": "Red or blue?"}

    async def speak(_state: Talk) -> Talk:
        return {"messages": [AIMessage("hm", tool_calls=[{"name": "x", "args": {}, "id": "1"}])]}

    async def gate(_state: Talk) -> Talk:
        return {"messages": [HumanMessage(interrupt({"asks": [ask, ask]})[0])]}

    graph = StateGraph(Talk)
    graph.add_node("speak", speak)
    graph.add_node("gate", gate)
    graph.add_edge(START, "speak")
    graph.add_edge("speak", "gate")
    graph.add_edge("gate", END)
    app = graph.compile(checkpointer=saver)
    thread = {"configurable": {"thread_id": "main"}}
    asked = (await app.ainvoke({"messages": []}, thread, durability="sync"))["__interrupt__"][0]
    assert platform.asked() == [{"kind": "asked", "interrupt": asked.id, "asks": platform.asked()[0]["asks"]}]
    assert len(platform.asked()[0]["asks"]) == 2
    fresh = graph.compile(checkpointer=saver_for(platform))
    assert [one.id for one in (await fresh.aget_state(thread)).interrupts] == [asked.id]
    end = await fresh.ainvoke(Command(resume={asked.id: ["blue"]}), thread, durability="sync")
    assert end["messages"][-1].content == "blue"
    assert end["messages"][0].tool_calls[0]["name"] == "x"


async def test_a_fenced_saver_writes_nothing():
    platform = twin()
    mallory = saver_for(platform)
    platform.next_attempt()
    from deckhand.exits import Fenced

    with pytest.raises(Fenced):
        await mallory.aput(WHERE, state("one"), {"source": "loop", "step": 1}, {})
    assert not platform.checkpoints


class Forgetful(Platform):
    """Its git service lacks a commit that was pushed, for so many steps."""

    lacks = 1

    def step(self, body: dict[str, Any], query: dict[str, str]) -> Any:
        if body.get("checkpoint") and self.lacks:
            self.lacks -= 1
            raise Refused(404, "no_such_commit")
        return super().step(body, query)


@pytest.mark.parametrize("lacks", [1, 2])
async def test_a_commit_that_the_platform_lacks_is_pushed_again_once_and_then_it_ends_in_words(lacks: int) -> None:
    made = twin()
    made.__class__, made.lacks = Forgetful, lacks  # type: ignore[attr-defined]
    pushes: list[int] = []

    async def push_again() -> None:
        pushes.append(1)

    saver = saver_for(made, push_again=push_again)
    put = saver.aput(WHERE, state("one"), {"source": "loop", "step": 1}, {})
    if lacks == 1:
        await put
    else:
        with pytest.raises(GaveUp, match="does not have its commit"):
            await put
    assert pushes == [1]
