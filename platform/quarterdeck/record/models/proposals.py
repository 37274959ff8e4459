"""A sealed head with its evidence, what was approved of it, and what became of it."""

from django.db import models
from django.db.models.functions import Now

from quarterdeck.record.models.base import Row
from quarterdeck.record.models.decisions import Decision
from quarterdeck.record.models.runs import Run


class Proposal(Row):
    """`base` is the branch's commit the diff was made against; `digest` binds every changed byte.

    `merge_old`, `merge_new`: the intent, written down before the branch moves. `merged` is set by the record after it.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="proposals")
    head = models.CharField(max_length=40)
    base = models.CharField(max_length=40)
    branch = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    summary = models.TextField(blank=True)
    stats = models.JSONField(default=dict)
    evidence = models.JSONField(null=True)
    pull = models.JSONField(default=dict)
    merge_old = models.CharField(max_length=40, blank=True)
    merge_new = models.CharField(max_length=40, blank=True)
    merged = models.BooleanField(default=False)
    void = models.BooleanField(default=False)
    sealed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run"], name="proposal_one_standing", condition=models.Q(void=False)),
        ]


class Approval(Row):
    """A decision bound to head, base, diff digest and policy version. It dies with any of them."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="approvals")
    decision = models.ForeignKey(Decision, models.PROTECT)
    head = models.CharField(max_length=40)
    base = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    policy = models.CharField(max_length=64)
    void_at = models.DateTimeField(null=True)
    void_why = models.CharField(max_length=200, blank=True)


class Check(Row):
    """The platform's own test run: fresh place, no model. `order` is the deckwire CheckOrder without its session.

    One named "install" fills a folder of packages instead: its order is an InstallOrder with the folder's lasting name in
    `environment`, and `gone` says that the folder has that name.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="checks")
    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="checks", null=True)
    name = models.CharField(max_length=60, default="tests")
    state = models.CharField(max_length=10, default="queued")
    order = models.JSONField(default=dict)
    report = models.JSONField(null=True)
    note = models.CharField(max_length=400, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    secret_digest = models.CharField(max_length=64, blank=True)
    nonce_digest = models.CharField(max_length=64, blank=True)
    place = models.CharField(max_length=80, blank=True)
    place_uid = models.CharField(max_length=80, blank=True)
    gone = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="check_state", condition=models.Q(state__in=["queued", "running", "passed", "failed", "broken"])
            )
        ]


class BaseResult(Row):
    """A base's own test results, kept by (commit, command, environment): the same base is not run twice."""

    key = models.CharField(max_length=64, unique=True)
    result = models.JSONField()
