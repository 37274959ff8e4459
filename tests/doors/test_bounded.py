"""Nobody fills our disk by a request: what is too long is refused before Django has it, whether its length was told or not."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from quarterdeck.asgi import pages

CHUNK = b"x" * 64_000


def post(chunks: Iterable[bytes], *, length: int | None = None) -> tuple[int, int]:
    """The status of the answer, and how many chunks were taken."""
    coming, sent, taken, over = iter(chunks), list[Any](), 0, False
    headers = [(b"host", b"localhost"), *([(b"content-length", str(length).encode())] if length else [])]
    scope = {
        "type": "http", "method": "POST", "path": "/hooks/x", "raw_path": b"/hooks/x", "query_string": b"", "headers": headers,
        "scheme": "http", "server": ("localhost", 80), "client": ("192.0.2.7", 4000), "http_version": "1.1",
    }  # fmt: skip

    async def receive() -> Any:
        nonlocal taken, over
        if over:
            await asyncio.Event().wait()  # the caller waits for its answer
        chunk = next(coming, None)
        over = chunk is None
        taken += chunk is not None
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(pages(scope, receive, send))
    return sent[0]["status"], taken


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("length", [None, 5])
def test_a_body_without_end_is_cut_off(length: int | None) -> None:
    status, taken = post([CHUNK] * 1_000, length=length)
    assert status == 413
    assert taken < 50


@pytest.mark.django_db(transaction=True)
def test_what_says_that_it_is_too_long_is_not_read_at_all() -> None:
    assert post([CHUNK] * 1_000, length=64_000_000) == (413, 0)


@pytest.mark.django_db(transaction=True)
def test_what_is_short_enough_is_answered_by_the_page() -> None:
    assert post([CHUNK, CHUNK])[0] in (400, 403, 404)
