"""A model reads a ticket for the platform itself: is something missing, or what could an epic be made of?

It can only add a question or draft a line: no rule is overruled by it, nothing starts by it, and nothing is created before a
person approved. One call for one text, kept; a few for one ticket in a day; its money is the project's. Without a model, or
when it does not answer, the rules alone hold.
"""

import asyncio
import hashlib
import json
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from quarterdeck.errors import GaveUp, Refused, TryLater
from quarterdeck.flow import breakdowns, edge, pokes, questions, routes, ticket_context
from quarterdeck.flow.actor import Actor
from quarterdeck.flow.lanes import LANES
from quarterdeck.flow.routes import Route
from quarterdeck.outside.models import calling, plug
from quarterdeck.outside.models.port import Call, Usage
from quarterdeck.outside.models.reading import at_most, counted
from quarterdeck.record import audit, places
from quarterdeck.record.models import Breakdown, Connection, Judgement, Project, Ticket, Watch, Wish
from quarterdeck.record.snapshot import now

log = logging.getLogger(__name__)
SECONDS = {"ready": 30.0, "lines": 90.0}
OUT_TOKENS = {"ready": 2_000, "lines": 6_000}
MOST_MICRO = {"ready": 100_000, "lines": 400_000}
"""What one may cost: a price beyond that, and the rules alone hold."""
MOST_A_DAY = 10
LEASE = timedelta(seconds=150)
"""A claimed row is due again when it ends."""
PATIENCE = timedelta(seconds=120)
TRIES = 2
NO_MODEL = (
    "No model: this project's runs are rehearsed. Add an endpoint in Settings, Models, and choose it in its routes."
)


@dataclass(frozen=True)
class Verdict:
    """`pending`: the model is being asked. `says`: what it misses, with its origin."""

    pending: bool = False
    says: list[str] = field(default_factory=list)


def ready(ticket: Ticket, watch: Watch) -> Verdict:
    """Of this very text. Asked for when the rules miss nothing, unless it is switched off; waited for two minutes at the most."""
    if not watch.rules.get("judge", True) or route_of(ticket.project) is None:
        return Verdict()
    row = _asked(ticket, "ready", _digest("ready", ticket), by="rule:readiness")
    if row is None or row.state == "failed":
        return Verdict()
    if row.state == "waiting":
        return Verdict(pending=row.created_at + PATIENCE > now())
    return Verdict(says=[f"The model says: {one}" for one in row.answer])


def draft(actor: Actor, ticket_id: UUID, version: int) -> Breakdown:
    """Asks for lines of the epic's open proposal, as it was seen. Raises Refused: none_open, moved (409), no_model (424)."""
    with transaction.atomic():
        row = breakdowns.hold(ticket_id, version, "open")
        if route_of(row.ticket.project) is None:
            raise Refused(NO_MODEL, reason="no_model", status=424)
        made = _asked(row.ticket, "lines", _digest("lines", row.ticket, str(row.id), str(version)), actor.word, version)
        if made is None:
            raise Refused(f"A model was asked about this ticket {MOST_A_DAY} times today.", reason="quota", status=429,
                          remedy="Write the lines by hand, or ask tomorrow.")  # fmt: skip
        if made.state != "waiting":  # pressed again: what failed is tried once more
            Judgement.objects.filter(id=made.id).update(state="waiting", tries=0, why="", due_at=Now(), ended_at=None)
        audit.write(actor.word, "breakdown drafted", f"ticket:{ticket_id}", project=row.ticket.project_id)
        pokes.poke("judgements")
    return row


def drafting(ticket_id: UUID) -> Judgement | None:
    return Judgement.objects.filter(ticket=ticket_id, kind="lines").order_by("-id").first()


def route_of(project: Project) -> tuple[Connection, dict[str, Any]] | None:
    """The project's model for small work; None where its runs are rehearsed or the model is gone."""
    route = project.routes.get("small") or project.routes.get("edit") or {}
    wanted = route.get("connection")
    connection = Connection.objects.filter(id=str(wanted), kind="model").first() if wanted else None
    if connection is None or connection.protocol == "rehearsal":
        return None
    offer = next((one for one in connection.offers if one.get("name") == route.get("model")), None)
    return (connection, offer) if offer else None


def _digest(kind: str, ticket: Ticket, *more: str) -> str:
    asked = questions.asked(kind, ticket_context.text(ticket))
    return hashlib.sha256(json.dumps([asked, *more]).encode()).hexdigest()


def _asked(ticket: Ticket, kind: str, digest: str, by: str, version: int = 0) -> Judgement | None:
    """The row of this question, new or old; None when this ticket was asked about often enough today."""
    found = Judgement.objects.filter(ticket=ticket, kind=kind, digest=digest).first()
    if found is not None:
        return found
    today = Judgement.objects.filter(ticket=ticket, created_at__gt=Now() - timedelta(days=1)).count()
    if today >= MOST_A_DAY:
        return None
    row, _ = Judgement.objects.get_or_create(
        ticket=ticket, kind=kind, digest=digest,
        defaults={"project_id": ticket.project_id, "asked_by": by, "version": version},
    )  # fmt: skip
    row.refresh_from_db()
    pokes.poke("judgements")
    return row


