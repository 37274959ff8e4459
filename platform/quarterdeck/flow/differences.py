"""What happened to a ticket between the copy that we had and the one that came: who might start a run, what a run must hear.

Made from the two copies and not from the tracker's log, so that a poll finds what a lost webhook would have said. Pure.
"""

import difflib
from dataclasses import dataclass
from typing import Any

from quarterdeck.outside.tracker.port import Change, Comment, Issue

MOST_DIFF = 8_000


@dataclass(frozen=True)
class Copy:
    """What of a ticket can be compared."""

    key: str
    title: str
    description: str
    status: str
    category: str
    assignee_id: str
    labels: frozenset[str]


@dataclass(frozen=True)
class Cause:
    """`word` is the label, the status or nothing; `by` is empty where nobody has said yet who did it."""

    cause: str
    why: str
    word: str = ""
    playbook: str = "implement"
    by: str = ""
    by_name: str = ""


@dataclass(frozen=True)
class Item:
    """Something that an open run of the ticket must hear."""

    cause: str
    what: str
    words: str = ""
    by: str = ""
    by_name: str = ""


def copy_of(issue: Issue) -> Copy:
    return Copy(
        issue.key,
        issue.title,
        issue.description,
        issue.status,
        issue.status_category,
        issue.assignee_id,
        frozenset(issue.labels),
    )


NOTHING = Copy("", "", "", "", "", "", frozenset())


def causes(
    was: Copy, now: Copy, version: int, triggers: dict[str, Any], me: str, changes: tuple[Change, ...]
) -> list[Cause]:
    """Who newly asks for a run. Finished tickets ask for nothing."""
    if now.category == "done":
        return []
    found = []
    labels = triggers.get("labels") or {}
    for label in sorted((now.labels - was.labels) & labels.keys()):
        found.append(_caused(f"label:{label}:{version}", "label", label, labels[label], changes, "labels"))
    if triggers.get("assigned") and me and now.assignee_id == me != was.assignee_id:
        found.append(_caused(f"assigned:{version}", "assigned", "", "implement", changes, "assignee"))
    if now.status != was.status and now.status in (triggers.get("statuses") or []):
        found.append(_caused(f"status:{version}", "status", now.status, "implement", changes, "status"))
    return found


def mention(comment: Comment, me: str) -> Cause | None:
    if not me or me not in comment.mentions or comment.author_id == me:
        return None
    return Cause(f"mention:{comment.id}", "mention", "", "implement", comment.author_id, comment.author)


def news(
    was: Copy, now: Copy, version: int, triggers: dict[str, Any], me: str, changes: tuple[Change, ...]
) -> list[Item]:
    """What changed under a run that is open, in the order in which it matters least to most."""
    found = []
    if (was.title, was.description) != (now.title, now.description):
        found.append(_item(f"edited:{version}", "edited", diff(was, now), changes, "description"))
    if was.key and was.key != now.key:
        found.append(_item(f"moved:{version}", "moved", f"{was.key} is {now.key} now.", changes, "Key"))
    gone = sorted((was.labels - now.labels) & (triggers.get("labels") or {}).keys())
    if gone and not now.labels & (triggers.get("labels") or {}).keys():
        found.append(
            _item(f"unlabelled:{version}", "unlabelled", f"The label {gone[0]} was taken off.", changes, "labels")
        )
    if now.assignee_id and now.assignee_id != was.assignee_id and now.assignee_id != me:
        found.append(
            _item(f"reassigned:{version}", "reassigned", "It was assigned to somebody else.", changes, "assignee")
        )
    if now.category == "done" != was.category:
        found.append(_item(f"closed:{version}", "closed", f"It was moved to {now.status}.", changes, "status"))
    return found


def diff(was: Copy, now: Copy) -> str:
    """A unified diff of title and description, cut where it is long."""
    before, after = f"{was.title}\n\n{was.description}".splitlines(), f"{now.title}\n\n{now.description}".splitlines()
    text = "\n".join(difflib.unified_diff(before, after, "before", "now", lineterm="", n=1))
    return text if len(text) <= MOST_DIFF else text[:MOST_DIFF] + "\n(cut here)"


def _newest(changes: tuple[Change, ...], field: str, word: str) -> Change | None:
    fitting = [
        one
        for one in changes
        if one.field.lower() == field.lower() and (not word or field != "labels" or word in one.added())
    ]
    return max(fitting, key=lambda one: one.at, default=None)


def _caused(cause: str, why: str, word: str, playbook: str, changes: tuple[Change, ...], field: str) -> Cause:
    change = _newest(changes, field, word)
    return Cause(cause, why, word, playbook, change.author_id if change else "", change.author if change else "")


def _item(cause: str, what: str, words: str, changes: tuple[Change, ...], field: str) -> Item:
    change = _newest(changes, field, "")
    return Item(cause, what, words, change.author_id if change else "", change.author if change else "")
