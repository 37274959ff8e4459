"""A scripted API server: pods and secrets in memory with versions, watches and preconditions, a kubelet that does what the
test says, and the faults that a real one shows once a year: 410, a deaf watch, a list from the past, a cut answer."""

import asyncio
import json
import re
import tempfile
import uuid
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from aiohttp.test_utils import TestServer

from quarterdeck.outside.cluster.pods.api import Api
from quarterdeck.outside.cluster.pods.cluster import PodsCluster
from quarterdeck.outside.cluster.pods.manifest import Ground
from quarterdeck.outside.cluster.port import PlaceSeen, PlaceSpec

Json = dict[str, Any]
EXITS = {"done": 0, "fenced": 3, "canary_failed": 5, "start_failed": 6, "crashed": 1, "killed": 137}


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def failure(status: int, reason: str, message: str, **headers: str) -> web.Response:
    body = {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": status}
    return web.json_response(body, status=status, headers=headers)


@dataclass
class ApiServer:
    """`refusals` (method, kind, answer) are given once each, before anything is done. `cut_after_create`: the next pod is made
    and its answer lost. `mute`: watches say nothing; `says_half`: what they say next. `past`: lists are answered from this.
    `forget`: versions below are expired. `starts`: a pod runs as soon as it is made, and goes as soon as it is told to. `clock`:
    how far its own is from ours. `allows`: what is asked about rights."""

    starts: bool = True
    clock: timedelta = timedelta()
    objects: dict[str, dict[str, Json]] = field(
        default_factory=lambda: {"pods": {}, "secrets": {}, "resourcequotas": {}, "events": {}}
    )
    version: int = 100
    refusals: list[tuple[str, str, web.Response]] = field(default_factory=list)
    cut_after_create: bool = False
    says_half: bytes = b""
    allows: bool = False
    mute: bool = False
    past: list[Json] | None = None
    forget: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    history: list[tuple[int, str, Json]] = field(default_factory=list)
    watchers: set[asyncio.Queue[tuple[int, str, Json] | None]] = field(default_factory=set)

    def application(self) -> web.Application:
        app = web.Application()
        app.on_response_prepare.append(self._date)
        top = "/api/v1/namespaces/{namespace}/{kind}"
        app.router.add_route("*", top, self._many)
        app.router.add_route("*", top + "/{name}", self._one)
        app.router.add_get("/version", self._version)
        app.router.add_post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", self._review)
        return app

    def now(self) -> datetime:
        return datetime.now(UTC) + self.clock

    async def _date(self, request: web.Request, answer: web.StreamResponse) -> None:
        answer.headers["Date"] = format_datetime(self.now(), usegmt=True)

    # ---- what a kubelet, a person or a bad day does ----

    def status(self, name: str, **status: Any) -> None:
        pod = self.objects["pods"][name]
        self._change("MODIFIED", pod | {"status": pod.get("status", {}) | status})

    def creating(self, name: str) -> None:
        waits = {"waiting": {"reason": "ContainerCreating"}}
        self.status(name, containerStatuses=[{"name": "agent", "image": "i", "state": waits}])

    def cannot_pull(self, name: str, why: str) -> None:
        """The node's event of it, which comes before its status."""
        about = {"uid": self.objects["pods"][name]["metadata"]["uid"], "fieldPath": "spec.containers{agent}"}
        told = {"involvedObject": about, "reason": "Failed", "message": f'Failed to pull image "i": {why}'}
        self.objects["events"][name] = {"metadata": {"name": name, "uid": f"event-{name}"}, **told}

    def run(self, name: str) -> None:
        self.status(
            name, phase="Running", containerStatuses=[{"name": "agent", "image": "i", "state": {"running": {}}}]
        )

    def end(self, name: str, code: int, reason: str = "Error", message: str = "") -> None:
        done = {"terminated": {"exitCode": code, "reason": reason, "message": message}}
        phase = "Failed" if code else "Succeeded"
        self.status(name, phase=phase, containerStatuses=[{"name": "agent", "image": "i", "state": done}])

    def remove(self, name: str, *, silently: bool = False) -> None:
        pod = self.objects["pods"][name]
        watchers, self.watchers = self.watchers, set() if silently else self.watchers
        self._change("DELETED", pod)
        self.watchers = watchers

    def drop_watches(self) -> None:
        for watcher in self.watchers:
            watcher.put_nowait(None)

    # ---- what it answers ----

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response({"gitVersion": "v1.36.4"})

    async def _review(self, request: web.Request) -> web.Response:
        return web.json_response({"status": {"allowed": self.allows}}, status=201)

    async def _many(self, request: web.Request) -> web.StreamResponse:
        kind = request.match_info["kind"]
        if refusal := self._refused(request):
            return refusal
        if request.method == "POST":
            return await self._create(kind, await request.json(), request)
        chosen = selector(request.query.get("labelSelector", ""))
        if request.query.get("watch"):
            return await self._watch(request, chosen)
        found = self.past if self.past is not None and kind == "pods" else list(self.objects[kind].values())
        return web.json_response(
            {"metadata": {"resourceVersion": str(self.version)}, "items": [one for one in found if chosen(one)]}
        )

    async def _one(self, request: web.Request) -> web.StreamResponse:
        kind, name = request.match_info["kind"], request.match_info["name"]
        if refusal := self._refused(request):
            return refusal
        found = self.objects[kind].get(name)
        if found is None:
            return failure(404, "NotFound", f'{kind} "{name}" not found')
        if request.method == "PATCH":
            found["metadata"] |= (await request.json())["metadata"]
        if request.method == "DELETE":
            return self._delete(kind, found, json.loads(await request.text() or "{}"))
        return web.json_response(found)

    def _refused(self, request: web.Request) -> web.Response | None:
        self.asked.append((request.method, request.path.rpartition("/namespaces/")[2].partition("/")[2]))
        for one in self.refusals:
            if (one[0], one[1]) == (request.method, request.match_info["kind"]):
                self.refusals.remove(one)
                return one[2]
        return None

    async def _create(self, kind: str, body: Json, request: web.Request) -> web.StreamResponse:
        name = body["metadata"]["name"]
        if name in self.objects[kind]:
            return failure(409, "AlreadyExists", f'{kind} "{name}" already exists')
        if request.query.get("dryRun"):
            return web.json_response(body, status=201)
        made = deepcopy(body)
        made["metadata"] |= {"uid": str(uuid.uuid4()), "creationTimestamp": stamp(self.now())}
        if kind == "pods":
            made["status"] = {"phase": "Pending"}
            self._change("ADDED", made)
            if self.starts:
                self.run(name)
        else:
            self.objects[kind][name] = made
        if self.cut_after_create and kind == "pods":
            self.cut_after_create = False
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(made, status=201)

    def _delete(self, kind: str, found: Json, options: Json) -> web.Response:
        name, wanted = found["metadata"]["name"], options.get("preconditions", {}).get("uid")
        if wanted and wanted != found["metadata"]["uid"]:
            return failure(409, "Conflict", "the UID in the precondition does not match")
        if kind == "secrets":
            del self.objects[kind][name]
        elif options.get("gracePeriodSeconds", 30) == 0 or found["status"]["phase"] in ("Failed", "Succeeded"):
            self._change("DELETED", found)
        else:
            self._leave(found, options.get("gracePeriodSeconds", 30))
        return web.json_response(found)

    def _leave(self, found: Json, seconds: int) -> None:
        """Where pods start by themselves they also go by themselves."""
        at = stamp(self.now() + timedelta(seconds=seconds))
        leaving = found | {"metadata": found["metadata"] | {"deletionTimestamp": at}}
        self._change("MODIFIED", leaving)
        if self.starts:
            self._change("DELETED", leaving)

    def _change(self, kind: str, one: Json) -> None:
        self.version += 1
        one = one | {"metadata": one["metadata"] | {"resourceVersion": str(self.version)}}
        if kind == "DELETED":
            self.objects["pods"].pop(one["metadata"]["name"], None)
        else:
            self.objects["pods"][one["metadata"]["name"]] = one
        event = (self.version, kind, deepcopy(one))
        self.history.append(event)
        for watcher in self.watchers:
            watcher.put_nowait(event)

    async def _watch(self, request: web.Request, chosen: Any) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        since = int(request.query["resourceVersion"])
        if since < self.forget:
            await answer.write(
                line("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"})
            )
            return answer
        mine: asyncio.Queue[tuple[int, str, Json] | None] = asyncio.Queue()
        for event in self.history:
            if event[0] > since:
                mine.put_nowait(event)
        self.watchers.add(mine)
        try:
            while (heard := await mine.get()) is not None:
                if chosen(heard[2]) and not self.mute:
                    half, self.says_half = self.says_half, b""
                    await answer.write(half + b"\n" if half else line(heard[1], heard[2]))
        finally:
            self.watchers.discard(mine)
        return answer


