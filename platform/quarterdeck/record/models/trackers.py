"""What is kept of trackers beside their tickets: what a project watches, what was delivered, who is who, what was told."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from quarterdeck.record.models.base import Row
from quarterdeck.record.models.people import Person
from quarterdeck.record.models.projects import Connection, Project, Ticket
from quarterdeck.record.models.runs import Run


def default_triggers() -> dict[str, Any]:
    """assigned: to our account. labels: label → playbook (plan | implement). statuses, jql: empty, none. mention: in a comment."""
    return {
        "assigned": True, "labels": {"agent:plan": "plan", "agent:implement": "implement"}, "statuses": [], "jql": "",
        "mention": True,
    }  # fmt: skip


def default_writes() -> dict[str, Any]:
    """Each may be switched off. `names`: stage → wanted statuses, best first. worklog, labels (stage → label): off at first."""
    return {"status": True, "comment": True, "transition": True, "link": True, "names": {"doing": [], "done": []}}


class Watch(Row):
    """Which of a tracker's projects feed one of ours, and what may come of it. One of ours watches one connection.

    `spaces` are the tracker's project keys; `query` narrows them. `since` is the newest `updated` that a whole poll has seen.
    `began_at`: what happened in the tracker before that triggers nothing.
    """

    project = models.OneToOneField(Project, models.CASCADE, related_name="watch")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="watches")
    spaces = models.JSONField(default=list)
    query = models.CharField(max_length=2000, blank=True)
    triggers = models.JSONField(default=default_triggers)
    writes = models.JSONField(default=default_writes)
    rules = models.JSONField(default=dict)
    """{components: {component: repository id}, spaces: {the tracker's project: repository id}, subtasks: parallel | order,
    label: what a label begins with that names a repository, field: the field that names one, judge: a model reads it too}."""
    active = models.BooleanField(default=True)
    began_at = models.DateTimeField(db_default=Now())
    since = models.DateTimeField(null=True)
    poll_due = models.DateTimeField(db_default=Now())
    poll_lease = models.DateTimeField(null=True)
    polled_at = models.DateTimeField(null=True)
    poll_tries = models.PositiveIntegerField(default=0)
    poll_note = models.CharField(max_length=400, blank=True)
    counted_at = models.DateTimeField(null=True)
    """When all our tickets were last asked for by id: what is not there any more was deleted."""
    matches_left = models.PositiveIntegerField(default=0, db_default=0)
    """Of the trigger's own query: matches that the last poll did not get to."""


class SignIn(models.Model):
    """A connection that a person signed in to (OAuth 2.0): its tokens, sealed, and the webhooks that its client registered.

    A row of its own: whoever renews the tokens holds it while the sign-in answers, and nobody else has to wait.
    """

    connection = models.OneToOneField(Connection, models.CASCADE, primary_key=True, related_name="sign_in")
    secret = models.BinaryField(blank=True, default=b"")
    key_id = models.CharField(max_length=40, blank=True)
    hooks_due = models.DateTimeField(db_default=Now())
    hooks_lease = models.DateTimeField(null=True)
    hooks_until = models.DateTimeField(null=True)
    hooks_note = models.CharField(max_length=400, blank=True)


class Breakdown(Row):
    """An epic's proposal of tickets: nothing is created in the tracker before a person approved these very lines.

    `lines`: [{id, title, description, kind}], then what became of each: {key, external_id, why}. `version` counts edits:
    who approves says which one was seen.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="breakdowns")
    lines = models.JSONField(default=list)
    state = models.CharField(max_length=8, default="open")
    version = models.PositiveIntegerField(default=1)
    made_by = models.CharField(max_length=120, blank=True)
    decided_by = models.CharField(max_length=120, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"], name="breakdown_once", condition=Q(state__in=["open", "approved"])
            ),
            models.CheckConstraint(
                name="breakdown_state", condition=Q(state__in=["open", "approved", "done", "declined"])
            ),
        ]


class Judgement(Row):
    """What a model was asked about a ticket's text, and its answer: once for the same text. Also this call's line of the
    journal: its money counts in the project's day.

    `kind` ready: is something missing? lines: tickets that an epic could be made of. `digest` is over what is asked.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="judgements")
    project = models.ForeignKey(Project, models.CASCADE, related_name="judgements")
    kind = models.CharField(max_length=8)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=8, default="waiting")
    answer = models.JSONField(default=list)
    why = models.CharField(max_length=400, blank=True)
    asked_by = models.CharField(max_length=120, blank=True)
    version = models.PositiveIntegerField(default=0)
    """Of the proposal that the lines are for."""
    connection = models.UUIDField(null=True)
    model = models.CharField(max_length=120, blank=True)
    reserved = models.BigIntegerField(default=0)
    settled = models.BigIntegerField(default=0)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    estimated = models.BooleanField(default=False)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "kind", "digest"], name="judgement_once"),
            models.CheckConstraint(name="judgement_kind", condition=Q(kind__in=["ready", "lines"])),
            models.CheckConstraint(name="judgement_state", condition=Q(state__in=["waiting", "done", "failed"])),
            models.CheckConstraint(name="judgement_money", condition=Q(reserved__gte=0, settled__gte=0)),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="judgement_open", condition=Q(state="waiting")),
            models.Index(fields=["created_at"], name="judgement_by_day"),
        ]


