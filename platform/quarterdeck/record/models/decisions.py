"""What a person has to answer, what was said, and what each run was told because of it."""

from django.db import models
from django.db.models.functions import Now

from deckwire.words import Fate, RequestKind, Risk, Verb
from quarterdeck.record.models.base import Row, one_of
from quarterdeck.record.models.people import Person
from quarterdeck.record.models.runs import Run


class RequestState(models.TextChoices):
    OPEN = "open"
    SNOOZED = "snoozed"
    DELEGATED = "delegated"
    DECIDED = "decided"
    SUPERSEDED = "superseded"


OPEN_REQUEST = [RequestState.OPEN, RequestState.SNOOZED, RequestState.DELEGATED]


class Request(Row):
    """Something a person has to answer. The id follows from run, interrupt and index: asked twice is one row.

    `body` is the deckwire Ask. Requests that the platform itself opens (review, failure, conflict, budget without an
    attempt) have an empty `interrupt`, and `key` instead.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="requests")
    kind = models.CharField(max_length=12)
    interrupt = models.CharField(max_length=80, blank=True)
    index = models.PositiveSmallIntegerField(default=0)
    key = models.CharField(max_length=120, blank=True)
    body = models.JSONField(default=dict)
    risk = models.CharField(max_length=8, default=Risk.LOW)
    state = models.CharField(max_length=12, default=RequestState.OPEN)
    waiting_since = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True)
    delegate = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    decision = models.ForeignKey("record.Decision", models.SET_NULL, null=True, related_name="requests")
    answer = models.JSONField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_of("kind", RequestKind, "request_kind"),
            one_of("risk", Risk, "request_risk"),
            models.CheckConstraint(name="request_state", condition=models.Q(state__in=RequestState.values)),
            models.UniqueConstraint(
                fields=["run", "key"],
                name="request_key_once",
                condition=~models.Q(key="") & models.Q(state__in=OPEN_REQUEST),
            ),
        ]
        indexes = [
            models.Index(fields=["run", "state"], name="request_by_run"),
            models.Index(fields=["waiting_since"], name="request_open", condition=models.Q(state__in=OPEN_REQUEST)),
        ]


class Decision(Row):
    """What was said, over one run or many (`batch`). `actor` is `person:<id>`, `rule:<name>` or `tracker:<user>`.

    `key` is the idempotency key of the caller: the same actor and key is the same decision.
    """

    batch = models.UUIDField(db_index=True)
    key = models.CharField(max_length=120)
    actor_type = models.CharField(max_length=10)
    actor = models.CharField(max_length=120)
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="decisions")
    run = models.ForeignKey(Run, models.CASCADE, related_name="decisions")
    verb = models.CharField(max_length=14)
    words = models.TextField(blank=True)
    body = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_of("verb", Verb, "decision_verb"),
            models.CheckConstraint(
                name="decision_actor_type", condition=models.Q(actor_type__in=["person", "rule", "tracker"])
            ),
            models.UniqueConstraint(fields=["actor", "key", "run", "verb"], name="decision_once"),
        ]


class Command(Row):
    """One row per run that a decision made: the agent's mailbox, and the receipt. `n` is the order in the run."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="commands")
    n = models.PositiveIntegerField()
    decision = models.ForeignKey(Decision, models.CASCADE, related_name="commands")
    verb = models.CharField(max_length=14)
    mode = models.CharField(max_length=10, default="enqueue")
    body = models.JSONField(default=dict)
    fate = models.CharField(max_length=12, default=Fate.PENDING)
    why = models.CharField(max_length=400, blank=True)
    made_for_phase = models.CharField(max_length=12)
    made_for_head = models.CharField(max_length=80, blank=True)
    for_agent = models.BooleanField(default=True)
    delivered_epoch = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_of("fate", Fate, "command_fate"),
            one_of("verb", Verb, "command_verb"),
            models.UniqueConstraint(fields=["run", "n"], name="command_order"),
            models.UniqueConstraint(fields=["run", "decision"], name="command_once"),
        ]
        indexes = [
            models.Index(
                fields=["run", "n"], name="command_open", condition=models.Q(fate__in=["pending", "delivered"])
            )
        ]
