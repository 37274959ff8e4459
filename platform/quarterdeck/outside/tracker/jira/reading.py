"""Jira's JSON as our small answers. Both flavours: a document where Cloud v3 sends one, wiki markup where it is a string."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import ValidationError

from quarterdeck.errors import Refused
from quarterdeck.outside.tracker.jira import adf_read, models, wiki_read
from quarterdeck.outside.tracker.shapes import Attachment, Change, Comment, Issue, Link, Person, ScreenField, Transition

Shape = TypeVar("Shape", bound=models.Seen)
CATEGORIES = {"new": "todo", "undefined": "todo", "indeterminate": "doing", "done": "done"}
KINDS = {"bug": "Bug", "story": "Story", "epic": "Epic", "chore": "Chore", "technical task": "Chore", "defect": "Bug"}
PRIORITIES = {
    "highest": "Highest", "blocker": "Highest", "critical": "Highest", "high": "High", "major": "High", "low": "Low",
    "minor": "Low", "lowest": "Low", "trivial": "Low",
}  # fmt: skip
MARKER = "quarterdeck"
"""The property by which we know our own comments again; Data Center has an anchor of this name instead."""
_ANCHOR = re.compile(r"\s*\{anchor:quarterdeck-([\w.:/-]+)\}\s*$")
_SPRINT = re.compile(r"\[.*?\bname=([^,\]]*)")


def fit(model: type[Shape], value: Any) -> Shape:
    """Raises Refused(malformed) for JSON that is no such thing."""
    try:
        return model.model_validate(value)
    except ValidationError as no:
        where = ".".join(str(one) for one in no.errors()[0]["loc"])
        raise Refused(f"Jira told something that cannot be read ({where}).", reason="malformed", status=422) from no


def rich(value: Any) -> str:
    return wiki_read.markdown(_ANCHOR.sub("", value)) if isinstance(value, str) else adf_read.markdown(value)


def mentions(value: Any) -> list[str]:
    return wiki_read.mentions(value) if isinstance(value, str) else adf_read.mentions(value)


def person(user: models.User) -> Person:
    return Person(user.who(), user.shown or user.who(), user.zone)


def category(status: models.Status) -> str:
    return CATEGORIES.get(status.category.key, "todo")


def comment(said: models.Said) -> Comment:
    edited = said.updated if said.updated > said.created else None
    return Comment(
        id=said.id, author=said.author.shown or said.author.who(), body=rich(said.body), at=said.created,
        author_id=said.author.who(), marker=marker(said), edited=edited, mentions=mentions(said.body),
        public=said.public and not said.visibility,
    )  # fmt: skip


def marker(said: models.Said) -> str:
    """Which of our comments it is; empty: none of ours, or its properties were not asked for."""
    for one in said.properties:
        if isinstance(one, dict) and one.get("key") == MARKER and isinstance(one.get("value"), dict):
            return str(one["value"].get("marker", ""))
    found = _ANCHOR.search(said.body) if isinstance(said.body, str) else None
    return found[1] if found else ""


def attachment(kept: models.Kept) -> Attachment:
    return Attachment(kept.id, kept.filename, kept.mime, kept.size, kept.author.who(), kept.created, kept.content)


def issue(value: Any, names: Mapping[str, str] | None = None, site: str = "") -> Issue:
    """`names` are field names by id: with them custom fields are told by name. `site` is where people open tickets."""
    raw = fit(models.Ticket, value)
    f = raw.fields
    named = custom(value.get("fields") if isinstance(value, dict) else None, names or {})
    return Issue(
        id=raw.id, key=raw.key, title=f.summary, description=rich(f.description), kind=kind(f.kind),
        priority=PRIORITIES.get(f.priority.name.lower(), "Medium"), status=f.status.name, status_category=category(f.status),
        reporter=f.reporter.shown or f.reporter.who(), assignee=f.assignee.shown or f.assignee.who(), labels=list(f.labels),
        comments=[comment(one) for one in f.comment.comments], updated=f.updated, version=version(f),
        url=f"{site.rstrip('/')}/browse/{raw.key}" if site else "", raw=value, reporter_id=f.reporter.who(),
        creator=f.creator.shown or f.creator.who(), creator_id=f.creator.who(),
        assignee_id=f.assignee.who(), project=f.project.key or raw.key.rpartition("-")[0], project_id=f.project.id,
        components=[one.name for one in f.components], attachments=[attachment(one) for one in f.attachment],
        links=links(f, named), fields=named, whole_comments=_all_said(f),
    )  # fmt: skip


def _all_said(fields: models.Fields) -> bool:
    return "comment" in fields.model_fields_set and fields.comment.total <= len(fields.comment.comments)


def version(fields: models.Fields) -> int:
    """Milliseconds since the epoch: Jira sets `updated` anew with every change, and only ever forward."""
    return round(fields.updated.timestamp() * 1000)


def kind(raw: models.Kind) -> str:
    if raw.subtask or raw.level < 0:
        return "Sub-task"
    return "Epic" if raw.level > 0 else KINDS.get(raw.name.lower(), "Task")


def links(fields: models.Fields, named: Mapping[str, Any]) -> list[Link]:
    found = [_beside("sub-task", one) for one in fields.subtasks]
    epic = named.get("Epic Link")
    if fields.parent:
        found.append(_beside("parent", fields.parent))
    elif isinstance(epic, str) and epic:
        found.append(Link("parent", "", epic, ""))
    for tie in fields.issuelinks:
        if tie.inward:
            found.append(replace(_beside(tie.kind.inward.lower(), tie.inward), kind=tie.kind.name))
        if tie.outward:
            found.append(replace(_beside(tie.kind.outward.lower(), tie.outward), kind=tie.kind.name))
    return found


def _beside(how: str, one: models.Beside) -> Link:
    return Link(how, one.id, one.key, one.fields.summary, one.fields.status.name, category(one.fields.status))


def custom(fields: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """Custom fields that say something, by their names; of two with one name the first wins."""
    found: dict[str, Any] = {}
    for id, value in fields.items() if isinstance(fields, dict) else ():
        if id.startswith("customfield_") and id in names and (said := plain(value)) not in (None, "", []):
            found.setdefault(names[id], said)
    return found


def plain(value: Any) -> Any:
    """An option, a person, a sprint or a document by what a person reads of it."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        if value.get("type") == "doc":
            return adf_read.markdown(value)
        return next((value[name] for name in ("value", "displayName", "name", "key") if value.get(name)), None)
    if isinstance(value, str) and value.startswith("com.atlassian.greenhopper"):
        found = _SPRINT.search(value)
        return found[1] if found else value
    return value


def changes(entry: models.Entry) -> list[Change]:
    who = person(entry.author)
    return [
        Change(entry.id, one.field, one.was, one.now, entry.created, who.name, who.id, one.was_id, one.now_id)
        for one in entry.items
    ]


def transition(way: models.Way) -> Transition:
    fields = [
        ScreenField(id, one.name or id, one.required and not one.default, [v.name or v.value for v in one.allowed])
        for id, one in way.fields.items()
    ]
    return Transition(way.id, way.name, way.to.name, category(way.to), fields)
