"""What Prometheus is told, and that nobody else's port tells it."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing

import pytest
from prometheus_client.parser import text_string_to_metric_families

from quarterdeck.doors import metrics
from quarterdeck.record import leases
from quarterdeck.record.models import Outbox
from testkit import rows
from testkit.house import free_port
from testkit.serving import serving

Values = dict[tuple[str, ...], float]


def told(text: str) -> Values:
    """By name and the values of its labels."""
    return {
        (one.name, *(one.labels[name] for name in sorted(one.labels))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def asked(application: object, path: str = "/metrics") -> Values:
    with serving(application) as address, closing(urllib.request.urlopen(f"{address}{path}", timeout=10)) as answer:
        assert answer.headers["content-type"].startswith("text/plain")
        return told(answer.read().decode())


@pytest.mark.django_db(transaction=True)
def test_the_record_is_counted_as_it_stands() -> None:
    rows.run(rows.ticket(rows.project()))
    Outbox.objects.create(key="t", kind="comment", body={}, state="stuck")
    leases.take("reconciler", "one", 10.0)
    found = asked(metrics.Web().answering())
    assert found[("quarterdeck_database_up",)] == 1
    assert found[("quarterdeck_runs", "queued")] == 1
    assert found[("quarterdeck_runs", "working")] == 0
    assert 0 <= found[("quarterdeck_oldest_seconds", "queue")] < 60
    assert found[("quarterdeck_outbox", "stuck")] == 1
    assert 0 < found[("quarterdeck_reconciler_lease_seconds",)] <= 10


async def answers(scope: dict[str, object], receive: object, send: Callable[..., object]) -> None:
    status = 404 if scope["path"] == "/api/v1/none" else 200
    await send({"type": "http.response.start", "status": status, "headers": []})  # type: ignore[misc]
    await send({"type": "http.response.body", "body": b""})  # type: ignore[misc]


@pytest.mark.django_db(transaction=True)
def test_answers_are_timed_by_a_few_words_that_strangers_cannot_add_to() -> None:
    web = metrics.Web()

    async def nobody(*_: object) -> None:
        """What was sent is not looked at."""

    for path, verb in (
        ("/api/v1/none", "GET"),
        ("/x1", "GET"),
        ("/x2", "GET"),
        ("/x3", "BREW"),
        ("/agent/v1/commands", "GET"),
    ):
        scope = {"type": "http", "path": path, "method": verb}
        asyncio.run(web.timed(answers)(scope, nobody, nobody))
    counts = {
        key[1:]: value for key, value in asked(web.answering()).items() if key[0] == "quarterdeck_http_seconds_count"
    }
    assert counts == {("api", "GET", "4xx"): 1, ("pages", "GET", "2xx"): 2, ("pages", "other", "2xx"): 1}


@pytest.mark.django_db(transaction=True)
def test_nothing_else_is_answered_on_its_port() -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        asked(metrics.Web().answering(), "/api/v1/me")


def test_a_reconciler_tells_how_long_it_is_deaf_and_whether_it_acts() -> None:
    port = free_port()
    metrics.of_reconciler(("127.0.0.1", port), lambda: 12.5, lambda: True)
    with closing(urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10)) as answer:
        found = told(answer.read().decode())
    assert found[("quarterdeck_watch_deaf_seconds",)] == 12.5
    assert found[("quarterdeck_reconciler_acts",)] == 1
