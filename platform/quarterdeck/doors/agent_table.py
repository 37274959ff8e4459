"""Every door an agent can knock at: nothing else under /agent/ answers. Read this first, then `agent_acts`."""

from dataclasses import dataclass

from deckwire.base import MAX_STEP_BYTES
from deckwire.words import Audience
from quarterdeck.doors import agent_acts as acts
from quarterdeck.doors.agent_acts import Act

PREFIX = "/agent/v1/"
KB, MB = 1 << 10, 1 << 20


@dataclass(frozen=True)
class Door:
    """`most` is the body's cap in bytes, `rate` calls a second of one token; without a token the act counts by itself.

    `held` doors wait without a thread, `model` doors lead to a provider; every other is one `act` in a
    thread (of the few for slow work when it is `heavy`).
    """

    method: str
    path: str
    audience: Audience | None
    most: int
    rate: float
    act: Act | None = None
    heavy: bool = False
    held: bool = False
    model: str = ""


DOORS = (
    Door("POST", "hello", None, 8 * KB, 0, acts.hello),
    Door("POST", "heartbeat", Audience.SESSION, 8 * KB, 5, acts.heartbeat),
    Door("GET", "commands", Audience.SESSION, 0, 5, held=True),
    Door("POST", "bye", Audience.SESSION, 64 * KB, 5, acts.bye),
    Door("POST", "step", Audience.STEP, MAX_STEP_BYTES, 20, acts.step, heavy=True),
    Door("POST", "events", Audience.STEP, MB, 20, acts.events),
    Door("GET", "checkpoint", Audience.STEP, 0, 20, acts.checkpoint, heavy=True),
    Door("GET", "checkpoints", Audience.STEP, 0, 20, acts.checkpoints, heavy=True),
    Door("DELETE", "thread", Audience.STEP, 0, 20, acts.hide),
    Door("POST", "model/openai/v1/chat/completions", Audience.MODEL, 4 * MB, 5, model="openai"),
    Door("POST", "model/anthropic/v1/messages", Audience.MODEL, 4 * MB, 5, model="anthropic"),
    Door("POST", "check/hello", None, 8 * KB, 0, acts.check_hello),
    Door("POST", "check/report", Audience.CHECK, 8 * MB, 2, acts.check_report, heavy=True),
)

BY_PATH: dict[str, dict[str, Door]] = {
    PREFIX + path: {door.method: door for door in DOORS if door.path == path} for path in {door.path for door in DOORS}
}
