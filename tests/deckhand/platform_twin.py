"""The agents' doors in memory, with a real bare repository: what a test lets an agent meet, and what it left behind."""

import asyncio
import hashlib
import json
import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import uvicorn

from deckwire.commands import Command, Mail
from deckwire.envelope import (
    Batch,
    Bye,
    Config,
    Fork,
    Heartbeat,
    Hello,
    Leave,
    Part,
    Pulse,
    Recalled,
    Refusal,
    Step,
    Stored,
    TicketText,
    Welcome,
    Write,
)
from deckwire.tokens import derive
from deckwire.words import Audience

PREFIX = "/agent/v1"
WAIT_SECONDS = 90.0
HOLD_SECONDS = 20.0

Script = Callable[[str, list[dict[str, Any]], "Platform"], tuple[str, list[tuple[str, dict[str, Any]]]]]
"""(stage, messages, platform) → text and tool calls."""


class Refused(Exception):
    def __init__(
        self, status: int, reason: str, headers: Mapping[str, str] = {}, missing: list[str] | None = None
    ) -> None:
        super().__init__(reason)
        self.status, self.reason, self.headers, self.missing = status, reason, dict(headers), missing or []


class Lost(Exception):
    """The answer is lost on its way: the work was done, the agent cannot know."""


@dataclass
class Call:
    id: str
    purpose: str
    kind: str
    messages: list[dict[str, Any]]


