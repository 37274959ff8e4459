"""Money for model calls: reserved before, settled after, and never forgotten in between.

The journal's rows are the only count. Whatever it cannot show as settled counts as spent: when a gateway dies in the middle
of a call, the sweep settles the reserve. A repeated call gets the stored answer for free.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Now

from deckwire.events import Spent
from quarterdeck.errors import Refused, TryLater
from quarterdeck.flow.routes import Price
from quarterdeck.outside.models.port import Usage
from quarterdeck.record import fences, ledger
from quarterdeck.record.models import CallState, ModelCall, Run, StreamHead
from quarterdeck.record.tokens import Bearer

BY = "rule:gateway"
LEASE = timedelta(seconds=60)
OPEN = (CallState.OPEN, CallState.STREAMING)


@dataclass(frozen=True)
class Wish:
    """A call that wants money. `id` is the agent's, `digest` is over what it asks, `most` what it can cost at the most."""

    id: str
    digest: str
    purpose: str
    model: str
    connection: UUID | None
    price: Price
    most: int


@dataclass(frozen=True)
class Opened:
    """Ours to make. The money is set aside under this row."""

    row: UUID


@dataclass(frozen=True)
class Running:
    """The same call is on its way already."""

    row: UUID


@dataclass(frozen=True)
class Answered:
    """The same call was answered; this is the answer, byte for byte."""

    content_type: str
    body: bytes


@dataclass(frozen=True)
class End:
    """How a call ended. `used` None: what was reserved counts as spent, for nobody knows better."""

    state: CallState
    used: Usage | None = None
    content_type: str = ""
    body: bytes = b""


def stored(bearer: Bearer, call: str, digest: str) -> Answered | None:
    row = _same(bearer.run, call, digest).filter(state=CallState.DONE).first()
    return Answered(row.content_type, bytes(row.response)) if row else None


def reserve(bearer: Bearer, wish: Wish) -> Opened | Running | Answered:
    """Decides under the lock of the stream's head, so that two at once cannot both take the last money.

    Raises Refused: fenced (409), budget (402); TryLater(reserved) when only money that is set aside is in the way.
    """
    with transaction.atomic():
        head = fences.writing(bearer.run, bearer.epoch)
        last = _same(bearer.run, wish.id, wish.digest).order_by("-variant").first()
        if last is not None and last.state == CallState.DONE:
            return Answered(last.content_type, bytes(last.response))
        if last is not None and last.state in OPEN:
            if _lease_holds(last):
                return Running(last.id)
            _settle(last, head, End(CallState.CUT))
        _afford(bearer.run, wish.most)
        return Opened(_open(bearer, wish, last))


def _open(bearer: Bearer, wish: Wish, last: ModelCall | None) -> UUID:
    """A call that failed without costing anything is opened again in its own row; any other gets the next variant."""
    again = last is not None and last.state == CallState.FAILED
    taken = ModelCall.objects.filter(run_id=bearer.run, call=wish.id).order_by("-variant").first()
    fields = {
        "digest": wish.digest, "state": CallState.OPEN, "epoch": bearer.epoch, "purpose": wish.purpose,
        "connection": wish.connection, "model": wish.model[:120], "price_version": wish.price.version,
        "reserved": wish.most, "lease_until": Now() + LEASE, "ended_at": None,
    }  # fmt: skip
    if again and last is not None:
        ModelCall.objects.filter(id=last.id).update(**fields)
        return last.id
    variant = taken.variant + 1 if taken else 0
    return ModelCall.objects.create(run_id=bearer.run, call=wish.id, variant=variant, **fields).id


def _afford(run_id: UUID, most: int) -> None:
    if most == 0:
        return  # a model of one's own, for nothing
    cap = Run.objects.values_list("cap_micro", flat=True).get(id=run_id)
    held = Sum("reserved", filter=Q(state__in=OPEN), default=0)
    sums = ModelCall.objects.filter(run_id=run_id).aggregate(spent=Sum("settled", default=0), held=held)
    if cap - sums["spent"] < most:
        raise Refused("This run's budget does not cover another model call.", reason="budget", status=402,
                      remedy="Raise the budget, or stop the run.")  # fmt: skip
    if cap - sums["spent"] - sums["held"] < most:
        raise TryLater("The rest of the budget is set aside for calls on their way.", after=2.0, reason="reserved")


def renew(row: UUID, streaming: bool) -> None:
    """The call is alive. A row that was settled meanwhile stays settled."""
    state = {"state": CallState.STREAMING} if streaming else {}
    ModelCall.objects.filter(id=row, state__in=OPEN).update(lease_until=Now() + LEASE, **state)


def settle(row: UUID, end: End, price: Price | None = None) -> None:
    """Ends a call, once. No agent writes this, so no fence can stop it. The stream's head is locked before the row."""
    run_id = ModelCall.objects.values_list("run_id", flat=True).get(id=row)
    with transaction.atomic():
        head = ledger.lock(f"run:{run_id}")
        call = ModelCall.objects.select_for_update().get(id=row)
        if call.state in OPEN:
            _settle(call, head, end, price)


def _settle(call: ModelCall, head: StreamHead, end: End, price: Price | None = None) -> None:
    known = end.used is not None and price is not None
    used = end.used or Usage(0, 0)
    call.settled = 0 if end.state == CallState.FAILED else price.cost(used) if known and price else call.reserved
    call.state, call.estimated = end.state, end.state != CallState.FAILED and (not known or used.estimated)
    call.tokens_in, call.tokens_out = used.tokens_in, used.tokens_out
    ModelCall.objects.filter(id=call.id).update(
        state=call.state, settled=call.settled, estimated=call.estimated, tokens_in=used.tokens_in,
        tokens_out=used.tokens_out, content_type=end.content_type, response=end.body, lease_until=None, ended_at=Now(),
        status=200 if end.state == CallState.DONE else 0,
    )  # fmt: skip
    if end.state != CallState.FAILED:
        said = Spent(
            call=call.call, model=call.model, purpose=call.purpose, micro=call.settled, tokens_in=used.tokens_in,
            tokens_out=used.tokens_out, estimated=call.estimated,
        )  # fmt: skip
        ledger.note(head.stream, said, by=BY, epoch=call.epoch, head=head)


def sweep() -> int:
    """Settles the calls whose gateway died: their leases ended. Returns how many."""
    lost = list(ModelCall.objects.filter(state__in=OPEN, lease_until__lt=Now()).values_list("id", flat=True)[:500])
    return sum(_sweep(row) for row in lost)


def _sweep(row: UUID) -> bool:
    run_id = ModelCall.objects.values_list("run_id", flat=True).get(id=row)
    with transaction.atomic():
        head = ledger.lock(f"run:{run_id}")
        call = ModelCall.objects.select_for_update().get(id=row)
        if call.state not in OPEN or _lease_holds(call):
            return False  # it was settled, or it lives after all
        _settle(call, head, End(CallState.CUT))
    return True


def _same(run: UUID, call: str, digest: str) -> "QuerySet[ModelCall]":
    return ModelCall.objects.filter(run_id=run, call=call, digest=digest)


def _lease_holds(call: ModelCall) -> bool:
    """On database time."""
    return ModelCall.objects.filter(id=call.id, lease_until__gte=Now()).exists()
