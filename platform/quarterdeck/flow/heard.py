"""What many deliveries and a poll say of one issue, folded into what is true of it. Pure: no table, no network.

The order of arrival says nothing: a newer `version` wins over an older one, and that it was deleted wins over all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from quarterdeck.flow.text import clean
from quarterdeck.outside.tracker.port import Change, Comment, Heard, Issue

Word = TypeVar("Word")


@dataclass(frozen=True)
class Told:
    """`issue` is the newest state that was told, None where only a sketch came. `changes` say who changed what."""

    id: str
    key: str = ""
    issue: Issue | None = None
    deleted: bool = False
    comments: dict[str, Comment] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()
    changes: tuple[Change, ...] = ()


def storable(told: Word) -> Word:
    """Its texts without what PostgreSQL cannot hold: half a sign in one comment would stop all that comes behind it. What is
    compared with a copy later is the same text as the copy's. What came raw is not kept, and stays."""
    return _storable(told)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {_storable(name): _storable(one) for name, one in value.items()}
    if isinstance(value, list | tuple | frozenset):
        return type(value)(_storable(one) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{one.name: _storable(getattr(value, one.name)) for one in fields(value) if one.name != "raw"}
        )
    return value


def newer(version: int, deleted: bool, told: Told) -> bool:
    """Does this say something that the copy at `version` does not know, or refine it?"""
    if deleted:
        return False
    return told.deleted or (told.issue is not None and told.issue.version >= version)


def fold(heard: Iterable[Heard]) -> dict[str, Told]:
    """By issue id, in the order in which they were first named."""
    found: dict[str, Told] = {}
    for one in heard:
        if one.issue_id:
            found[one.issue_id] = _join(found.get(one.issue_id, Told(one.issue_id)), told(one))
    return found


def told(one: Heard) -> Told:
    comment = one.comment
    gone = one.what == "comment_deleted"
    return Told(
        one.issue_id, one.key, one.issue, one.what == "deleted",
        {comment.id: comment} if comment and not gone else {},
        frozenset({comment.id}) if comment and gone else frozenset(), tuple(one.changes),
    )  # fmt: skip


def polled(issue: Issue) -> Told:
    return Told(issue.id, issue.key, issue, comments={one.id: one for one in issue.comments})


def _join(one: Told, other: Told) -> Told:
    newest = max((x.issue for x in (one, other) if x.issue), key=lambda issue: issue.version, default=None)
    comments = dict(one.comments)
    for id, comment in other.comments.items():
        if id not in comments or _when(comment) >= _when(comments[id]):
            comments[id] = comment
    return replace(
        one, key=newest.key if newest else other.key or one.key, issue=newest, deleted=one.deleted or other.deleted,
        comments=comments, dropped=one.dropped | other.dropped, changes=one.changes + other.changes,
    )  # fmt: skip


def _when(comment: Comment) -> datetime:
    return comment.edited or comment.at
