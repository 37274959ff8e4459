"""The base of all that the dashboard is shown, and the few words of its own.

JSON is camelCase. Times are milliseconds since the epoch, money is micro-units of the project's currency, ids are
UUID strings. `None` means "not known" or "not there"; an empty string means "nothing to say".
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

Attention = Literal["needs-you", "working", "elsewhere", "ready", "done", "failed", "paused", "broken"]
Dial = Literal["ask", "auto"]
Role = Literal["viewer", "supervisor", "admin"]
Priority = Literal["Highest", "High", "Medium", "Low"]
CheckState = Literal["queued", "running", "passed", "failed", "broken"]


class View(BaseModel):
    """Frozen, camelCase on the wire, and it refuses unknown fields: a misspelt field fails where it is written."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True
    )
