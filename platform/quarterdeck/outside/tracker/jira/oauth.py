"""OAuth 2.0 (3LO) with Atlassian: a person agrees once, then tokens renew themselves."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.tracker.jira.config import Config, Tokens
from quarterdeck.outside.tracker.jira.refusals import retry_after, sentences

SCOPES = ("read:jira-work", "write:jira-work", "read:jira-user", "manage:jira-webhook", "offline_access")


def authorize_url(config: Config, state: str, redirect: str) -> str:
    """Where the person's browser goes. `state` must come back unchanged."""
    query = {
        "audience": "api.atlassian.com", "client_id": config.client_id, "scope": " ".join(SCOPES), "redirect_uri": redirect,
        "state": state, "response_type": "code", "prompt": "consent",
    }  # fmt: skip
    return f"{config.login.rstrip('/')}/authorize?{urlencode(query)}"


def redeem(
    config: Config, code: str, redirect: str, web: httpx.Client | None = None, clock: Callable[[], float] = time.time
) -> Tokens:
    """The tokens for the code that came back. Raises Refused(bad_key) or TryLater."""
    return _ask(config, {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}, web, clock, "")


def refresh(
    config: Config, old: Tokens, web: httpx.Client | None = None, clock: Callable[[], float] = time.time
) -> Tokens:
    """New tokens. Raises Refused(bad_key) when the person took the agreement back, TryLater when nobody answers."""
    body = {"grant_type": "refresh_token", "refresh_token": old.refresh}
    return _ask(config, body, web, clock, old.refresh)


def sites(config: Config, tokens: Tokens, web: httpx.Client | None = None) -> list[tuple[str, str, str]]:
    """The Jiras that the person opened to us: (cloud id, name, address)."""
    headers = {"authorization": f"Bearer {tokens.access}", "accept": "application/json"}
    found = _told(web, "GET", f"{config.gateway.rstrip('/')}/oauth/token/accessible-resources", headers=headers)
    rows = found if isinstance(found, list) else []
    return [
        (str(one["id"]), str(one.get("name", "")), str(one.get("url", "")))
        for one in rows
        if isinstance(one, dict) and one.get("id")
    ]


def _ask(
    config: Config, body: dict[str, str], web: httpx.Client | None, clock: Callable[[], float], refresh: str
) -> Tokens:
    whole = {**body, "client_id": config.client_id, "client_secret": config.client_secret}
    told = _told(web, "POST", f"{config.login.rstrip('/')}/oauth/token", json=whole)
    if not isinstance(told, dict) or not told.get("access_token"):
        raise TryLater("Atlassian's sign-in answered with no token.", after=30, reason="tracker")
    return Tokens(str(told["access_token"]), str(told.get("refresh_token") or refresh), clock() + _lives(told))


def _lives(told: dict[str, Any]) -> float:
    """In seconds. An odd answer loses no token: the refresh token in it serves once, and the old one is used up."""
    try:
        return float(told.get("expires_in") or 3600)
    except (ValueError, TypeError):
        return 3600.0


def _told(web: httpx.Client | None, method: str, url: str, **more: Any) -> Any:
    own = web or httpx.Client(trust_env=False, timeout=20.0)
    try:
        answer = own.request(method, url, **more)
    except httpx.TransportError as away:
        raise TryLater(
            f"Atlassian's sign-in cannot be reached ({type(away).__name__}).", after=15, reason="tracker"
        ) from away
    finally:
        if web is None:
            own.close()
    if answer.status_code == 429 or answer.status_code >= 500:
        raise TryLater("Atlassian's sign-in is busy.", after=retry_after(answer.headers), reason="tracker")
    if answer.status_code >= 400:
        raise Refused(f"Atlassian's sign-in refused us. {sentences(answer.content)}".strip(), reason="bad_key", status=401,
                      remedy="Connect this Jira again in the settings.")  # fmt: skip
    try:
        return answer.json()
    except (ValueError, RecursionError) as odd:  # a redirect, or the page of some proxy in between
        raise TryLater(
            "Atlassian's sign-in answered with something that is no JSON.", after=30, reason="tracker"
        ) from odd
