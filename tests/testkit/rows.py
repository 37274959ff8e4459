"""The fixed cast and small rows for tests of the upper floors. Alice supervises, Bob only watches, Mallory is a stranger."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from deckwire.base import Message
from deckwire.events import Opened
from deckwire.words import AttemptState, Phase, RequestKind
from quarterdeck.record import ledger, lifecycle
from quarterdeck.record.models import Attempt, Member, Person, Project, Repository, Request, Run, Ticket

PASSWORD = "correct horse battery"
CONFIG = {
    "models": {kind: {"protocol": "openai", "model": "rehearsal"} for kind in ("plan", "edit", "small")},
    "limits": {"steps": 120},
    "heartbeat_seconds": 5.0,
}
DESCRIPTION = "The total is rounded twice. It should be rounded once, at the end."
_numbers = count(1)


def person(username: str, **fields: Any) -> Person:
    return Person.objects.create(username=username, name=username.title(), email=f"{username}@example.org", **fields)


def project(key: str = "LARK", **fields: Any) -> Project:
    one = Project.objects.create(slug=key.lower(), name=f"Project {key}", key=key, **fields)
    Repository.objects.create(project=one, url=f"file:///origins/{key.lower()}.git", test="pytest")
    return one


def ticket(project: Project, **fields: Any) -> Ticket:
    n = next(_numbers)
    given = {"title": f"Fix total {n}", "description": DESCRIPTION, "key": f"{project.key}-{n}", "reporter": "Jonas"}
    values = {"tracker": "board", "external_id": f"board-{n}", **given, **fields}
    return Ticket.objects.create(project=project, **values)


def run(ticket: Ticket, by: Person | None = None, **fields: Any) -> Run:
    """A run as it is right after it was opened: queued, with the line that says so."""
    with transaction.atomic():
        one = Run.objects.create(ticket=ticket, project=ticket.project, opened_by=by, **{"config": CONFIG, **fields})
        ledger.note(one.stream, Opened(ticket=ticket.key, by=str(by or "a rule")), by="rule:test")
    return one


def move(run: Run, *phases: Phase, reason: str = "test") -> Run:
    """Through the lifecycle's own door, one phase after the other."""
    for phase in phases:
        with transaction.atomic():
            run = lifecycle.move(lifecycle.hold(run.id), phase, reason=reason, by="rule:test")
    return run


def say(run: Run, *events: Message, epoch: int = 1, actor: str = "agent") -> int:
    with transaction.atomic():
        return ledger.append(run.stream, [ledger.Line(body=event, actor=actor, epoch=epoch) for event in events])


def attempt(run: Run, epoch: int = 1, state: str = AttemptState.RUNNING, **fields: Any) -> Attempt:
    return Attempt.objects.create(run=run, epoch=epoch, state=state, started_at=Now(), **fields)


def ask(run: Run, kind: RequestKind = RequestKind.QUESTION, **fields: Any) -> Request:
    body = {"kind": str(kind), "ask": "Round half up or half even?", "context": "Two places disagree."}
    return Request.objects.create(run=run, kind=kind, body={**body, **fields.pop("body", {})}, **fields)


@dataclass
class Cast:
    """Two projects; the second is Carol's alone, so that everybody else is an outsider there."""

    owner: Person = field(default_factory=lambda: person("olga", is_superuser=True))
    alice: Person = field(default_factory=lambda: person("alice"))
    bob: Person = field(default_factory=lambda: person("bob"))
    carol: Person = field(default_factory=lambda: person("carol"))
    mallory: Person = field(default_factory=lambda: person("mallory"))
    lark: Project = field(default_factory=project)
    other: Project = field(default_factory=lambda: project("WREN"))

    def __post_init__(self) -> None:
        for who, role in ((self.alice, "supervisor"), (self.bob, "viewer")):
            Member.objects.create(project=self.lark, person=who, role=role)
        Member.objects.create(project=self.other, person=self.carol, role="admin")
