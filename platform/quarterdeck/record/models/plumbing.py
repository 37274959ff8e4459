"""Money's journal, effects not yet done outside, and who holds which lease."""

from django.db import models
from django.db.models.functions import Now

from quarterdeck.record.models.base import Row
from quarterdeck.record.models.runs import Run


class CallState(models.TextChoices):
    OPEN = "open"
    STREAMING = "streaming"
    DONE = "done"
    CUT = "cut"
    FAILED = "failed"


class ModelCall(Row):
    """The journal of model calls. Same call id and digest: the stored answer, for free. Money in micro-units.

    `reserved` counts against the budget while the call is open or streaming, `settled` after. CUT: the gateway died or
    the answer broke; the reserve counts as spent and is marked estimated.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="calls")
    call = models.CharField(max_length=200)
    variant = models.PositiveSmallIntegerField(default=0)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, default=CallState.OPEN)
    epoch = models.PositiveIntegerField()
    purpose = models.CharField(max_length=20, blank=True)
    connection = models.UUIDField(null=True)
    model = models.CharField(max_length=120)
    price_version = models.PositiveIntegerField(default=1)
    reserved = models.BigIntegerField(default=0)
    settled = models.BigIntegerField(default=0)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    estimated = models.BooleanField(default=False)
    status = models.PositiveSmallIntegerField(default=0)
    content_type = models.CharField(max_length=80, blank=True)
    response = models.BinaryField(default=b"")
    lease_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "call", "variant"], name="call_once"),
            models.CheckConstraint(name="call_state", condition=models.Q(state__in=CallState.values)),
            models.CheckConstraint(
                name="call_money", condition=models.Q(reserved__gte=0, settled__gte=0, tokens_in__gte=0)
            ),
        ]
        indexes = [
            models.Index(fields=["run", "state"], name="call_by_run"),
            models.Index(fields=["created_at"], name="call_by_day"),
        ]


class Outbox(Row):
    """An effect outside that must happen. Worked strictly in order per `key`; a blocked head blocks only its key."""

    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)
    body = models.JSONField(default=dict)
    state = models.CharField(max_length=8, default="waiting")
    tries = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    """Tries that ended in a way that nobody foresaw: after some of them it is stuck, and a person looks."""
    due_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    why = models.CharField(max_length=400, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="outbox_state", condition=models.Q(state__in=["waiting", "done", "dropped", "stuck"])
            )
        ]
        indexes = [models.Index(fields=["key", "id"], name="outbox_open", condition=models.Q(state="waiting"))]


class Lease(models.Model):
    """Who acts, on database time. `term` rises with each change of hands."""

    name = models.CharField(max_length=60, primary_key=True)
    holder = models.CharField(max_length=120, blank=True)
    until = models.DateTimeField(db_default=Now())
    term = models.PositiveIntegerField(default=0)


class DoorsOpen(models.Model):
    """Since when the agents' doors have been continuously ready. An attempt is lost only after a whole lease of that."""

    name = models.CharField(max_length=60, primary_key=True)
    since = models.DateTimeField(db_default=Now())
    seen = models.DateTimeField(db_default=Now())


class SiteSetting(models.Model):
    """Small site-wide values that a person or the first run set."""

    name = models.CharField(max_length=60, primary_key=True)
    value = models.JSONField(default=dict)
