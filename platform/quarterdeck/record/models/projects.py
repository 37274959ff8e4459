"""Where tickets of one kind go, and the tickets themselves."""

from typing import Any

from django.db import models

from quarterdeck.record.models.base import Row


def default_dials() -> dict[str, Any]:
    """plan, permissions: ask | auto. merging: ask (always a person, today). linger in seconds."""
    return {"plan": "ask", "permissions": "ask", "merging": "ask", "linger": 60, "own_work": True}


def default_routes() -> dict[str, Any]:
    """Kind of work → {connection, model}. Empty: the rehearsal model."""
    return {}


class Project(Row):
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    tracker = models.CharField(max_length=20, default="board")
    key = models.CharField(max_length=10)
    """The board's ticket prefix: LARK in LARK-7."""
    next_number = models.PositiveIntegerField(default=1)
    dials = models.JSONField(default=default_dials)
    routes = models.JSONField(default=default_routes)
    places = models.PositiveSmallIntegerField(default=4)
    weight = models.PositiveSmallIntegerField(default=1, db_default=1)
    """Its part of the places in all, beside the other projects' weights."""
    turn = models.BigIntegerField(default=0, db_default=0)
    """How often it was given a place, for its weight (record/turns.py)."""
    daily_micro = models.BigIntegerField(null=True)
    """What its runs may spend in a day (UTC) before no other one starts. No limit: null."""
    cap_micro = models.BigIntegerField(default=3_000_000)
    limits = models.JSONField(default=dict)
    sample = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="project_key_once"),
            models.CheckConstraint(name="project_weight", condition=models.Q(weight__gte=1)),
        ]

    def __str__(self) -> str:
        return self.name


class Repository(Row):
    """The project's repository. Commands run by `sh -c` at the checkout's top; `report` is a JUnit path; empty: none.

    `install` runs once per lock file, with a way out to the network, and fills /environment; `setup` at each attempt, without.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="repositories")
    url = models.CharField(max_length=500)
    branch = models.CharField(max_length=200, default="main")
    forge = models.CharField(max_length=20, default="bare")
    install = models.TextField(blank=True)
    setup = models.TextField(blank=True)
    test = models.TextField(blank=True)
    report = models.CharField(max_length=300, blank=True)
    fetch_due = models.DateTimeField(null=True)
    """A run waits for it to be fetched, or a review wants to know where its branch stands: from then on a worker may. Nothing
    waits: null."""
    fetch_lease = models.DateTimeField(null=True)
    fetch_tries = models.PositiveIntegerField(default=0)
    fetch_note = models.CharField(max_length=400, blank=True)
    """Why it could not be fetched the last time."""
    newest = models.CharField(max_length=40, blank=True, default="", db_default="")
    """The branch's newest commit, as it was when it was looked at last."""
    looked_at = models.DateTimeField(null=True)
    """When that was; also when it was looked for in vain."""
    login = models.CharField(max_length=200, blank=True)
    secret = models.BinaryField(blank=True, default=b"")
    """Of the login at the origin: encrypted with the key named by `key_id`; never shown again."""
    key_id = models.CharField(max_length=40, blank=True)


KINDS = ["model", "tracker", "forge", "removed"]


class Connection(Row):
    """A configured outside service. `secret` is encrypted with the key named by `key_id`; never shown again.

    `kind` removed: a tracker that is gone, without a secret; only its tickets still name it.
    """

    kind = models.CharField(max_length=12)
    name = models.CharField(max_length=80, unique=True)
    protocol = models.CharField(max_length=20)
    base_url = models.CharField(max_length=500, blank=True)
    secret = models.BinaryField(blank=True, default=b"")
    key_id = models.CharField(max_length=40, blank=True)
    offers = models.JSONField(default=list)
    """For model endpoints: [{name, in_micro, out_micro (per million tokens), context, images}]. No price: refused."""
    price_version = models.PositiveIntegerField(default=1)
    tested_at = models.DateTimeField(null=True)
    test_facts = models.JSONField(default=list)
    options = models.JSONField(default=dict)
    """For trackers: {flavour, email, cloud_id, client_id, account, account_name, note}. Nothing secret."""
    writes_quiet_until = models.DateTimeField(null=True)
    """The other side asked for a pause, or does not answer: nothing is written to it before."""

    class Meta:
        constraints = [models.CheckConstraint(name="connection_kind", condition=models.Q(kind__in=KINDS))]


class Ticket(Row):
    """Our copy of a tracker's issue. `version` only rises: a late, older copy changes nothing."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="tickets")
    tracker = models.CharField(max_length=20)
    external_id = models.CharField(max_length=80)
    key = models.CharField(max_length=40)
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    kind = models.CharField(max_length=20, default="Task")
    priority = models.CharField(max_length=20, default="Medium")
    status = models.CharField(max_length=60, default="To do")
    category = models.CharField(max_length=10, default="todo")
    reporter = models.CharField(max_length=120, blank=True)
    assignee = models.CharField(max_length=120, blank=True)
    labels = models.JSONField(default=list)
    raw = models.JSONField(default=dict)
    version = models.BigIntegerField(default=1)
    updated_at = models.DateTimeField(auto_now=True)
    connection = models.ForeignKey(Connection, models.PROTECT, null=True, related_name="tickets")
    """The tracker it is a copy of; the board's own have none."""
    assignee_id = models.CharField(max_length=120, blank=True)
    facts = models.JSONField(default=dict)
    """What the tracker says beside: reporter_id, components, links, attachments, fields, space."""
    deleted_at = models.DateTimeField(null=True)
    """It is gone from its tracker. Nothing that comes later brings it back."""
    note = models.CharField(max_length=400, blank=True)
    """What went wrong the last time something was written to it, or why it does not start."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tracker", "external_id"], name="ticket_once", condition=models.Q(connection__isnull=True)
            ),
            models.UniqueConstraint(
                fields=["connection", "external_id"], name="copy_once", condition=models.Q(connection__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["project", "key"], name="ticket_key_once", condition=models.Q(connection__isnull=True)
            ),
            models.CheckConstraint(name="ticket_category", condition=models.Q(category__in=["todo", "doing", "done"])),
        ]

    def __str__(self) -> str:
        return self.key


class TicketComment(Row):
    """`marker` names one of our own that is edited in place; empty for a person's."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="comments")
    author = models.CharField(max_length=120)
    body = models.TextField()
    marker = models.CharField(max_length=80, blank=True)
    external_id = models.CharField(max_length=80, blank=True)
    author_id = models.CharField(max_length=120, blank=True)
    said_at = models.DateTimeField(null=True)
    """When it was said in its tracker; null for the board's own."""
    edited_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "external_id"], name="comment_copy_once", condition=~models.Q(external_id="")
            ),
            models.UniqueConstraint(
                fields=["ticket", "marker"], name="comment_marker_once", condition=~models.Q(marker="")
            ),
        ]


class TicketImage(Row):
    """An attached image, kept once per ticket by the SHA-256 of its bytes. Type and size in pixels are read from the bytes."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="images")
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    mime = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "digest"], name="image_once")]
