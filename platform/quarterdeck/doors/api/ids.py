"""Ids in a body are text on the wire; what is no id cannot name anything."""

from collections.abc import Sequence
from uuid import UUID

from quarterdeck.doors.access import not_there
from quarterdeck.errors import Refused

MOST = 500


def one_id(word: str) -> UUID:
    try:
        return UUID(word)
    except ValueError as bad:
        raise not_there() from bad


def ids(words: Sequence[str]) -> list[UUID]:
    """Each once, in order. Raises Refused: 404 for what is no id, 422 for more than 500."""
    if len(words) > MOST:
        raise Refused(f"At most {MOST} at once.", reason="too_many", status=422)
    return list(dict.fromkeys(one_id(word) for word in words))
