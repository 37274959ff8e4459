"""A request row with its Ask → the request as the inbox shows it."""

from typing import Any

from pydantic import ValidationError

from deckwire import views
from deckwire.requests import Ask
from deckwire.words import Risk
from quarterdeck.record.models import Decision, Request, RequestState
from quarterdeck.record.views import names
from quarterdeck.record.views.times import ms, ms_or_none

STATE = {str(RequestState.SUPERSEDED): "withdrawn"}


def request(row: Request, seq: int = 0) -> views.Request:
    """`row` with run, delegate and decision.person selected. `seq` is the run's stream when it was read."""
    ask = _ask(row)
    held = row.state == RequestState.DELEGATED and row.delegate is not None
    return views.Request(
        id=str(row.id), seq=seq, kind=row.kind, project=str(row.run.project_id), runs=[str(row.run_id)],
        interrupt=row.interrupt, ask=ask.ask, context=ask.context, waiting_since=ms(row.waiting_since),
        risk=_risk(row), flags=_flags(row.body), choices=ask.choices, facts=ask.facts, quotes=ask.quotes,
        plan=ask.plan.steps if ask.plan else [], approve_means=ask.approve_means, command=ask.command,
        reversible=ask.reversible, amount_micro=_amount(row.body), head=head_of(row), state=STATE.get(row.state, row.state),
        until=ms_or_none(row.until), to=str(row.delegate) if held else "", to_id=str(row.delegate_id) if held else "",
        decided=_decided(row.decision),
    )  # fmt: skip


def _risk(row: Request) -> Risk:
    """A review is as risky as what was planned."""
    asked = Risk(row.risk)
    if row.kind != "review" or not row.run.plan:
        return asked
    order = [Risk.LOW, Risk.MEDIUM, Risk.HIGH]
    return max(asked, Risk(row.run.plan.get("risk", Risk.LOW)), key=order.index)


def _ask(row: Request) -> Ask:
    try:
        return Ask.tolerant({"kind": row.kind, **row.body})
    except ValidationError:
        # From an agent of another version: the person still learns that something was asked, and in what words.
        return Ask(kind=row.kind, ask=str(row.body.get("ask") or "The agent asks something this version cannot read."))


def _amount(body: dict[str, Any]) -> int | None:
    amount = body.get("amount_micro")
    return amount if isinstance(amount, int) else None


def _flags(body: dict[str, Any]) -> list[views.RiskFlag]:
    return [views.RiskFlag.model_validate(flag) for flag in body.get("flags", []) if isinstance(flag, dict)]


def _decided(row: Decision | None) -> views.DecidedBy | None:
    if row is None:
        return None
    return views.DecidedBy(verb=row.verb, by=names.decider(row), at=ms(row.at), words=row.words)


def head_of(row: Request) -> str:
    """A review is asked about one sealed head and keeps its name: a later head is another request."""
    return row.key.partition("/")[2] if row.kind == "review" else ""
