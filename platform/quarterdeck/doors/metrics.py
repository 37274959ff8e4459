"""What Prometheus asks for, on a port of its own that neither people nor agents reach: the record's meters (each web process
tells the same of them), and what this process alone knows: how long it took to answer, how long a watch has heard nothing."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import DatabaseError, close_old_connections
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily

from quarterdeck.record import meters

TOLD = {
    "runs": ("phase", "Runs by phase."),
    "oldest_seconds": ("waits_for", "Age of the longest wait: for a place (queue), or for a person."),
    "outbox": ("state", "Effects not yet told to trackers: waiting, or stuck until a person looks."),
    "requests_open": ("", "Requests that wait for a person."),
    "attempts": ("state", "Attempts that live, by state."),
    "reconciler_lease_seconds": ("", "Seconds that the acting reconciler's lease still runs; below 0 nobody acts."),
}
BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
AREAS = {"api", "agent", "static", "accounts", "hooks", "healthz"}
HELD, MODEL = "/agent/v1/commands", "/agent/v1/model/"


class Record:
    """Read at each asking. A database that is away is one gauge at zero, and not a failed answer."""

    def collect(self) -> Iterator[Any]:
        close_old_connections()
        try:
            found = meters.read()
        except DatabaseError:
            found = {}
        finally:
            close_old_connections()
        yield GaugeMetricFamily(
            "quarterdeck_database_up", "Whether the record could be read.", value=float(bool(found))
        )
        for name, values in found.items():
            label, words = TOLD[name]
            family = GaugeMetricFamily(f"quarterdeck_{name}", words, labels=[label] if label else [])
            for word, value in values.items():
                family.add_metric([word] if label else [], value)
            yield family


class Web:
    """Of one web process: `timed` wraps what it serves, `answering` tells Prometheus."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(Record())
        self.seconds = Histogram(
            "quarterdeck_http_seconds", "Time to answer, without held connections.", ["area", "method", "status"],
            buckets=BUCKETS, registry=self.registry,
        )  # fmt: skip

    def timed(self, application: Any) -> Any:
        async def door(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or scope["path"] == HELD:
                return await application(scope, receive, send)
            began, status = time.perf_counter(), ["5xx"]

            async def told(message: Any) -> None:
                if message["type"] == "http.response.start":
                    status[0] = f"{message['status'] // 100}xx"
                await send(message)

            try:
                await application(scope, receive, told)
            finally:
                labels = (area(scope["path"]), method(scope["method"]), status[0])
                self.seconds.labels(*labels).observe(time.perf_counter() - began)

        return door

    def answering(self) -> Any:
        """The application of the metrics' own port."""

        async def door(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                return await send({"type": "websocket.close", "code": 1008})
            found = scope["path"] == "/metrics"
            body = await asyncio.to_thread(generate_latest, self.registry) if found else b""
            headers = [(b"content-type", CONTENT_TYPE_LATEST.encode()), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200 if found else 404, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        return door


def area(path: str) -> str:
    """A few words, whatever is asked for: labels must not grow with what strangers type."""
    if path.startswith(MODEL):
        return "model"
    first = path.lstrip("/").partition("/")[0]
    return first if first in AREAS else "pages"


def method(word: str) -> str:
    return word if word in {"GET", "POST", "PUT", "PATCH", "DELETE"} else "other"


def of_reconciler(where: tuple[str, int], deaf: Callable[[], float], acts: Callable[[], bool]) -> None:
    """In a thread, until the process ends. `deaf`: seconds since its watch heard anything."""
    registry = CollectorRegistry()
    for name, words, ask in (
        ("quarterdeck_watch_deaf_seconds", "Since this reconciler last heard of the cluster.", deaf),
        ("quarterdeck_reconciler_acts", "1 in the one that holds the lease.", lambda: float(acts())),
    ):
        Gauge(name, words, registry=registry).set_function(ask)
    start_http_server(where[1], where[0], registry)
