"""Requests: made by an agent's interrupt or by the platform, closed by a decision or by events that overtook them."""

from uuid import UUID, uuid5

from django.db.models.functions import Now

from deckwire.events import Asked
from deckwire.requests import Ask
from deckwire.words import RequestKind, Risk
from quarterdeck.flow import usual
from quarterdeck.record.models import OPEN_REQUEST, Request, RequestState, Run


def request_id(run: UUID, interrupt: str, index: int) -> UUID:
    """Follows from run, interrupt and index: a repeated ask is the same row."""
    return uuid5(run, f"{interrupt}:{index}")


def from_agent(run: Run, asked: Asked) -> None:
    """One request per ask of the interrupt."""
    rows = [
        Request(
            id=request_id(run.id, asked.interrupt, index), run=run, kind=ask.kind, interrupt=asked.interrupt, index=index,
            body=_told(run, ask).model_dump(mode="json"), risk=ask.risk,
        )
        for index, ask in enumerate(asked.asks)
    ]  # fmt: skip
    Request.objects.bulk_create(rows, ignore_conflicts=True)


def _told(run: Run, ask: Ask) -> Ask:
    """To a plan the platform adds what it knows and the agent cannot: what such runs come to."""
    if ask.kind != RequestKind.PLAN:
        return ask
    return ask.model_copy(update={"facts": [*ask.facts, *usual.facts(run)]})


def from_platform(run: Run, kind: RequestKind, ask: Ask, *, key: str) -> None:
    """A request of the platform's own. While one with this key is open, another is the same."""
    if Request.objects.filter(run=run, key=key, state__in=OPEN_REQUEST).exists():
        return
    Request.objects.create(run=run, kind=kind, key=key, body=ask.model_dump(mode="json"), risk=ask.risk)


def failure(run: Run, text: str, remedy: str, detail: str = "") -> None:
    """The run ended badly: somebody must look. Approving it opens a new run of the same ticket."""
    from_platform(run, RequestKind.FAILURE, failure_ask(text, remedy, detail), key="failure")


def failure_ask(text: str, remedy: str, detail: str) -> Ask:
    return Ask(
        kind=RequestKind.FAILURE, ask=text, context=remedy, risk=Risk.MEDIUM,
        quotes=[{"title": "Last words", "lines": detail}] if detail else [],
        approve_means="Opens a new run of this ticket from the newest base. This run stays as it ended.",
        reversible="Stop the new run at any time.",
    )  # fmt: skip


def supersede(run: Run, why: str) -> int:
    """Nobody has to answer these any more."""
    return Request.objects.filter(run=run, state__in=OPEN_REQUEST).update(
        state=RequestState.SUPERSEDED, closed_at=Now(), answer={"why": why}
    )


def waits(run: Run) -> bool:
    """Whether its agent asked something that nobody has answered yet: whoever works for it can only wait."""
    return Request.objects.filter(run=run, state__in=OPEN_REQUEST).exclude(interrupt="").exists()


def open_of(run: Run, interrupt: str) -> list[Request]:
    rows = Request.objects.select_for_update().filter(run=run, interrupt=interrupt, state__in=OPEN_REQUEST)
    return list(rows.order_by("index"))
