"""Reads what a provider's package raised: which of it is weather, which is the gateway's word, which is final."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

SHAKY = 1 / 6  # six broken answers in a row are no accident
BUSY = 1 / 30  # an endpoint that asks for patience gets some: half an hour at a minute each

Kind = Literal["away", "later", "shaky", "budget", "fenced", "stopped", "final"]


@dataclass(frozen=True)
class Fault:
    """away: no platform, wait for ever. later: 429, wait `after` seconds. shaky: a try that counts. The rest are ends.

    `wear` is what one such fault takes of our patience with the model's endpoint: at 1 a person is asked.
    """

    kind: Kind
    text: str
    after: float = 0.0
    wear: float = 0.0


class Truncated(Exception):
    """The stream ended without its end mark."""


def raised_by(protocol: str) -> tuple[type[Exception], ...]:
    """What calls of this protocol may raise. Imports the provider's package: call it after ready."""
    package, http = import_module(protocol), import_module("httpx2")
    return (package.APIError, http.TransportError, http.StreamError, Truncated, TimeoutError)


def read(bad: Exception) -> Fault:
    status = getattr(bad, "status_code", None)
    if status is None:
        return _without_answer(bad)
    reason, text = _told(bad)
    if status == 402:
        return Fault("budget", text)
    if status == 401 or (status == 409 and reason == "fenced"):
        return Fault("fenced", text)
    if status == 410:
        return Fault("stopped", text)
    if status == 429:
        return Fault("later", text, _after(bad), wear=BUSY if reason == "provider" else 0.0)
    if status >= 500 or status in (408, 409):
        return Fault("shaky", f"{status} {text}", _after(bad), wear=SHAKY)
    return Fault("final", f"{status} {text}")


def _without_answer(bad: Exception) -> Fault:
    name = type(bad).__name__
    if isinstance(bad, Truncated | TimeoutError) or "Timeout" in name:
        return Fault("shaky", f"the answer did not come whole ({name})", wear=SHAKY)
    # LangChain raises its own kinds of the provider's errors: their line of descent says what they are.
    if {"APIConnectionError", "ConnectError"} & {one.__name__ for one in type(bad).__mro__}:
        return Fault("away", "the platform does not answer")
    return Fault("shaky", f"{name}: {str(bad)[:300]}", wear=SHAKY)


def _told(bad: Exception) -> tuple[str, str]:
    body: Any = getattr(bad, "body", None)
    if isinstance(body, dict):
        error = body.get("error")
        inner = error if isinstance(error, dict) else body
        return str(body.get("reason", "")), str(body.get("text") or inner.get("message") or bad)[:500]
    return "", str(bad)[:500]


def _after(bad: Exception) -> float:
    response = getattr(bad, "response", None)
    try:
        return min(60.0, float(response.headers.get("Retry-After", 0))) if response is not None else 0.0
    except ValueError:
        return 0.0
