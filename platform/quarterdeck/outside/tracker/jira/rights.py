"""The test of a connection: what answers, who we are there, and which right is missing for what."""

from collections.abc import Callable, Set
from typing import Any

from quarterdeck.errors import GaveUp, Refused, TryLater

NEEDS = {
    "BROWSE_PROJECTS": ("see tickets", ""),
    "ADD_COMMENTS": ("write comments", "comment"),
    "EDIT_OWN_COMMENTS": ("edit our own comments", "comment"),
    "TRANSITION_ISSUES": ("move tickets", "transition"),
    "LINK_ISSUES": ("link runs to tickets", "link"),
    "EDIT_ISSUES": ("set labels", "labels"),
    "WORK_ON_ISSUES": ("log work", "worklog"),
    "EDIT_OWN_WORKLOGS": ("edit our own worklog", "worklog"),
    "CREATE_ISSUES": ("create tickets", "create"),
}
Fact = tuple[str, bool, str]


def test(get: Callable[..., Any], can: Set[str]) -> list[Fact]:
    """Stops at the first step that fails: what comes after it could say nothing."""
    facts: list[Fact] = []
    for step in (_server, _account):
        fact = _tried(step, get)
        facts.append(fact)
        if not fact[1]:
            return facts
    return facts + _rights(get, can)


def _tried(step: Callable[[Callable[..., Any]], str], get: Callable[..., Any]) -> Fact:
    try:
        return step(get), True, ""
    except (Refused, GaveUp) as no:
        return no.text, False, no.remedy or "Check the address and the key."
    except TryLater as later:
        return later.text, False, "Check the address, or try again later."


def _server(get: Callable[..., Any]) -> str:
    told = get("/serverInfo", what="server") or {}
    title = told.get("serverTitle") or "Jira"
    return f"{title} answers ({told.get('deploymentType', 'Jira')} {told.get('version', '')})".strip()


def _account(get: Callable[..., Any]) -> str:
    told = get("/myself", what="account") or {}
    return f"We act as {told.get('displayName') or told.get('name') or 'an account without a name'}."


def _rights(get: Callable[..., Any], can: Set[str]) -> list[Fact]:
    wanted = {key: words for key, (words, write) in NEEDS.items() if not write or write in can}
    try:
        told = (get("/mypermissions", query={"permissions": ",".join(wanted)}, what="right") or {}).get(
            "permissions", {}
        )
    except (Refused, TryLater) as no:
        return [(f"Our rights are not told: {no.text}", False, "Nothing is wrong if tickets are found and commented.")]
    facts = []
    for key, words in wanted.items():
        have = bool((told.get(key) or {}).get("havePermission"))
        remedy = "" if have else f"Give the account the right {key} in the projects' permission scheme."
        facts.append((f"It may {words}." if have else f"It may not {words} ({key}).", have, remedy))
    return facts
