"""Run cards in a fixed number of queries, however many runs: the rows first (`Rows`), then one card each.

A card holds what the board, the list, the head of the run's page and the review need. It is replaced as a whole.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Prefetch, QuerySet, Window
from django.db.models.functions import RowNumber
from pydantic import ValidationError

from deckwire import views
from deckwire.requests import PlanStep
from deckwire.words import LIVE_ATTEMPT, Phase, Risk
from quarterdeck.record.models import (
    OPEN_REQUEST,
    Attempt,
    Check,
    Command,
    Event,
    Proposal,
    Repository,
    Request,
    Run,
)  # fmt: skip
from quarterdeck.record.views import names, queue, timeline
from quarterdeck.record.views.attention import who_must_act
from quarterdeck.record.views.names import Names
from quarterdeck.record.views.proposals import flags, proposal
from quarterdeck.record.views.requests import head_of
from quarterdeck.record.views.tickets import plain, priority
from quarterdeck.record.views.times import ms, ms_or_none

COMMANDS_KEPT = 20
ATTEMPTS_KEPT = 20


@dataclass
class Money:
    spent: int = 0
    reserved: int = 0
    tokens: int = 0


@dataclass
class Rows:
    """Everything that cards of these runs are made from, read together."""

    now: datetime
    runs: dict[UUID, Run]
    heads: dict[UUID, int] = field(default_factory=dict)
    attempts: dict[UUID, list[Attempt]] = field(default_factory=lambda: defaultdict(list))
    commands: dict[UUID, list[Command]] = field(default_factory=lambda: defaultdict(list))
    requests: dict[UUID, list[Request]] = field(default_factory=lambda: defaultdict(list))
    proposals: dict[UUID, Proposal] = field(default_factory=dict)
    money: dict[UUID, Money] = field(default_factory=dict)
    last: dict[UUID, Event] = field(default_factory=dict)
    retried: set[UUID] = field(default_factory=set)
    waits: dict[UUID, str] = field(default_factory=dict)
    names: dict[UUID, Names] = field(default_factory=dict)


def cards(ids: Iterable[UUID]) -> tuple[list[views.Run], list[Request]]:
    """The cards of these runs, and their open requests. Reads in the caller's transaction."""
    rows = load(list(ids))
    return [card(rows, run) for run in rows.runs.values()], [one for some in rows.requests.values() for one in some]


def load(ids: Sequence[UUID]) -> Rows:
    """At most fifteen queries, none of them per run."""
    # The heads come first: a card may be newer than the seq it carries, never older.
    heads, now = _heads(ids)
    rows = Rows(now=now, runs={run.id: run for run in _runs(ids)}, heads=heads)
    for attempt in _newest(Attempt.objects.filter(run__in=ids), "epoch", ATTEMPTS_KEPT):
        rows.attempts[attempt.run_id].append(attempt)
    asked = Prefetch("decision__requests", Request.objects.order_by("index"))
    commands = Command.objects.filter(run__in=ids).select_related("decision__person").prefetch_related(asked)
    for command in _newest(commands, "n", COMMANDS_KEPT):
        rows.commands[command.run_id].append(command)
    for request in open_requests(ids):
        rows.requests[request.run_id].append(request)
    checks = Prefetch("checks", Check.objects.order_by("created_at"))
    for found in Proposal.objects.filter(run__in=ids, void=False).prefetch_related(checks):
        rows.proposals[found.run_id] = found
    rows.money = _money(ids)
    rows.last = _last_lines(ids)
    rows.names = _names(rows)
    failed = [run.id for run in rows.runs.values() if run.phase == Phase.FAILED]
    rows.retried = _retried(failed)
    rows.waits = queue.reasons([run for run in rows.runs.values() if run.phase == Phase.QUEUED], now)
    return rows


def _retried(failed: list[UUID]) -> set[UUID]:
    if not failed:
        return set()
    parents = Run.objects.filter(parent__in=failed).values_list("parent_id", flat=True)
    return {one for one in parents if one is not None}


def open_requests(ids: Sequence[UUID]) -> QuerySet[Request]:
    """In the order in which they were asked; `waiting_since` may be equal within one interrupt."""
    rows = Request.objects.filter(run__in=ids, state__in=OPEN_REQUEST)
    return rows.select_related("run", "delegate", "decision__person").order_by("waiting_since", "index", "id")