@dataclass
class Platform:
    """Everything is guarded by one condition, which `wait` sleeps on: no test waits for a clock."""

    repository: Path
    base: str
    ticket: TicketText
    config: Config
    script: Script
    run: str = "r1"
    epoch: int = 0
    head: str = ""
    head_commit: str = ""
    forks: int = 0
    fork: Fork | None = None
    conflict: Any = None
    stopped: bool = False
    watched: bool = False
    events: list[tuple[int, int, dict[str, Any]]] = field(default_factory=list)
    deltas: list[dict[str, Any]] = field(default_factory=list)
    checkpoints: list[Any] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    parts: dict[str, Part] = field(default_factory=dict)
    writes: dict[tuple[str, str, str], dict[tuple[str, int], Write]] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    fates: dict[str, str] = field(default_factory=dict)
    byes: list[Bye] = field(default_factory=list)
    hellos: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    journal: dict[str, Any] = field(default_factory=dict)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    before: Callable[[str, "Platform", Any], None] = lambda door, platform, body: None
    after: Callable[[str, "Platform", Any], None] = lambda door, platform, body: None

    def __post_init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())

    # ---- for tests ----------------------------------------------------------------------------------------------

    def next_attempt(self) -> str:
        """Raises the epoch and hands out a secret, as the reconciler does."""
        with self.changed:
            self.epoch += 1
            self.changed.notify_all()
            return f"secret-{self.epoch}"

    def session(self) -> str:
        return f"session-{self.epoch}"

    def wait(self, until: Callable[["Platform"], Any], what: str = "") -> Any:
        with self.changed:
            if not self.changed.wait_for(lambda: until(self), WAIT_SECONDS):
                kinds = [body.get("kind") for _, _, body in self.events]
                raise AssertionError(
                    f"never came: {what or until}; events {kinds}; requests {self.requests[-8:]}; byes {self.byes}"
                )
            return until(self)

    def tell(self, verb: str, **fields: Any) -> Command:
        """Puts a command into the agent's mailbox."""
        with self.changed:
            n = len(self.commands) + 1
            command = Command.model_validate({"id": f"c{n}", "n": n, "verb": verb, "by": "Alice", **fields})
            self.commands.append(command)
            self.fates[command.id] = "pending"
            self.changed.notify_all()
            return command

    def answer(self, *answers: dict[str, Any]) -> Command:
        """Answers the interrupt that was asked last."""
        return self.tell("answer", answers={self.asked()[-1]["interrupt"]: [{"by": "Alice", **one} for one in answers]})

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [body for _, _, body in self.events if body.get("kind") == kind]

    def asked(self) -> list[dict[str, Any]]:
        return self.of("asked")

    def kinds(self) -> list[str]:
        return [body["kind"] for _, _, body in self.events]

    def rewind(self, checkpoint: str, words: str) -> None:
        with self.changed:
            envelope = next(one for one in self.checkpoints if one.id == checkpoint)
            self.forks += 1
            self.head, self.head_commit = checkpoint, envelope.commit
            self.fork = Fork(checkpoint=checkpoint, words=words, n=self.forks)
            for command in self.commands:
                if self.fates[command.id] == "pending":
                    self.fates[command.id] = "superseded"

    # ---- the doors ----------------------------------------------------------------------------------------------

    def hello(self, body: dict[str, Any], query: dict[str, str]) -> Any:
        said = Hello.tolerant(body)
        if said.secret != f"secret-{self.epoch}":
            raise Refused(401, "bad_secret")
        self.hellos.append(said.nonce)
        done = [c.n for c in self.commands if self.fates[c.id] in ("applied", "superseded")]
        return Welcome(
            session=self.session(), run=self.run, attempt=f"a{self.epoch}", epoch=self.epoch, head=self.head,
            head_commit=self.head_commit or self.base, base_commit=self.base, branch="run", fork=self.fork,
            forks=self.forks, conflict=self.conflict, applied_n=max(done, default=0), git_path=f"/{self.repository.name}",
            ticket=self.ticket, config=self.config,
        )  # fmt: skip

    def heartbeat(self, body: dict[str, Any], query: dict[str, str]) -> Any:
        Heartbeat.model_validate(body)
        return Pulse(watched=self.watched)

    def mail(self, after: int) -> Mail:
        return Mail(
            commands=[c for c in self.commands if c.n > after and self.fates[c.id] == "pending"], stopped=self.stopped
        )

    def bye(self, body: dict[str, Any], query: dict[str, str]) -> Any:
        said = Bye.model_validate(body)
        if said.state == "parked" and any(fate == "pending" for fate in self.fates.values()):
            return Leave(stay=True)
        self.byes.append(said)
        return Leave()

    def step(self, body: dict[str, Any], query: dict[str, str]) -> Any:
        said = Step.model_validate(body)
        envelope = said.checkpoint
        stored = {one.id: one.digest for one in self.checkpoints}
        if envelope and stored.get(envelope.id, envelope.digest) != envelope.digest:
            raise Refused(409, "conflict")
        for part in said.parts:
            self.parts[part.digest] = part
        refs = [*(envelope.refs if envelope else []), *(w.ref for ws in said.writes for w in ws.writes)]
        missing = [ref for ref in refs if ref not in self.parts]
        if missing:
            raise Refused(422, "missing_parts", missing=missing)
        for ws in said.writes:
            rows = self.writes.setdefault((ws.thread, ws.ns, ws.checkpoint), {})
            for write in ws.writes:
                if write.idx < 0 or (write.task, write.idx) not in rows:
                    rows[write.task, write.idx] = write
        repeated = envelope is not None and envelope.id in stored
        self._take(said.epoch, said.events)
        if envelope and not repeated:
            self.checkpoints.append(envelope)
            if envelope.thread == "main" and not envelope.ns:
                self.head, self.head_commit = envelope.id, envelope.commit
                if envelope.source == "update":
                    self.fork = self.conflict = None
        return Stored(seq=len(self.events), repeated=repeated)

    def narrate(self, body: dict[str, Any], query: dict[str, str]) -> Any:
        said = Batch.model_validate(body)
        self._take(said.epoch, said.events)
        self.deltas += said.deltas
        return Stored(seq=len(self.events))

    def _take(self, epoch: int, numbered: list[Any]) -> None:
        known = {(e, n) for e, n, _ in self.events}
        for one in numbered:
            if (epoch, one.n) in known:
                continue
            self.events.append((epoch, one.n, one.body))
            for command in one.body.get("commands", []) if one.body["kind"] == "applied" else []:
                self.fates[command] = "applied"
            if one.body["kind"] == "rejected":
                self.fates[one.body["command"]] = "rejected"

    def checkpoint(self, body: Any, query: dict[str, str]) -> Any:
        thread, ns, id_ = query.get("thread", ""), query.get("ns", ""), query.get("id", "")
        if not id_ and thread == "main" and not ns:
            id_ = self.head or "none"
        found = [c for c in self._visible() if c.thread == thread and c.ns == ns and (not id_ or c.id == id_)]
        if not found:
            raise Refused(404, "not_found")
        return self._recalled(found[-1])

    def listed(self, body: Any, query: dict[str, str]) -> Any:
        wanted = json.loads(query.get("filter", "{}"))
        rows = list(self._visible())
        if "before" in query:
            ids = [row.id for row in rows]
            rows = rows[: ids.index(query["before"])]
        rows = [r for r in rows if r.thread == query.get("thread", r.thread) and r.ns == query.get("ns", r.ns)]
        rows = [r for r in reversed(rows) if all(r.metadata.get(k) == v for k, v in wanted.items())]
        return {"items": [self._recalled(r).model_dump(mode="json") for r in rows[: int(query.get("limit", 10_000))]]}

    def forget(self, body: Any, query: dict[str, str]) -> Any:
        self.hidden.add(query["thread"])
        self.checkpoints = [c for c in self.checkpoints if c.thread != query["thread"]]
        return {}

    def _visible(self) -> list[Any]:
        return [c for c in self.checkpoints if c.thread not in self.hidden]

    def _recalled(self, envelope: Any) -> Recalled:
        writes = list(self.writes.get((envelope.thread, envelope.ns, envelope.id), {}).values())
        refs = dict.fromkeys([*envelope.refs, *(w.ref for w in writes)])
        return Recalled(envelope=envelope, writes=writes, parts=[self.parts[ref] for ref in refs])

    def model(self, body: dict[str, Any], headers: dict[str, str]) -> list[dict[str, Any]]:
        """The gateway with its journal: an answer is stored under the call's id, and a repeat costs nothing."""
        call = Call(
            headers["x-quarterdeck-call"],
            headers["x-quarterdeck-purpose"],
            headers["x-quarterdeck-kind"],
            body["messages"],
        )
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        key = f"{call.id}/{digest}"
        if key not in self.journal:
            stage = re.findall(r"Stage: (\w+)$", str(body["messages"][0]["content"]))[-1]
            assert stage == call.purpose
            self.calls.append(call)
            text, calls = self.script(stage, body["messages"], self)
            self.journal[key] = _chunks(text, calls, f"{stage}{len(self.journal)}")
        return self.journal[key]


