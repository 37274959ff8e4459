"""How a request body is read before it may leave: every field is named, anything else is refused by its name."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from quarterdeck.errors import Refused


class Field(BaseModel):
    """A part of a request. Fields that are not named may not leave: no tools run by the provider, no remote addresses."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


T = TypeVar("T", bound=Field)


def cleaned(model: type[T], body: Any) -> dict[str, Any]:
    """The body with the named fields alone, as they came. Raises Refused(field), 422, naming the first that may not leave."""
    try:
        return model.model_validate(body).model_dump(exclude_unset=True)
    except (ValidationError, RecursionError) as bad:
        raise Refused(
            f"The request may not leave: {_first(bad)}.", reason="field", status=422,
            remedy="Send text messages and function tools only; files, addresses and the provider's own tools stay out.",
        ) from bad  # fmt: skip


def _first(bad: Exception) -> str:
    if not isinstance(bad, ValidationError):
        return "it is nested too deep"
    one = bad.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(step) for step in one['loc'])[:120]}: {one['msg'][:120]}"