def card(rows: Rows, run: Run) -> views.Run:
    attempts = rows.attempts[run.id]
    live = next((one for one in attempts if one.state in LIVE_ATTEMPT), None)
    requests = rows.requests[run.id]
    config, money = run.config, rows.money.get(run.id, Money())
    beat = timedelta(seconds=float(config.get("heartbeat_seconds", 5.0)))
    who = who_must_act(
        run, requests[0] if requests else None, live, rows.now, heartbeat=beat,
        retried=run.id in rows.retried,
    )  # fmt: skip
    last, standing = rows.last.get(run.id), rows.proposals.get(run.id)
    steps, version, risk = _plan(run.plan)
    target = _repository(run)
    return views.Run(
        id=str(run.id), seq=rows.heads.get(run.id, 0), ticket=plain(run.ticket), project=str(run.project_id),
        repository=target.url if target else "", branch=target.branch if target else "", phase=Phase(run.phase),
        desired=run.desired, reason=run.reason, attention=who.attention, actor=who.actor, since=ms(run.phase_since),
        started_at=ms(run.created_at), last_event_at=ms(last.at if last else run.created_at),
        last_sign_at=ms_or_none(live.sign_at) if live and live.state == "running" else None,
        heartbeat_ms=round(beat.total_seconds() * 1000), epoch=run.epoch, place=live.place if live else "",
        owner=str(run.opened_by) if run.opened_by else "", model=_model(config), playbook=config.get("playbook", ""),
        lane=run.lane, parent=str(run.parent_id) if run.parent_id else None, spent_micro=money.spent,
        reserved_micro=money.reserved, cap_micro=run.cap_micro, tokens=money.tokens, steps=run.steps,
        step_cap=config.get("limits", {}).get("steps", 0), plan=steps, plan_version=version,
        last_line=_last_line(last, live, beat, rows.names.get(run.id, {})), risk=_risk(risk, requests),
        attempts=[attempt(one) for one in attempts],
        commands=[command(one, rows.names.get(run.id, {})) for one in rows.commands[run.id]],
        proposal=proposal(standing) if standing else None, flags=flags(standing) if standing else [],
        request=str(requests[0].id) if requests else None, overlaps=run.overlaps,
        priority=priority(run), queue_reason=rows.waits.get(run.id, "") or _hangs(live),
        failure_text=run.reason_text if _ended_badly(run) else "",
        failure_remedy=run.remedy if _ended_badly(run) else "", rehearsal=_model(config) == "rehearsal",
    )  # fmt: skip


def attempt(row: Attempt) -> views.Attempt:
    return views.Attempt(
        epoch=row.epoch, place=row.place, state=row.state, reason=row.text or row.reason, blame=row.blame,
        started_at=ms(row.started_at or row.created_at), ended_at=ms_or_none(row.ended_at),
    )  # fmt: skip


def command(row: Command, known: Names) -> views.Command:
    """`row` with decision.person and decision.requests at hand."""
    about = next(iter(row.decision.requests.all()), None)
    return views.Command(
        id=str(row.id), verb=row.verb, words=row.decision.words, at=ms(row.at), fate=row.fate, why=row.why,
        by=names.decider(row.decision, known),
        ended_at=ms_or_none(row.ended_at), about=about.kind if about else None, head=head_of(about) if about else "",
    )  # fmt: skip


def _names(rows: Rows) -> dict[UUID, Names]:
    """Of who spoke last or decided, for all runs at once."""
    spoke = {run: [timeline.actor(last)] for run, last in rows.last.items()}
    for run, commands in rows.commands.items():
        spoke.setdefault(run, []).extend(one.decision.actor for one in commands if one.decision.person is None)
    people = names.of([one for some in spoke.values() for one in some if one.startswith("person:")], None)
    accounts = {
        run: {one.removeprefix("tracker:") for one in some if one.startswith("tracker:")} for run, some in spoke.items()
    }
    found = {run: dict(people) for run in spoke}
    for (run, account), name in names.of_accounts({run: some for run, some in accounts.items() if some}).items():
        found[run][f"tracker:{account}"] = name
    return found


def _runs(ids: Sequence[UUID]) -> QuerySet[Run]:
    repositories = Prefetch("project__repositories", Repository.objects.order_by("created_at"))
    rows = Run.objects.filter(id__in=ids).select_related("ticket", "project", "opened_by")
    return rows.prefetch_related(repositories).order_by("created_at")


