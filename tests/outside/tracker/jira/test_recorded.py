"""What Jira really sent: every recorded answer is read, and every recorded webhook means what it says."""

import json
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.outside.tracker.jira import hooks, models, reading
from quarterdeck.outside.tracker.jira.refusals import sentences
from testkit import recorded

T, TU, CE = "5c5f880629be9642ba529340", "TES-41", "5cedcb4355a88a0fc86388ba"
# name: what, issue, who, status and its category (None: only a sketch, to be fetched), what changed (field: was > now)
MEANT: dict[str, tuple[str, str, str, tuple[str, str] | None, list[str]]] = {
    "cloud-comment-created-mention-user": ("commented", "10040", T, None, []),
    "cloud-comment-created": ("commented", "10040", T, None, []),
    "cloud-comment-deleted": ("comment_deleted", "10357", CE, None, []),
    "cloud-comment-updated": ("comment_edited", "10040", T, None, []),
    "cloud-issue-created-many-fields": ("created", "10509", CE, ("To Do", "todo"), ["summary:  > Lots of fields selected"]),
    "cloud-issue-updated-custom-field": ("updated", "10368", CE, ("To Do", "todo"), ["MJK - Number Field: 1 > 12"]),
    "issue-assigned-empty-changelog": ("updated", "10001", "123456", None, []),
    "issue-comment-created-indentation": ("commented", "10101", "test", ("To Do", "todo"), []),
    "issue-created-no-description-nor-relevant-fields": ("created", "10040", T, ("To Do", "todo"), ["priority:  > High"]),
    "issue-created-no-description": ("created", "10040", T, ("To Do", "todo"), ["priority:  > High"]),
    "issue-created-with-security-level": ("created", "10040", T, ("To Do", "todo"), ["summary:  > Unit test summary"]),
    "issue-created": ("created", "10040", T, ("To Do", "todo"), ["summary:  > Unit test summary"]),
    "issue-deleted": ("deleted", "10303", T, ("To Do", "todo"), []),
    "issue-updated-assigned-nobody": ("updated", "10040", T, ("To Do", "todo"), ["assignee: Test User > "]),
    "issue-updated-assigned-on-server": ("updated", "10226", "admin", ("To Do", "todo"), ["assignee:  > Test User"]),
    "issue-updated-assigned": ("updated", "10040", T, ("To Do", "todo"), ["assignee:  > Test User"]),
    "issue-updated-attachments": ("updated", "10040", T, ("To Do", "todo"), ["Attachment: test.json test.xml > test.gif test.xml"]),
    "issue-updated-components": ("updated", "10360", CE, ("To Do", "todo"), ["Component:  > Special Component"]),
    "issue-updated-edited": (
        "updated", "10040", T, ("To Do", "todo"),
        ["description: Unit test description, not that long > Unit test description, not that long, a little longer now"],
    ),
    "issue-updated-issue-type": ("updated", "10040", T, ("To Do", "todo"), ["issuetype: Task > Bug"]),
    "issue-updated-labels": ("updated", "10040", T, ("To Do", "todo"), ["labels: bad test-label > sad test-label"]),
    "issue-updated-lowered-priority": ("updated", "10040", T, ("To Do", "todo"), ["priority: High > Low"]),
    "issue-updated-multiple-custom-fields": ("updated", "10040", T, ("To Do", "todo"), ["Field Name: Value 1 > Value 2"] * 2),
    "issue-updated-reopened": ("updated", "10040", T, ("To Do", "todo"), ["resolution: Done > ", "status: Done > To Do"]),
    "issue-updated-resolved": ("updated", "10040", T, ("Done", "done"), ["resolution:  > Done", "status: In Progress > Done"]),
    "issue-updated-sprint": ("updated", "10040", T, ("To Do", "todo"), ["Sprint: Sprint 1 > Sprint 2"]),
    "issue-updated-started-working": ("updated", "10040", T, ("In Progress", "doing"), ["status: To Do > In Progress"]),
    "server-comment-created": ("commented", "10013", "levbrouk", None, []),
    "server-comment-deleted": ("comment_deleted", "10013", "levbrouk", None, []),
    "server-comment-updated": ("comment_edited", "10013", "levbrouk", None, []),
    "server-issue-updated-closed": ("updated", "10300", "admin", ("Closed", "done"), ["status: Resolved > Closed"]),
    "server-issue-updated-comment-deleted": ("comment_deleted", "10013", "levbrouk", ("To Do", "todo"), []),
    "server-issue-updated-comment-edited": ("comment_edited", "10013", "levbrouk", ("To Do", "todo"), []),
    "server-issue-updated-commented-1": ("commented", "10013", "levbrouk", ("To Do", "todo"), []),
    "server-issue-updated-commented-mention-user": ("commented", "10013", "levbrouk", ("To Do", "todo"), []),
    "server-issue-updated-in-progress": ("updated", "10300", "admin", ("In Progress", "doing"),
                                         ["status: Reopened > In Progress"]),
    "server-issue-updated-many-fields": ("updated", "10400", "mickmister", ("To Do", "todo"),
                                         ['labels: "oh dc ee h s yeah" > "oh dc ee h yeah"']),
    "server-issue-updated-reopened": ("updated", "10300", "admin", ("Reopened", "todo"), ["resolution: Done > ",
                                      "status: Resolved > Reopened"]),
    "server-issue-updated-resolved": ("updated", "10300", "admin", ("Resolved", "done"),
                                      ["status: In Progress > Resolved", "resolution:  > Done"]),
    "server-old-issue-updated-no-event-type-comment-deleted": ("updated", "10013", "levbrouk", ("To Do", "todo"), []),
    "server-old-issue-updated-no-event-type-comment-edited": ("comment_edited", "10013", "levbrouk", ("To Do", "todo"), []),
    "server-old-issue-updated-no-event-type-commented": ("commented", "10013", "levbrouk", ("To Do", "todo"), []),
    "server-updated-custom-field": ("updated", "10106", "test", ("To Do", "todo"), ["numfield: 445455561 > 44545556"]),
}  # fmt: skip


