"""What Jira's refusals mean. Its own sentences are told on: they say best which clause, field or right was wrong."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from quarterdeck.errors import GaveUp, Refused, TryLater

AFTER_SECONDS = 30.0
AFTER_MOST = 3600.0
TOLD = 600


def refusal(
    status: int, headers: httpx.Headers, raw: bytes, what: str, secrets: Sequence[str] = ()
) -> Refused | TryLater | GaveUp:
    """The error to raise for an answer that is no success."""
    said = sentences(raw)
    for secret in secrets:
        said = said.replace(secret, "…")
    if status == 429:
        why = headers.get("ratelimit-reason", "") or "unnamed"
        return TryLater(f"Jira's rate limit ({why}) is reached.", after=retry_after(headers), reason=f"rate:{why}")
    if status == 409:
        return TryLater(f"Somebody else writes there at this moment. {said}".strip(), after=2, reason="conflict")
    if status in (408, 425) or status >= 500:
        return TryLater(f"Jira failed ({status}).", after=retry_after(headers), reason="tracker")
    if status == 401:
        return _key()
    if status == 403:
        return _right(headers, said)
    return _no(status, said, what)


def _key() -> Refused:
    return Refused("Jira does not know our key (401).", reason="bad_key", status=401,
                   remedy="It may be expired: make a new one in Jira and enter it in the settings.")  # fmt: skip


def _right(headers: httpx.Headers, said: str) -> Refused:
    if "AUTHENTICATION_DENIED" in headers.get("x-seraph-loginreason", ""):
        return Refused("Jira wants a CAPTCHA after failed sign-ins (403).", reason="bad_key", status=401,
                       remedy="Sign in as this account in a browser once, then use a personal access token.")  # fmt: skip
    return Refused(f"Jira forbids it. {said}".strip(), reason="no_right", status=403,
                   remedy="Give the account the right in the project's permission scheme.")  # fmt: skip


def _no(status: int, said: str, what: str) -> Refused:
    if status == 404:
        text = said or f"There is no such {what} in Jira, or its account may not see it."
        return Refused(text, reason=f"no_such_{what}", status=404)
    if status in (301, 302, 303, 307, 308):
        return Refused("Jira's address leads elsewhere.", reason="malformed", status=422,
                       remedy="Enter the address that the browser shows in the end.")  # fmt: skip
    if status == 413:
        return Refused(f"It is too big for Jira. {said}".strip(), reason="too_big", status=413)
    if what == "query":
        return Refused(said or f"Jira refused the query ({status}).", reason="bad_query", status=422)
    return Refused(said or f"Jira refused it ({status}).", reason="refused", status=422 if status == 400 else status)


def sentences(raw: bytes) -> str:
    """Jira's own words: errorMessages, then what it says about single fields."""
    try:
        told = json.loads(raw[:200_000])
    except (ValueError, RecursionError):
        return ""
    return " ".join(_words(told))[:TOLD] if isinstance(told, dict) else ""


def _words(told: dict[str, Any]) -> list[str]:
    words = told.get("errorMessages")
    found = [str(one) for one in words] if isinstance(words, list) else []
    fields = told.get("errors")
    if isinstance(fields, dict):
        found += [f"{name}: {value}" for name, value in fields.items()]
    return found or [str(told[name]) for name in ("message", "error_description", "error") if told.get(name)]


def retry_after(headers: httpx.Headers) -> float:
    """In seconds, by number or date (RFC 9110, 10.2.3), else until X-RateLimit-Reset; at most an hour."""
    raw = headers.get("retry-after", "")
    try:
        seconds = float(raw)
    except ValueError:
        seconds = _until(raw) or _until(headers.get("x-ratelimit-reset", "")) or AFTER_SECONDS
    return min(max(seconds, 1.0), AFTER_MOST) if seconds == seconds else AFTER_SECONDS


def _until(when: str) -> float | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            at = read(when)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()
        except (ValueError, TypeError):
            continue
    return None