def _heads(ids: Sequence[UUID]) -> tuple[dict[UUID, int], datetime]:
    """Numbers of the streams, and the database's moment: leases and signs of life are on its clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select s.id, h.seq, clock_timestamp() from unnest(%s::uuid[]) s(id)"
            " left join record_streamhead h on h.stream = 'run:' || s.id"
            " union all select null, null, clock_timestamp()",
            [list(ids)],
        )
        found = cursor.fetchall()
    return {row[0]: row[1] or 0 for row in found if row[0]}, found[-1][2]


def _newest(rows: QuerySet[Any], order: str, kept: int) -> QuerySet[Any]:
    """The newest `kept` of each run, oldest first."""
    place = Window(RowNumber(), partition_by=[F("run")], order_by=F(order).desc())
    return rows.annotate(place_of_run=place).filter(place_of_run__lte=kept).order_by("run", order)


def _money(ids: Sequence[UUID]) -> dict[UUID, Money]:
    """Counted from the journal, never kept as counters. A call that was cut counts as settled already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select run_id, sum(settled), sum(reserved) filter (where state in ('open', 'streaming')),"
            " sum(tokens_in + tokens_out) from record_modelcall where run_id = any(%s) group by run_id",
            [list(ids)],
        )
        return {run: Money(int(spent), int(held or 0), int(tokens)) for run, spent, held, tokens in cursor.fetchall()}


def _last_lines(ids: Sequence[UUID]) -> dict[UUID, Event]:
    """The newest line of each run that says something: from the end of the stream's own index, one probe a run."""
    # By hand and not by raw(): that cannot read a table whose key is composite.
    with connection.cursor() as cursor:
        cursor.execute(
            "select s.id, e.seq, e.at, e.actor, e.kind, e.body::text from unnest(%s::uuid[]) s(id) cross join lateral ("
            " select * from record_event where stream = 'run:' || s.id and kind <> all(%s) order by seq desc limit 1) e",
            [list(ids), list(timeline.SILENT)],
        )
        found = cursor.fetchall()
    return {
        run: Event(stream=f"run:{run}", seq=seq, at=at, actor=actor, kind=kind, body=json.loads(body))
        for run, seq, at, actor, kind, body in found
    }


def _plan(held: dict[str, Any] | None) -> tuple[list[PlanStep], int, Risk]:
    if not held:
        return [], 0, Risk.LOW
    try:
        steps = [PlanStep.tolerant(step) for step in held.get("steps", [])]
    except ValidationError:
        return [], 0, Risk.LOW
    return steps, int(held.get("version", 1)), Risk(held.get("risk", Risk.LOW))


def _risk(planned: Risk, requests: list[Request]) -> Risk:
    """The plan's own, or what is asked about it where that is worse."""
    order = [Risk.LOW, Risk.MEDIUM, Risk.HIGH]
    return max([planned, *[Risk(one.risk) for one in requests]], key=order.index)


def _repository(run: Run) -> Repository | None:
    return next(iter(run.project.repositories.all()), None)


def _model(config: dict[str, Any]) -> str:
    routes: dict[str, dict[str, Any]] = config.get("models", {})
    route: dict[str, Any] = routes.get("edit") or next(iter(routes.values()), {})
    return str(route.get("model", ""))


def _last_line(last: Event | None, live: Attempt | None, heartbeat: timedelta, known: Names) -> str:
    """The newest line; while nothing new comes for a heartbeat, what the attempt says that it does. What a place that
    has not begun waits for is the cluster's word, and is said at once."""
    said = live.doing if live and live.state in ("pending", "running") else ""
    hangs = bool(said and live and live.state == "pending")
    if last is None or hangs or (said and live and live.sign_at - last.at > heartbeat):
        return said
    return timeline.sentence(last, known)


def _hangs(live: Attempt | None) -> str:
    """Why a place that was given has not begun, as a sentence; empty while nothing keeps it."""
    said = live.doing if live and live.state == "pending" else ""
    return f"{said[0].upper()}{said[1:].removesuffix('.')}." if said else ""


def _ended_badly(run: Run) -> bool:
    return run.phase == Phase.FAILED or (run.phase == Phase.QUEUED and bool(run.remedy))
