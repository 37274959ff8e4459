"""Where a run's model calls of one kind go, and what they cost. The key is opened here and lives as long as the call."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from deckwire.envelope import ModelRoute
from quarterdeck.errors import Refused
from quarterdeck.flow.config import REHEARSAL
from quarterdeck.outside.models.port import Endpoint, Usage
from quarterdeck.record import keys
from quarterdeck.record.models import Connection, Run

MILLION = 1_000_000
MOST_OUT = 8_192
"""Tokens of one answer; a quarter of a small model's context where that is less."""


@dataclass(frozen=True)
class Price:
    """Micro-units for a million tokens. Tokens from a provider's cache cost as much as any other: never too little."""

    into: int
    out: int
    version: int = 1

    def cost(self, used: Usage) -> int:
        return -(-(used.tokens_in * self.into + used.tokens_out * self.out) // MILLION)


VIRTUAL = Price(into=3 * MILLION, out=15 * MILLION)
"""What the rehearsal model would cost if it cost anything: so that budgets are exercised too."""


@dataclass(frozen=True)
class Route:
    """`name` is for people and for the lanes; `connection` None: the rehearsal model without a row of its own."""

    endpoint: Endpoint = field(repr=False)
    name: str
    model: str
    price: Price
    most_out: int = MOST_OUT
    connection: UUID | None = None
    images: bool = False


def find(run: Run, kind: str, dialect: str, model: str) -> Route:
    """The route that was frozen when the run opened. Raises Refused (422) for another model, protocol or kind than its own.

    The endpoint is the one that was frozen with it, and no other that offers a model of the same name: that may be another
    model, another price, another house. Only a run that was opened without one takes the project's present one, or any.
    """
    wanted = ModelRoute.tolerant(_frozen(run, kind))
    if wanted.protocol != dialect or wanted.model != model:
        raise Refused(f"This run's model for {kind} is {wanted.model} by {wanted.protocol}.", reason="model", status=422,
                      remedy="Ask for the model that hello named.")  # fmt: skip
    frozen = run.config.get("connections", {}).get(kind)
    if frozen:
        return _of_frozen(frozen, wanted)
    route = run.project.routes.get(kind) or run.project.routes.get("edit") or {}
    if not route and model == REHEARSAL.model:
        return _rehearsal()
    for connection in _candidates(dialect, str(route.get("connection", ""))):
        offer = next((one for one in connection.offers if one.get("name") == model), None)
        if offer is not None:
            return of(connection, offer)
    if model == REHEARSAL.model:
        return _rehearsal()
    raise Refused(f"No model endpoint offers {model} any more.", reason="no_such_model", status=424,
                  remedy="Add it with its price to an endpoint in the settings.")  # fmt: skip


def _of_frozen(id: str, wanted: ModelRoute) -> Route:
    connection = Connection.objects.filter(id=id, kind="model").first()
    offer = next((one for one in connection.offers if one.get("name") == wanted.model), None) if connection else None
    spoken = connection is not None and (connection.protocol == "anthropic") == (wanted.protocol == "anthropic")
    if connection is None or offer is None or not spoken:
        where = connection.name if connection else "The endpoint that this run was opened with"
        raise Refused(f"{where} offers {wanted.model} no more.", reason="no_such_model", status=424,
                      remedy="Offer it there again, or retry: a new run takes the project's endpoints of today.")  # fmt: skip
    return of(connection, offer)


def of(connection: Connection, offer: dict[str, Any]) -> Route:
    """Raises Refused(no_price), 424: a model without a price is not called. 0 is a price. GaveUp(key_missing)."""
    key = keys.open_secret(bytes(connection.secret), connection.key_id)
    return Route(
        endpoint=Endpoint(id=str(connection.id), protocol=connection.protocol, base_url=connection.base_url, key=key),
        name=connection.name, model=str(offer["name"]), price=_price(connection, offer),
        most_out=max(256, min(MOST_OUT, int(offer.get("context") or 128_000) // 4)), connection=connection.id,
        images=offer.get("images") is True,
    )  # fmt: skip


def _frozen(run: Run, kind: str) -> dict[str, Any]:
    models = run.config.get("models", {})
    if kind not in models:
        raise Refused(f"This run has no model for {kind[:40]!r}.", reason="model", status=422,
                      remedy=f"The kinds are {', '.join(models)}.")  # fmt: skip
    return dict(models[kind])


def _candidates(dialect: str, first: str) -> list[Connection]:
    rows = Connection.objects.filter(kind="model").order_by("created_at")
    spoken = [row for row in rows if (row.protocol == "anthropic") == (dialect == "anthropic")]
    return sorted(spoken, key=lambda row: str(row.id) != first)


def _rehearsal() -> Route:
    endpoint = Endpoint(id="rehearsal", protocol="rehearsal", base_url="")
    return Route(endpoint=endpoint, name="Rehearsal", model=REHEARSAL.model, price=VIRTUAL)


def _price(connection: Connection, offer: dict[str, Any]) -> Price:
    into, out = offer.get("in_micro"), offer.get("out_micro")
    if connection.protocol == "rehearsal" and into is None and out is None:
        return VIRTUAL
    if not isinstance(into, int) or not isinstance(out, int) or into < 0 or out < 0:
        raise Refused(f"{offer['name']} has no price.", reason="no_price", status=424,
                      remedy=f"Enter what it costs in the settings of {connection.name}; 0 is a price too.")  # fmt: skip
    return Price(into, out, connection.price_version)
