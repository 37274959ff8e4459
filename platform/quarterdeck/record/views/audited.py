"""The audit's rows in words: who did what to which ticket, project or person. The row itself keeps ids and verbs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from deckwire import views
from quarterdeck.record.models import Attempt, Audit, Person, Project, Request, Run, Ticket
from quarterdeck.record.views.sentences import PHASES, PLAIN
from quarterdeck.record.views.times import ms

DID = {
    "approve": "approved", "deny": "refused", "answer": "answered", "redirect": "redirected", "pause": "paused",
    "resume": "resumed", "rewind": "rewound", "stop": "stopped", "retry": "retried", "raise budget": "raised the budget of",
    "merge": "approved the merge of",
}  # fmt: skip
ANSWERS = {"approve", "deny", "answer"}
WORDS = {
    "opened": "gave", "moved": "moved", "snoozed": "snoozed a request of", "delegated": "delegated a request of",
    "open": "took back a request of", "invited": "invited", "owner link made": "made the owner's link for",
    "came in by link": "came in by a link", "token made": "made the API token", "token withdrawn": "withdrew an API token",
    "project created": "created the project", "project edited": "changed the settings of", "member set": "gave a role to",
    "member removed": "took the role from", "second hello": "turned away a second hello of",
    "site edited": "changed the settings of", "run prioritised": "changed the priority of",
    "effect tried again": "tried again", "effect dropped": "gave up",
    "tracker added": "connected", "tracker edited": "changed", "tracker removed": "removed", "tracker tested": "tested",
    "tracker signed in": "signed in to", "tracker signed out": "signed out of", "tracker site chosen": "chose the site of",
    "tracker watched": "set what is watched of", "tracker unwatched": "stopped watching",
    "tracker webhook secret made": "made a webhook secret for", "delivery again": "had a delivery worked again of",
    "account allowed": "let somebody start runs from", "account not allowed": "let somebody no longer start runs from",
    "account linked": "linked an account to", "account unlinked": "unlinked an account of",
    "breakdown proposed": "proposed the tickets of", "breakdown edited": "edited the proposed tickets of",
    "breakdown approved": "approved the tickets of", "breakdown declined": "declined the proposed tickets of",
    "refused": "was refused", "undid": "took back a decision on",
}  # fmt: skip
REST = {"opened": "to an agent"}
RULES = {
    "reconciler": "Quarterdeck", "ingest": "the agent", "doors": "the agent", "sealer": "Quarterdeck", "merger": "Quarterdeck",
    "platform": "Quarterdeck", "gateway": "Quarterdeck", "checks": "Quarterdeck", "installer": "Quarterdeck",
    "tidy": "Quarterdeck", "first run": "Quarterdeck",
}  # fmt: skip
SILENT = {"key", "ticket", "name", "was", "to", "kind"}
"""What the sentence says already."""


@dataclass(frozen=True)
class Thing:
    """What a line is about: its kind and id for a link, and its name for people."""

    kind: str
    id: str
    name: str


def lines(rows: Sequence[Audit], first: int) -> list[views.AuditLine]:
    """Numbered from `first`. A fixed number of queries, however many rows."""
    things = _things({row.object for row in rows} | {row.actor for row in rows if row.actor.startswith("person:")})
    return [_line(first + i, row, things) for i, row in enumerate(rows)]


def _line(number: int, row: Audit, things: dict[str, Thing]) -> views.AuditLine:
    about = things.get(row.object) or _named(row)
    return views.AuditLine(
        id=number, at=ms(row.at), actor=_actor(row.actor, things), what=_what(row),
        subject="" if row.object == row.actor else about.name, rest=REST.get(row.verb, ""),
        about=about.kind, ref=about.id, detail=_detail(row)[:1000],
    )  # fmt: skip


def _actor(word: str, things: dict[str, Thing]) -> str:
    kind, _, name = word.partition(":")
    if word in things:
        return things[word].name
    return RULES.get(name, f"Quarterdeck ({name})") if kind == "rule" else name or word


def _what(row: Audit) -> str:
    kind, _, verb = row.verb.partition(" ")
    if kind == "decided":
        asked = row.body.get("kind")
        return f"{DID.get(verb, verb)} the {asked} of" if asked and verb in ANSWERS else DID.get(verb, verb)
    if kind == "refused" and verb:
        return f"was refused: {verb}"
    if kind in ("ticket", "connection"):
        return f"{verb} the {'ticket' if kind == 'ticket' else 'model endpoint'}"
    return WORDS.get(row.verb, row.verb)


def _named(row: Audit) -> Thing:
    """What has no page of its own, or is gone: by the name that the row itself kept."""
    kind, _, id = row.object.partition(":")
    if row.verb == "refused":
        return Thing("", "", row.object)
    name = str(row.body.get("name") or row.body.get("key") or row.body.get("ticket") or "")
    return Thing(kind, id, name or ("" if kind == "token" else f"a {kind} that is gone"))


def _detail(row: Audit) -> str:
    body = row.body
    if row.verb == "moved":
        was, to = (PHASES.get(str(body.get(name, "")), str(body.get(name, ""))) for name in ("was", "to"))
        why = str(body.get("reason", ""))
        return f"{was} → {to}" + ("" if why in ("", *PLAIN) else f", {why.replace('_', ' ')}")
    if row.verb == "undid":
        return f"the {body.get('verb', 'decision')}"
    said = [
        _said(name, value) for name, value in body.items() if name not in SILENT and value not in ("", None, [], {})
    ]
    return ", ".join(said)


def _said(name: str, value: Any) -> str:
    if name == "days":
        return f"for {value} {'day' if value == 1 else 'days'}"
    if name in ("words", "why"):
        return f"“{value}”"
    if isinstance(value, dict):
        return f"{name.replace('_', ' ')}: {', '.join(f'{key}={word}' for key, word in value.items())}"
    if name == "image":
        return f"image: {value}"
    if isinstance(value, bool):
        return f"{name}: {'yes' if value else 'no'}"
    return f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}".replace("_", " ")


def _things(words: Iterable[str]) -> dict[str, Thing]:
    ids: dict[str, list[UUID]] = {kind: [] for kind in ("person", "run", "request", "ticket", "project", "attempt")}
    for word in words:
        kind, _, id = word.partition(":")
        if kind in ids and (found := _uuid(id)):
            ids[kind].append(found)
    things: dict[str, Thing] = {}
    for one in Run.objects.filter(id__in=ids["run"]).select_related("ticket"):
        things[f"run:{one.id}"] = Thing("run", str(one.id), one.ticket.key)
    for asked in Request.objects.filter(id__in=ids["request"]).select_related("run__ticket"):
        things[f"request:{asked.id}"] = Thing("run", str(asked.run_id), asked.run.ticket.key)
    for tried in Attempt.objects.filter(id__in=ids["attempt"]).select_related("run__ticket"):
        things[f"attempt:{tried.id}"] = Thing("run", str(tried.run_id), tried.run.ticket.key)
    for row in Ticket.objects.filter(id__in=ids["ticket"]).only("id", "key"):
        things[f"ticket:{row.id}"] = Thing("ticket", str(row.id), row.key)
    for project in Project.objects.filter(id__in=ids["project"]).only("id", "name"):
        things[f"project:{project.id}"] = Thing("project", str(project.id), project.name)
    for person in Person.objects.filter(id__in=ids["person"]):
        things[f"person:{person.id}"] = Thing("person", str(person.id), str(person))
    return things


def _uuid(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None
