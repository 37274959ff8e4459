"""One HTTP call to a provider, byte for byte, with the provider's errors put into our three words."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.models.port import Endpoint

CONNECT_SECONDS = 5.0
CHUNK_SECONDS = 120.0
"""Between two chunks; a model may think that long before its first."""
AFTER_SECONDS = 5.0
AFTER_MOST = 120.0
TOLD_BYTES = 2_000
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""With these the provider never heard of the call."""


def client(silence: float = CHUNK_SECONDS) -> httpx.AsyncClient:
    """For one event loop. Follows no redirect, and takes nothing from the environment. `silence` in seconds."""
    timeout = httpx.Timeout(silence, connect=CONNECT_SECONDS)
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=20)
    return httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False, follow_redirects=False)


async def post(
    web: httpx.AsyncClient, endpoint: Endpoint, path: str, headers: dict[str, str], body: dict[str, Any]
) -> AsyncIterator[bytes]:
    """The answer's bytes as they come.

    Raises TryLater(provider): pushed back (429, 408), down (5xx) or away: it cost nothing. TryLater(cut): silent, or broken
    off in the middle: nobody knows what it cost.
    Raises Refused: provider_key, no_such_model or provider_refused, all 424: asking again changes nothing.
    """
    sent = {"accept-encoding": "identity", "user-agent": "quarterdeck", **headers}
    try:
        async with web.stream("POST", endpoint.base_url.rstrip("/") + path, json=body, headers=sent) as answer:
            if answer.status_code != 200:
                raise _refusal(answer, endpoint, await _told(answer))
            async for chunk in answer.aiter_bytes():
                yield chunk
    except (*UNSENT, httpx.InvalidURL) as away:
        raise TryLater(
            f"The model endpoint cannot be reached ({type(away).__name__}).", after=AFTER_SECONDS, reason="provider"
        ) from away
    except httpx.TimeoutException as late:
        raise TryLater("The model endpoint did not answer in time.", after=AFTER_SECONDS, reason="cut") from late
    except (httpx.TransportError, httpx.DecodingError) as gone:
        raise TryLater(f"The model endpoint broke off ({type(gone).__name__}).", after=1.0, reason="cut") from gone


async def _told(answer: httpx.Response) -> str:
    told = b""
    async for chunk in answer.aiter_bytes():
        told += chunk
        if len(told) > TOLD_BYTES:
            break
    return told[:TOLD_BYTES].decode("utf-8", "replace")


def _refusal(answer: httpx.Response, endpoint: Endpoint, told: str) -> Refused | TryLater:
    status = answer.status_code
    if status in {408, 425, 429} or status >= 500:
        what = "pushed back" if status == 429 else "failed"
        return TryLater(f"The model endpoint {what} ({status}).", after=after(answer.headers), reason="provider")
    if status in {401, 403}:
        return Refused(f"The model endpoint refused our key ({status}).", reason="provider_key", status=424,
                       remedy="Enter its key again in the settings, and test it there.")  # fmt: skip
    if status == 404:
        return Refused("The model endpoint knows no such model or address (404).", reason="no_such_model", status=424,
                       remedy="Check the address and the model's name in the settings.")  # fmt: skip
    # What it told may hold what we sent: the key must not come out again on this way.
    words = told.replace(endpoint.key, "…") if endpoint.key else told
    return Refused(f"The model endpoint refused the request ({status}): {words[:300]}", reason="provider_refused",
                   status=424, remedy="The model may not take tools, or the history is too long for it.")  # fmt: skip


def after(headers: httpx.Headers) -> float:
    """Retry-After in seconds, by number or by date (RFC 9110, 10.2.3); ours where there is none."""
    raw = headers.get("retry-after", "")
    try:
        seconds = float(raw)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(raw) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            seconds = AFTER_SECONDS
    return min(max(seconds, 0.0), AFTER_MOST) if seconds == seconds else AFTER_SECONDS