class Delivery(Row):
    """One webhook as it came: stored first, worked later. `ident` is the sender's id, the same in all its retries."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="deliveries")
    ident = models.CharField(max_length=120)
    body = models.BinaryField()
    event = models.CharField(max_length=60, blank=True)
    issue = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=8, default="waiting")
    why = models.CharField(max_length=400, blank=True)
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "ident"], name="delivery_once"),
            models.CheckConstraint(
                name="delivery_state", condition=Q(state__in=["waiting", "done", "ignored", "failed"])
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="delivery_open", condition=Q(state="waiting")),
            models.Index(fields=["connection", "-id"], name="delivery_newest"),
        ]


class TrackerAccount(Row):
    """Somebody in a tracker. Linked to a person by a code that only this account could have written; never by e-mail.

    `allowed`: may start and steer runs without being a person here.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="accounts")
    account = models.CharField(max_length=120)
    name = models.CharField(max_length=120, blank=True)
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="tracker_accounts")
    linked_at = models.DateTimeField(null=True)
    allowed = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "account"], name="tracker_account_once")]


class LinkCode(Row):
    """A code that a person writes into a comment in the tracker. Hashed at rest, used once."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Wish(Row):
    """Somebody in the tracker wants a run of this ticket; it waits here until the ticket is ready, or is refused.

    `cause` names the change it follows from: the same cause is the same wish, and its run has it as key.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="wishes")
    cause = models.CharField(max_length=120)
    why = models.CharField(max_length=20)
    word = models.CharField(max_length=200, blank=True)
    playbook = models.CharField(max_length=20, default="implement")
    by = models.CharField(max_length=120, blank=True)
    by_name = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=8, default="waiting")
    note = models.CharField(max_length=400, blank=True)
    asked = models.CharField(max_length=64, blank=True)
    """The digest of the questions that were put to the ticket."""
    due_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "cause"], name="wish_once"),
            models.CheckConstraint(name="wish_state", condition=Q(state__in=["waiting", "done", "refused"])),
        ]
        indexes = [models.Index(fields=["due_at"], name="wish_open", condition=Q(state="waiting"))]


class News(Row):
    """Something of a ticket that its open run must hear: a comment, an edit, that it was taken away. Each is told once."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="news")
    cause = models.CharField(max_length=120)
    what = models.CharField(max_length=20)
    words = models.TextField(blank=True)
    by = models.CharField(max_length=120, blank=True)
    by_name = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=8, default="waiting")
    note = models.CharField(max_length=400, blank=True)
    due_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "cause"], name="news_once"),
            models.CheckConstraint(name="news_state", condition=Q(state__in=["waiting", "done", "refused"])),
        ]
        indexes = [models.Index(fields=["due_at"], name="news_open", condition=Q(state="waiting"))]


class Report(models.Model):
    """How far a run was told to its tracker: up to which event, and which words stand in its status comment."""

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="report")
    seq = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    written_at = models.DateTimeField(null=True)
    told = models.JSONField(default=list)
    """Markers of the comments that were put on their way."""