def _chunks(text: str, calls: list[tuple[str, dict[str, Any]]], label: str) -> list[dict[str, Any]]:
    tools = [
        {
            "index": i,
            "id": f"{label}-{i}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(args)},
        }
        for i, (name, args) in enumerate(calls)
    ]
    deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant", "content": text}, None)]
    deltas += [({"tool_calls": [tool]}, None) for tool in tools]
    deltas.append(({}, "tool_calls" if tools else "stop"))
    return [
        {"id": label, "object": "chat.completion.chunk", "created": 1, "model": "twin",
         "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
        for delta, reason in deltas
    ]  # fmt: skip


DOORS: dict[tuple[str, str], tuple[str, Audience | None]] = {
    ("POST", "/hello"): ("hello", None),
    ("POST", "/heartbeat"): ("heartbeat", Audience.SESSION),
    ("GET", "/commands"): ("commands", Audience.SESSION),
    ("POST", "/bye"): ("bye", Audience.SESSION),
    ("POST", "/step"): ("step", Audience.STEP),
    ("POST", "/events"): ("narrate", Audience.STEP),
    ("GET", "/checkpoint"): ("checkpoint", Audience.STEP),
    ("GET", "/checkpoints"): ("listed", Audience.STEP),
    ("DELETE", "/thread"): ("forget", Audience.STEP),
    ("POST", "/model/openai/v1/chat/completions"): ("model", Audience.MODEL),
}


class Doors:
    """The twin as an ASGI application."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        path = scope["path"].removeprefix(PREFIX)
        headers = {key.decode().lower(): value.decode() for key, value in scope["headers"]}
        query = {k: v for k, _, v in (p.partition("=") for p in scope["query_string"].decode().split("&")) if k}
        query = {key: unquote_plus(value) for key, value in query.items()}
        try:
            answer = await asyncio.to_thread(self._answer, scope["method"], path, headers, query, body)
        except Refused as no:
            refusal = {**Refusal(reason=no.reason, text=no.reason).model_dump(), "missing": no.missing}
            await _send(send, no.status, refusal, no.headers)
            return
        except Lost:
            raise RuntimeError("the answer is lost on its way") from None
        if path.startswith("/model/"):
            await _stream(send, answer)
        else:
            await _send(send, 200, answer.model_dump(mode="json") if hasattr(answer, "model_dump") else answer)

    def _answer(self, method: str, path: str, headers: dict[str, str], query: dict[str, str], raw: bytes) -> Any:
        name, audience = DOORS[method, path]
        twin = self.platform
        body = json.loads(raw) if raw else {}
        with twin.changed:
            twin.requests.append((method, path, headers.get("x-quarterdeck-call", "")))
            try:
                self._guard(headers, audience, body)
                twin.before(name, twin, body)
                if name == "commands":
                    return self._hold(query)
                answer = twin.model(body, headers) if name == "model" else getattr(twin, name)(body, query)
                twin.after(name, twin, body)
                return answer
            finally:
                twin.changed.notify_all()

    def _guard(self, headers: dict[str, str], audience: Audience | None, body: dict[str, Any]) -> None:
        twin = self.platform
        if audience and headers.get("authorization") != f"Bearer {derive(twin.session(), audience)}":
            raise Refused(409, "fenced")
        if body.get("epoch", twin.epoch) != twin.epoch:
            raise Refused(409, "fenced")
        if twin.stopped and audience:
            raise Refused(410, "stopped")

    def _hold(self, query: dict[str, str]) -> Mail:
        twin, after, epoch = self.platform, int(query["after"]), self.platform.epoch

        def news() -> bool:
            return bool(twin.mail(after).commands) or twin.stopped or twin.epoch != epoch

        twin.changed.wait_for(news, min(float(query["hold"]), HOLD_SECONDS))
        return Mail(fenced=True) if twin.epoch != epoch else twin.mail(after)


async def _send(send: Any, status: int, body: Any, headers: Mapping[str, str] = {}) -> None:
    data = json.dumps(body).encode()
    head = [(b"content-type", b"application/json"), *((k.encode(), v.encode()) for k, v in headers.items())]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": data})


async def _stream(send: Any, chunks: list[dict[str, Any]]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    for chunk in chunks:
        await send({"type": "http.response.body", "body": f"data: {json.dumps(chunk)}\n\n".encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


class Served:
    """The doors on a loopback port, in a thread of their own."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        config = uvicorn.Config(Doors(platform), log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True)
        self.thread.start()

    def close(self) -> None:
        with self.platform.changed:
            # Held connections end at once: nobody waits for mail any more.
            self.platform.epoch += 1
            self.platform.changed.notify_all()
        self.server.should_exit = True
        self.thread.join(5)
        self.socket.close()
