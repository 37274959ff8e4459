"""The two faces of every message: strict when written, tolerant when read."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict

MAX_EVENT_BYTES = 64 * 1024
MAX_STEP_BYTES = 16 * 1024 * 1024
MAX_PART_BYTES = 8 * 1024 * 1024


class Message(BaseModel):
    """Frozen; refuses unknown fields at birth. An old or newer peer is read with `tolerant`."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")

    @classmethod
    def tolerant(cls, data: dict[str, Any]) -> Self:
        """Reads what a peer of another version wrote: fields this version does not know are dropped.

        Raises pydantic.ValidationError when a known field is wrong or a needed one is missing.
        """
        return cls.model_validate({key: value for key, value in data.items() if key in cls.model_fields})
