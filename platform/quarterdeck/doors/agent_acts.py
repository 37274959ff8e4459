"""What each of the agents' doors does with a body: read it tolerantly, call one function of the flow. Runs in a thread."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from deckwire.base import Message
from deckwire.check import CheckReport
from deckwire.envelope import MAIN_THREAD, Batch, Bye, Heartbeat, Hello, Step
from quarterdeck.doors.agent_rates import Rates
from quarterdeck.errors import Refused
from quarterdeck.flow import checks, ingest, leave, pulse, recall, welcome
from quarterdeck.record import tokens
from quarterdeck.record.tokens import Bearer

M = TypeVar("M", bound=Message)
EVENTS_MOST = 500
EVENTS_A_SECOND = 200.0
LIST_MOST = 1000
HELLOS_A_SECOND = 5.0
INVENTED_A_SECOND = 20.0


@dataclass(frozen=True)
class Ask:
    """One call at a door. `bearer` None: the door asks for no token. `rates` is there to count more than calls."""

    bearer: Bearer | None
    query: dict[str, str]
    body: bytes
    rates: Rates

    @property
    def who(self) -> Bearer:
        assert self.bearer is not None  # the table names an audience for every door whose act asks this
        return self.bearer


Act = Callable[[Ask], bytes]


def read(model: type[M], body: bytes) -> M:
    """Raises Refused(malformed), 422, with the first places that are wrong; never with what stood there."""
    data = parsed(body)
    if not isinstance(data, dict):
        raise Refused("The body is not a JSON object.", reason="malformed", status=422)
    try:
        return model.tolerant(data)
    except ValidationError as bad:
        wrong = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in bad.errors(include_input=False)[:3]]
        raise Refused(f"The body is no {model.__name__}: {'; '.join(wrong)}", reason="malformed", status=422) from bad


def parsed(body: bytes | str) -> Any:
    """Plain `json`: it lets lone surrogates and NaN pass, which the ledger keeps as quarantined lines, each in its place."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as bad:
        raise Refused("The body is not JSON.", reason="malformed", status=422) from bad


def dumped(answer: Message) -> bytes:
    return answer.model_dump_json().encode()


def hello(ask: Ask) -> bytes:
    return dumped(welcome.hello(_greeting(ask)))


def _greeting(ask: Ask) -> Hello:
    """Counted by the secret's owner. All sandboxes share one socket, so there is no address to tell them apart: whoever
    invents secrets must not use up the room of those who hold one, and has only what all inventors share. Raises
    TryLater(rate)."""
    said = read(Hello, ask.body)
    owner = tokens.owner_of(said.secret)
    ask.rates.take(f"hello:{owner or 'invented'}", HELLOS_A_SECOND if owner else INVENTED_A_SECOND)
    return said


def heartbeat(ask: Ask) -> bytes:
    return dumped(pulse.heartbeat(ask.who, read(Heartbeat, ask.body)))


def bye(ask: Ask) -> bytes:
    return dumped(leave.bye(ask.who, read(Bye, ask.body)))


def step(ask: Ask) -> bytes:
    return dumped(ingest.step(ask.who, read(Step, ask.body)))


def events(ask: Ask) -> bytes:
    batch = read(Batch, ask.body)
    if len(batch.events) > EVENTS_MOST:
        raise Refused(f"At most {EVENTS_MOST} events are taken at once.", reason="too_big", status=413)
    ask.rates.take(f"events:{ask.who.id}", EVENTS_A_SECOND, len(batch.events))
    return dumped(ingest.events(ask.who, batch))


def checkpoint(ask: Ask) -> bytes:
    query = ask.query
    found = recall.one(ask.who, query.get("thread", MAIN_THREAD), query.get("ns", ""), query.get("id", ""))
    if found is None:
        raise Refused("There is no such checkpoint.", reason="no_such_checkpoint", status=404)
    return dumped(found)


def checkpoints(ask: Ask) -> bytes:
    query = ask.query
    wanted = parsed(query["filter"]) if query.get("filter") else None
    if wanted is not None and not isinstance(wanted, dict):
        raise Refused("The filter is not a JSON object.", reason="malformed", status=422)
    limit = min(number(query, "limit", LIST_MOST) or LIST_MOST, LIST_MOST)
    found = recall.many(ask.who, query.get("thread"), query.get("ns"), query.get("before", ""), limit, wanted)
    more = b"true" if found.more else b"false"
    return b'{"items":[' + b",".join(map(dumped, found.items)) + b'],"more":' + more + b"}"


def hide(ask: Ask) -> bytes:
    recall.hide(ask.who, ask.query.get("thread", ""))
    return b"{}"


def check_hello(ask: Ask) -> bytes:
    return dumped(checks.hello(_greeting(ask)))


def check_report(ask: Ask) -> bytes:
    checks.report(ask.who, read(CheckReport, ask.body))
    return b"{}"


def number(query: dict[str, str], name: str, default: int) -> int:
    """Raises Refused(malformed), 422, for anything but a natural number."""
    raw = query.get(name, "")
    if not raw:
        return default
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
        raise Refused(f"{name} is not a number.", reason="malformed", status=422)
    return int(raw)
