"""LangGraph's checkpointer over HTTP. `aput` is the second act of a step: one request that is stored whole or not at all."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.serde.types import INTERRUPT
from langgraph.types import Interrupt

from deckhand.context.clean import storable_tree
from deckhand.exits import GaveUp, Refusal
from deckhand.outbox import Outbox
from deckhand.parts import Splitter, joined, loaded, strict_serializer
from deckwire import crash
from deckwire.base import Message
from deckwire.envelope import GRAPH_VERSION, Envelope, Part, Recalled, Step, Write, Writes
from deckwire.events import AGENT_EVENT, Asked

FirstAct = Callable[[str, int], Awaitable[str]]
FIRST_REQUEST_BYTES = 6 * 1024 * 1024


async def no_tree(_checkpoint: str, _step: int) -> str:
    """A first act for graphs that change no files."""
    return ""


async def nothing_to_push() -> None:
    """Its second act, when the platform lacks the commit."""


class HttpSaver(BaseCheckpointSaver[int]):
    """Async only. Writes go out one after another, in the order in which LangGraph handed them over."""

    def __init__(
        self, outbox: Outbox, first_act: FirstAct = no_tree, graph_version: int = GRAPH_VERSION,
        push_again: Callable[[], Awaitable[None]] = nothing_to_push,
    ) -> None:  # fmt: skip
        super().__init__(serde=strict_serializer())
        self.outbox = outbox
        self.first_act, self.push_again = first_act, push_again
        self.graph_version = graph_version
        self._order = asyncio.Lock()
        self._stored: set[str] = set()
        self._held: list[tuple[Writes, dict[str, Part]]] = []

    # ---- writing ----------------------------------------------------------------------------------------------------

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Pushes the tree, then stores the checkpoint. Raises Fenced and Stopped; anything else is tried again."""
        async with self._order:
            commit = await self.first_act(checkpoint["id"], metadata.get("step", 0))
            splitter = Splitter(self.serde)
            envelope = self._envelope(config, checkpoint, metadata, commit, splitter)
            events = [AGENT_EVENT.validate_python(one) for one in checkpoint["channel_values"].get("binding") or []]
            await self._send(envelope, splitter.parts, events)
            crash.point("agent.stepped")
        return _config(envelope.thread, envelope.ns, envelope.id)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Held until the next checkpoint, which makes most of them history; an interrupt goes out at once."""
        # An exception ends this process or is raised again by the next: it is no part of the history.
        writes = [(channel, value) for channel, value in writes if not isinstance(value, BaseException)]
        async with self._order:
            splitter = Splitter(self.serde)
            rows = [
                Write(
                    task=task_id,
                    path=task_path,
                    idx=WRITES_IDX_MAP.get(channel, index),
                    channel=channel,
                    ref=splitter.add(value),
                )
                for index, (channel, value) in enumerate(writes)
            ]
            where = config["configurable"]
            address = (where["thread_id"], where.get("checkpoint_ns", ""), where["checkpoint_id"])
            held = Writes(thread=address[0], ns=address[1], checkpoint=address[2], writes=rows)
            self._held.append((held, splitter.parts))
            asked = [event for channel, value in writes if channel == INTERRUPT for event in _asked(value)]
            if asked:
                await self._send(None, {}, asked)

    async def settle(self) -> None:
        """Sends what is held: before anybody reads."""
        async with self._order:
            if self._held:
                await self._send(None, {}, [])

    def _envelope(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        commit: str,
        splitter: Splitter,
    ) -> Envelope:
        values = checkpoint["channel_values"]
        body = {
            "thread": config["configurable"]["thread_id"],
            "ns": config["configurable"].get("checkpoint_ns", ""),
            "id": checkpoint["id"],
            "parent": config["configurable"].get("checkpoint_id") or "",
            "step": metadata.get("step", 0),
            "source": metadata.get("source", ""),
            "node": str(values.get("node", "")),
            "metadata": storable_tree({**get_checkpoint_metadata(config, metadata), **handover(values)}),
            "commit": commit,
            "graph_version": self.graph_version,
            "manifest": splitter.manifest(checkpoint),
            "refs": splitter.refs,
        }
        digest = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()
        return Envelope(**body, digest=digest)

    async def _send(self, envelope: Envelope | None, parts: dict[str, Part], events: Sequence[Message]) -> None:
        """One request, or several where the parts alone would be too big for one; the checkpoint goes in the last."""
        everything = dict(parts)
        for _, more in self._held:
            everything.update(more)
        fresh = [part for digest, part in everything.items() if digest not in self._stored]
        *before, last = _loads(fresh)
        for load in before:
            await self.outbox.step(Step(epoch=self.outbox.epoch, parts=load))
        step = Step(
            epoch=self.outbox.epoch,
            checkpoint=envelope,
            parts=last,
            writes=[writes for writes, _ in self._held],
            events=[self.outbox.number(event) for event in events],
        )
        await self._deliver(step, everything)
        self._stored.update(everything)
        self._held.clear()

    async def _deliver(self, step: Step, everything: dict[str, Part]) -> None:
        """Tells it once more where the platform lacks what we thought it had. Raises GaveUp when it still has no commit."""
        try:
            await self.outbox.step(step)
        except Refusal as no:
            if no.reason == "no_such_commit":
                await self.push_again()
            elif no.reason == "missing_parts":  # all it can ask for is in our hands
                step = step.model_copy(update={"parts": list(everything.values())})
            else:
                raise
            await self._once_more(step)

    async def _once_more(self, step: Step) -> None:
        try:
            await self.outbox.step(step)
        except Refusal as no:
            if no.reason != "no_such_commit":
                raise
            raise GaveUp("no_such_commit", f"The git service took a push and does not have its commit: {no.text}",
                         "Look at the git service's disk and log, then retry.") from no  # fmt: skip

    # ---- reading ----------------------------------------------------------------------------------------------------

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The named checkpoint, else the head as the platform sees it: never the one with the greatest id."""
        await self.settle()
        where = config["configurable"]
        ns, named = where.get("checkpoint_ns", ""), where.get("checkpoint_id") or ""
        recalled = await self.outbox.uplink.checkpoint(where["thread_id"], ns, named)
        if recalled is None or recalled.envelope.graph_version != self.graph_version:
            return None
        return self._tuple(recalled)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        await self.settle()
        where = (config or {}).get("configurable", {})
        asked = {
            "thread": where.get("thread_id"),
            "ns": where.get("checkpoint_ns"),
            "before": (before or {}).get("configurable", {}).get("checkpoint_id"),
            "limit": limit,
            "filter": json.dumps(filter) if filter else None,
        }
        params = {key: value for key, value in asked.items() if value is not None}
        for recalled in await self.outbox.uplink.checkpoints(params):
            yield self._tuple(recalled)

    async def adelete_thread(self, thread_id: str) -> None:
        await self.settle()
        await self.outbox.uplink.forget(thread_id)

    def _tuple(self, recalled: Recalled) -> CheckpointTuple:
        envelope = recalled.envelope
        parts = {part.digest: part for part in recalled.parts}
        self._stored.update(parts)
        return CheckpointTuple(
            config=_config(envelope.thread, envelope.ns, envelope.id),
            checkpoint=joined(self.serde, envelope.manifest, envelope.refs, parts),
            metadata=envelope.metadata,  # type: ignore[arg-type]
            parent_config=_config(envelope.thread, envelope.ns, envelope.parent) if envelope.parent else None,
            pending_writes=[(w.task, w.channel, loaded(self.serde, parts[w.ref])) for w in recalled.writes],
        )


def handover(values: dict[str, Any]) -> dict[str, Any]:
    """What a later version of the graph, which cannot read these parts, needs to go on from this step's commit."""
    kept = {key: values[key] for key in ("understood", "plan", "decisions", "applied") if values.get(key)}
    return {"handover": kept} if kept else {}


def _asked(value: Any) -> list[Asked]:
    """The events of an interrupt's write. LangGraph writes a tuple of Interrupts; its conformance suite writes a word."""
    found = value if isinstance(value, tuple | list) else ()
    return [Asked(interrupt=one.id, asks=one.value["asks"]) for one in found if isinstance(one, Interrupt)]


def _config(thread: str, ns: str, checkpoint: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread, "checkpoint_ns": ns, "checkpoint_id": checkpoint}}


def _loads(parts: list[Part]) -> list[list[Part]]:
    loads: list[list[Part]] = [[]]
    size = 0
    for part in parts:
        if loads[-1] and size + len(part.data) > FIRST_REQUEST_BYTES:
            loads.append([])
            size = 0
        loads[-1].append(part)
        size += len(part.data)
    return loads