def line(kind: str, one: Json) -> bytes:
    return json.dumps({"type": kind, "object": one}).encode() + b"\n"


def selector(text: str) -> Any:
    """`a=b`, `a in (b,c)` and `a`, joined by commas."""
    parts = re.findall(r"([\w./-]+)(?:=([\w.-]+)| in \(([^)]*)\))?", text)

    def chosen(one: Json) -> bool:
        has = one["metadata"].get("labels", {})
        return all(
            has.get(key) == value if value else has.get(key) in many.split(",") if many else key in has
            for key, value, many in parts
        )

    return chosen


class PodsWorld:
    """The pods backend against the scripted server, for the contract and for faults."""

    def __init__(self, *, room: Any = None, starts: bool = True, **ground: Any) -> None:
        self.server = ApiServer(starts=starts)
        self.ground = Ground(**{
            "site": "test", "image": "agent:1", "doors": "http://10.9.0.1:8700", "git": "http://10.9.0.1:8701",
            "claim": "packages", **ground,
        })  # fmt: skip
        self.room, self.now = room, 1000.0

    async def __aenter__(self) -> Self:
        self.http = TestServer(self.server.application())
        await self.http.start_server()
        self.folder = Path(tempfile.mkdtemp(prefix="qdk-"))
        self.kubeconfig = self.folder / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(kubeconfig(f"http://127.0.0.1:{self.http.port}")))
        self.cluster = self.again()
        return self

    def again(self) -> PodsCluster:
        """Another reconciler on the same cluster. `now` is moved by the test."""
        return PodsCluster(
            Api(self.kubeconfig, "agents", clock=lambda: self.now), self.ground, room=self.room, clock=lambda: self.now
        )

    async def __aexit__(self, kind: type | None, bad: BaseException | None, trace: TracebackType | None) -> None:
        self.server.drop_watches()
        await self.cluster.close()
        await self.http.close()
        self.kubeconfig.unlink()
        self.folder.rmdir()

    def spec(self, name: str = "run-1", **more: Any) -> PlaceSpec:
        return PlaceSpec(**{"name": name, "kind": "attempt", "run": name, "epoch": 1, "secret": f"pipe-{name}", **more})

    async def end(self, name: str, reason: str) -> None:
        self.server.end(name, EXITS[reason], "Completed" if reason == "done" else "Error")

    async def running(self, name: str) -> PlaceSeen | None:
        return await self.cluster.observe(name)

    async def gone(self, name: str) -> None:
        assert await self.cluster.observe(name) is None


def kubeconfig(server: str) -> Json:
    return {
        "apiVersion": "v1", "kind": "Config", "current-context": "t",
        "contexts": [{"name": "t", "context": {"cluster": "t", "user": "t"}}],
        "clusters": [{"name": "t", "cluster": {"server": server}}], "users": [{"name": "t", "user": {"token": "t"}}],
    }  # fmt: skip
