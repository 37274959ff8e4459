"""How port.Repos travels as JSON between the platform and the git service: method names, values, errors."""

import base64
import dataclasses
from typing import Any

from quarterdeck.errors import Refused, TryLater
from quarterdeck.outside.repos.port import CommitLine, Diff, DiffFile, Preview

METHODS = frozenset({
    "mirror", "tip", "open_run", "close_run", "head", "has_commit", "pin", "freeze", "thaw", "adopt", "diff", "log", "blob",
    "manifests", "preview", "merge_commit", "publish", "holds",
})  # fmt: skip
MOST = 1 << 20
"""Bytes of one question. An answer may be long: a diff is."""


def pack(value: object) -> Any:
    """A method's answer as JSON values."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, list):
        return [pack(item) for item in value]
    return value


def as_bytes(value: str) -> bytes:
    return base64.b64decode(value)


def as_diff(value: dict[str, Any]) -> Diff:
    return Diff(**{**value, "files": [DiffFile(**file) for file in value["files"]]})


def as_log(value: list[dict[str, Any]]) -> list[CommitLine]:
    return [CommitLine(**line) for line in value]


def as_preview(value: dict[str, Any]) -> Preview:
    return Preview(**value)


def refusal(error: Refused | TryLater) -> tuple[int, dict[str, Any]]:
    """(HTTP status, body in the shape of deckwire's Refusal)."""
    if isinstance(error, Refused):
        return error.status, {"reason": error.reason, "text": error.text, "remedy": error.remedy, "retry_after": None}
    return 503, {"reason": error.reason, "text": str(error), "remedy": "", "retry_after": error.after}


def raise_again(status: int, body: dict[str, Any]) -> None:
    """The other half of `refusal`. Raises Refused or TryLater."""
    if status == 503:
        raise TryLater(body["text"], after=body.get("retry_after") or 1.0, reason=body["reason"])
    raise Refused(body["text"], reason=body["reason"], remedy=body.get("remedy", ""), status=status)
