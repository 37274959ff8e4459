"""The ledger and the checkpoints: what happened, and what a new attempt starts from."""

from django.db import models
from django.db.models.functions import Now

from quarterdeck.record.models.base import Row
from quarterdeck.record.models.runs import Run


class StreamHead(models.Model):
    """One small row per stream: its lock, its last number, its epoch. Never the wide run row: updates here stay HOT."""

    stream = models.CharField(max_length=60, primary_key=True)
    seq = models.BigIntegerField(default=0)
    epoch = models.PositiveIntegerField(default=0)
    frozen = models.BooleanField(default=False)
    bytes = models.BigIntegerField(default=0, db_default=0)
    """Of its events' bodies, and of what steps bring beside their parts."""


class Event(models.Model):
    """One line. `n` is the agent's own number within its epoch: only to drop repeats. `seq` is dense per stream."""

    pk = models.CompositePrimaryKey("stream", "seq")
    stream = models.CharField(max_length=60)
    seq = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())
    epoch = models.PositiveIntegerField(default=0)
    n = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=120)
    kind = models.CharField(max_length=20)
    body = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stream", "epoch", "n"], name="event_once", condition=models.Q(n__isnull=False)
            ),
            models.CheckConstraint(name="event_seq_from_one", condition=models.Q(seq__gte=1)),
        ]
        indexes = [models.Index(fields=["stream"], name="event_edited", condition=models.Q(kind="edited"))]


class Part(models.Model):
    """Bytes of a state, stored once per run by digest. Opaque: LangGraph's serialiser can run code when it loads."""

    pk = models.CompositePrimaryKey("run", "digest")
    run = models.ForeignKey(Run, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    type = models.CharField(max_length=20)
    data = models.BinaryField()


class Checkpoint(Row):
    """An envelope. `order` is ours, per run: `latest` never trusts the id, which is the agent's clock."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="checkpoints")
    thread = models.CharField(max_length=200)
    ns = models.CharField(max_length=200, blank=True)
    checkpoint = models.CharField(max_length=80)
    parent = models.CharField(max_length=80, blank=True)
    order = models.BigIntegerField()
    step = models.IntegerField()
    source = models.CharField(max_length=20)
    node = models.CharField(max_length=40, blank=True)
    metadata = models.JSONField(default=dict)
    commit = models.CharField(max_length=40, blank=True)
    graph_version = models.PositiveIntegerField()
    manifest = models.JSONField()
    refs = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    epoch = models.PositiveIntegerField()
    seq = models.BigIntegerField(default=0)
    fork = models.PositiveIntegerField(default=0)
    hidden = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "thread", "ns", "checkpoint"], name="checkpoint_once"),
            models.UniqueConstraint(fields=["run", "order"], name="checkpoint_order"),
        ]


class CheckpointWrite(models.Model):
    """A pending write on a checkpoint; (task, idx) is LangGraph's own key."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="+")
    thread = models.CharField(max_length=200)
    ns = models.CharField(max_length=200, blank=True)
    checkpoint = models.CharField(max_length=80)
    task = models.CharField(max_length=80)
    path = models.CharField(max_length=300, blank=True)
    idx = models.IntegerField()
    channel = models.CharField(max_length=200)
    ref = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "thread", "ns", "checkpoint", "task", "idx"], name="write_once")
        ]
