"""What nodes say of images that they cannot pull. A pod's own status tells it late: its kubelet rests 10 to 15 s before it looks,
and writes, again. Its event comes at once."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress

from quarterdeck.outside.cluster.pods import reasons
from quarterdeck.outside.cluster.pods.api import Api, Json, Said

EVERY_S = 2.0
SLOW_S = 3.0
"""A start of this age is asked about; most are over by then."""
MOST = 500
STARTING = {"ContainerCreating", "PodInitializing"}
PARTS = ("initContainerStatuses", "containerStatuses")
CONTAINER = re.compile(r"\{(.+)\}$")
PULL = re.compile(r'Failed to pull image "[^"]*": (.+)', re.DOTALL)


class Told:
    """The newest list answers for all pods. `clock` counts seconds."""

    def __init__(self, api: Api, clock: Callable[[], float]) -> None:
        self.api, self._clock = api, clock
        self._asked = float("-inf")
        self._pulls: dict[tuple[str, str], str] = {}

    async def listen(self, pods: Iterable[Json]) -> None:
        """Asks while a start is slow: seldom, and once for all. Without the right to, a pod's status has to do. Raises Away."""
        now = self.api.now()
        slow = any(reasons.age(pod, now) > SLOW_S and any(map(_starts, _containers(pod))) for pod in pods)
        if not slow or self._clock() - self._asked < EVERY_S:
            return
        self._asked = self._clock()
        query = {"fieldSelector": "involvedObject.kind=Pod,reason=Failed", "limit": MOST}
        with suppress(Said):
            found = (await self.api.ask("GET", "/events", query=query)).get("items") or []
            self._pulls = dict(filter(None, map(_pull, found)))

    def on(self, pod: Json) -> Json:
        """The pod with what its node said of it, where its status does not say it yet."""
        status, uid = pod.get("status", {}), pod["metadata"]["uid"]
        if not any((uid, one.get("name", "")) in self._pulls for one in _containers(pod)):
            return pod
        parts = {part: [self._with(uid, one) for one in status[part]] for part in PARTS if part in status}
        return pod | {"status": status | parts}

    def _with(self, uid: str, container: Json) -> Json:
        message = self._pulls.get((uid, container.get("name", "")))
        if message is None or not _starts(container):
            return container
        return container | {"state": {"waiting": {"reason": "ErrImagePull", "message": message}}}


def _containers(pod: Json) -> list[Json]:
    return [one for part in PARTS for one in pod.get("status", {}).get(part) or []]


def _starts(container: Json) -> bool:
    return container.get("state", {}).get("waiting", {}).get("reason") in STARTING


def _pull(event: Json) -> tuple[tuple[str, str], str] | None:
    about = event.get("involvedObject") or {}
    container, pull = CONTAINER.search(about.get("fieldPath") or ""), PULL.match(event.get("message") or "")
    return ((about.get("uid", ""), container[1]), pull[1]) if container and pull else None