def raw(name: str) -> bytes:
    return (recorded.jira() / f"webhooks/mattermost/webhook-{name}.json").read_bytes()


def test_there_is_a_meaning_for_every_recorded_webhook() -> None:
    told = {path.stem.removeprefix("webhook-") for path in (recorded.jira() / "webhooks").rglob("*.json")}
    assert told == set(MEANT)
    assert len(MEANT) == 43


@pytest.mark.parametrize("name", sorted(MEANT))
def test_each_webhook_means_what_it_says(name: str) -> None:
    heard = hooks.hear(raw(name))
    what, issue, who, state, changed = MEANT[name]
    assert (heard.what, heard.issue_id, heard.by_id) == (what, issue, who)
    assert (heard.issue and (heard.issue.status, heard.issue.status_category)) == state
    said = [f"{one.field}: {one.was} > {one.now}" for one in heard.changes]
    assert set(changed) <= set(said)
    assert len(said) == len(changed) or what == "created"
    body = json.loads(raw(name))
    assert round(heard.at.timestamp() * 1000) == body["timestamp"]
    assert (heard.comment is not None) == ("comment" in body)
    if heard.issue:
        fields = body["issue"]["fields"]
        assert heard.issue.title == fields["summary"]
        assert heard.issue.labels == fields["labels"]
        assert heard.issue.assignee_id == (
            (fields.get("assignee") or {}).get("accountId") or (fields.get("assignee") or {}).get("name", "")
        )
        assert heard.issue.version > 0


def test_a_label_that_was_added_is_told_from_one_that_was_there() -> None:
    (change,) = hooks.hear(raw("issue-updated-labels")).changes
    assert change.added() == {"sad"}


def test_those_who_are_mentioned_are_told() -> None:
    for name in ("cloud-comment-created-mention-user", "server-issue-updated-commented-mention-user"):
        comment = hooks.hear(raw(name)).comment
        assert comment is not None
        assert comment.mentions == ["user"]


def _read(value: Any, seen: list[str]) -> None:
    """Whatever is shaped like something of ours is read as that, however deep it lies."""
    if isinstance(value, list):
        for one in value:
            _read(one, seen)
    if not isinstance(value, dict):
        return
    shapes = {
        "issue": ("fields" in value and "key" in value, lambda: reading.issue(value)),
        "comment": ("author" in value and "body" in value, lambda: reading.comment(reading.fit(models.Said, value))),
        "transition": ("to" in value and "name" in value, lambda: reading.transition(reading.fit(models.Way, value))),
        "entry": ("items" in value and "created" in value, lambda: reading.changes(reading.fit(models.Entry, value))),
        "person": ("displayName" in value, lambda: reading.person(reading.fit(models.User, value))),
        "attachment": ("mimeType" in value, lambda: reading.attachment(reading.fit(models.Kept, value))),
        "document": (value.get("type") == "doc", lambda: reading.rich(value)),
    }  # fmt: skip
    for name, (fits, read) in shapes.items():
        if fits:
            assert read() is not None
            seen.append(name)
    for one in value.values():
        _read(one, seen)


@pytest.mark.parametrize("path", recorded.names("rest/**/*.json"))
def test_every_recorded_answer_is_read(path: str) -> None:
    text = (recorded.jira() / path).read_text()
    _read(json.loads(text), [])
    sentences(text.encode())


def test_the_recordings_hold_every_shape_that_we_read() -> None:
    seen: list[str] = []
    for path in sorted(recorded.jira().glob("rest/**/*.json")):
        _read(json.loads(Path(path).read_text()), seen)
    assert set(seen) >= {"issue", "comment", "transition", "entry", "person", "attachment", "document"}