# The worker's part


def work(limit: int = 20) -> int:
    """Returns how many were answered."""
    return sum(map(_try, islice(iter(_claim, None), limit)))


def _claim() -> Judgement | None:
    """What a dead worker had set aside counts as spent: nobody knows what became of its call."""
    with transaction.atomic():
        rows = Judgement.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            state="waiting", due_at__lte=Now()
        )
        row = rows.order_by("due_at").first()
        if row is None:
            return None
        Judgement.objects.filter(id=row.id).update(
            due_at=Now() + LEASE,
            tries=F("tries") + 1,
            settled=F("settled") + F("reserved"),
            reserved=0,
        )
    return Judgement.objects.select_related("ticket__project").get(id=row.id)


def _try(row: Judgement) -> int:
    return edge.guarded(f"judgement of {row.ticket.key}", partial(_judge, row), partial(_broken, row))


def _broken(row: Judgement, why: str) -> int:
    """What was set aside counts as spent: nobody knows what became of the call."""
    return _end(row, "failed", why, settled=row.settled + row.reserved)


def _judge(row: Judgement) -> int:
    try:
        route, call = _call(row)
        answer, used = asyncio.run(_answer(row.kind, route, call))
    except (Refused, GaveUp) as no:
        return _end(row, "failed", no.text, settled=row.settled)
    except TryLater as later:
        cut = row.reserved if later.reason == "cut" else 0
        if row.tries >= TRIES:
            return _end(row, "failed", later.text, settled=row.settled + cut)
        wait = timedelta(seconds=max(5.0, later.after))
        Judgement.objects.filter(id=row.id).update(
            due_at=Now() + wait, why=later.text[:400], reserved=0, settled=row.settled + cut
        )
        return 0
    read = questions.answered(row.kind, answer)
    spent = {"tokens_in": used.tokens_in, "tokens_out": used.tokens_out, "estimated": used.estimated,
             "settled": row.settled + route.price.cost(used)}  # fmt: skip
    if read is None:
        return _end(row, "failed", "The model's answer was not of the form that was asked for.", **spent)
    return _end(row, "done", "", answer=read, **spent)


def _call(row: Judgement) -> tuple[Route, Call]:
    """Sets the money aside. Raises Refused: no_model, text_moved, budget."""
    found = route_of(row.ticket.project)
    if found is None:
        raise Refused(NO_MODEL, reason="no_model")
    route = routes.of(*found)
    dialect = plug.DIALECTS["anthropic" if route.endpoint.protocol == "anthropic" else "openai"]
    body = _body(route, questions.asked(row.kind, ticket_context.text(row.ticket)))
    body = dialect.capped(dialect.clean(body), min(route.most_out, OUT_TOKENS[row.kind]))
    most = route.price.cost(Usage(at_most(body), OUT_TOKENS[row.kind]))
    if most > MOST_MICRO[row.kind]:
        raise Refused("This model costs too much to be asked for this.", reason="budget")
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True, of=("self",)).get(id=row.project_id)
        if not places.affords(project, most):
            raise Refused("The day's budget does not cover it.", reason="budget")
        Judgement.objects.filter(id=row.id).update(reserved=most, connection=route.connection, model=route.model[:120])
    row.reserved = most
    return route, Call(f"judgement:{row.id}:{row.tries}", "", "understand", dialect.path, body)


def _body(route: Route, said: list[dict[str, str]]) -> dict[str, Any]:
    if route.endpoint.protocol == "anthropic":
        return {"model": route.model, "system": said[0]["content"], "messages": said[1:]}
    return {"model": route.model, "messages": said}


async def _answer(kind: str, route: Route, call: Call) -> tuple[bytes, Usage]:
    """Raises what a provider raises; TryLater(cut) when it takes too long."""
    with LANES.taken(route.endpoint.id, route.name):
        async with calling.client(silence=SECONDS[kind]) as web:
            provider = plug.providers(web, pace=settings.PACE)[route.endpoint.protocol]
            try:
                async with asyncio.timeout(SECONDS[kind]):
                    body = b"".join([chunk async for chunk in provider.stream(route.endpoint, call)])
            except TimeoutError as late:
                raise TryLater("The model did not answer in time.", after=5.0, reason="cut") from late
    return body, provider.usage(body, False) or counted(call.body, body, False)


def _end(row: Judgement, state: str, why: str, **fields: Any) -> int:
    """And what waited for it goes on."""
    with transaction.atomic():
        ended = Judgement.objects.filter(id=row.id, state="waiting").update(
            state=state, why=why[:400], reserved=0, ended_at=Now(), **fields
        )
        if ended and row.kind == "lines" and state == "done":
            breakdowns.drafted(row.ticket_id, row.version, fields["answer"])
        elif ended and row.kind == "lines":
            breakdowns.told(row.ticket_id)
        if row.kind == "ready":
            Wish.objects.filter(ticket=row.ticket_id, state="waiting").update(due_at=Now())
            pokes.poke("starts")
    if why:
        log.warning("judgement of %s: %s", row.ticket.key, why)
    return int(state == "done")
