"""A run, its attempts, and the keys its agents hold."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from deckwire.words import ENDS, LIVE_ATTEMPT, AttemptState, Audience, Blame, Phase
from quarterdeck.record.models.base import Row, one_of
from quarterdeck.record.models.people import Person
from quarterdeck.record.models.projects import Project, Repository, Ticket

OPEN_PHASES = [str(phase) for phase in Phase if phase not in ENDS]
END_PHASES = [str(phase) for phase in Phase if phase in ENDS]


class Run(Row):
    """One journey of an agent with a ticket; outlives its attempts.

    `phase` is written by lifecycle.move alone, `desired` by decisions alone. `head` points at the checkpoint a new attempt
    starts from: the platform moves it; an agent's clock never decides. `config` (deckwire Config) is frozen at opening.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="runs")
    project = models.ForeignKey(Project, models.PROTECT, related_name="runs")
    lane = models.PositiveSmallIntegerField(default=0)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="retries")
    opened_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    phase = models.CharField(max_length=12, default=Phase.QUEUED)
    phase_since = models.DateTimeField(db_default=Now())
    reason = models.CharField(max_length=60, default="opened")
    reason_text = models.TextField(blank=True)
    remedy = models.TextField(blank=True)
    desired = models.CharField(max_length=8, default="run")
    finished_at = models.DateTimeField(null=True)
    config = models.JSONField(default=dict)
    cap_micro = models.BigIntegerField(default=3_000_000)
    epoch = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=80, blank=True)
    head_commit = models.CharField(max_length=40, blank=True)
    head_seq = models.BigIntegerField(default=0)
    steps = models.PositiveIntegerField(default=0)
    forks = models.PositiveIntegerField(default=0)
    fork = models.JSONField(null=True)
    """A rewind not yet taken up by an agent: {checkpoint, words, n}."""
    conflict = models.JSONField(null=True)
    """A conflict to bring together: {base, theirs, paths}."""
    plan = models.JSONField(null=True)
    understood = models.JSONField(null=True)
    not_before = models.DateTimeField(null=True)
    """Back-off after an infrastructure failure: no attempt before this moment (database time)."""
    failures = models.PositiveSmallIntegerField(default=0)
    """Attempts in a row that ended by the agent's own fault without a step written."""
    losses = models.PositiveSmallIntegerField(default=0)
    """Attempts in a row that infrastructure took without a step written: the back-off's exponent."""
    priority = models.CharField(max_length=10, blank=True, default="", db_default="")
    """A supervisor's word: Highest, High, Medium or Low. Empty: its ticket's."""
    next_command = models.PositiveIntegerField(default=1)
    overlaps = models.JSONField(default=list)
    """Keys of the tickets whose open runs touch the same files (record/overlaps.py)."""
    open_key = models.CharField(max_length=120, blank=True)
    """The caller's idempotency key: the same ticket and key is the same run."""

    class Meta:
        constraints = [
            one_of("phase", Phase, "run_phase"),
            models.CheckConstraint(
                name="run_priority", condition=Q(priority__in=["", "Highest", "High", "Medium", "Low"])
            ),
            models.CheckConstraint(name="run_desired", condition=Q(desired__in=["run", "pause", "stop"])),
            models.CheckConstraint(
                name="run_finished_in_ends",
                condition=Q(phase__in=END_PHASES, finished_at__isnull=False)
                | Q(phase__in=OPEN_PHASES, finished_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["ticket", "lane"], name="run_one_open_per_ticket", condition=Q(phase__in=OPEN_PHASES)
            ),
            models.UniqueConstraint(fields=["ticket", "open_key"], name="run_once_per_key", condition=~Q(open_key="")),
        ]
        indexes = [
            models.Index(fields=["project", "phase"], name="run_by_project_phase"),
            models.Index(fields=["created_at"], name="run_queue", condition=Q(phase="queued")),
        ]

    @property
    def open(self) -> bool:
        return self.phase not in END_PHASES

    @property
    def stream(self) -> str:
        return f"run:{self.id}"


class RunRepository(Row):
    """A run's clone of one repository: where it began, and what is sealed. `frozen` holds the sealed sha, or nothing.

    `environment` names the folder of installed packages that its places see; empty: none.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="repositories")
    repository = models.ForeignKey(Repository, models.PROTECT)
    base = models.CharField(max_length=40, blank=True)
    frozen = models.CharField(max_length=40, blank=True)
    environment = models.CharField(max_length=63, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "repository"], name="run_repository_once")]


class Attempt(Row):
    """One pod or process of a run. The row is the desired state: only the reconciler touches the cluster.

    `secret_digest`: the one-time secret's SHA-256. `nonce_digest` binds the session to the first nonce; once `used`,
    another hello is theft. `sign_at` is the last word heard, on database time.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="attempts")
    epoch = models.PositiveIntegerField()
    state = models.CharField(max_length=10, default=AttemptState.CREATED)
    reason = models.CharField(max_length=60, blank=True)
    text = models.TextField(blank=True)
    blame = models.CharField(max_length=16, default=Blame.NONE)
    place = models.CharField(max_length=80, blank=True)
    place_uid = models.CharField(max_length=80, blank=True)
    node = models.CharField(max_length=120, blank=True)
    secret_digest = models.CharField(max_length=64, blank=True)
    nonce_digest = models.CharField(max_length=64, blank=True)
    generation = models.PositiveIntegerField(default=0)
    used = models.BooleanField(default=False)
    unwanted = models.BooleanField(default=False)
    """The place should go: the reconciler deletes it by uid."""
    gone = models.BooleanField(default=False)
    """The place is known to be gone."""
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    sign_at = models.DateTimeField(db_default=Now())
    doing = models.CharField(max_length=300, blank=True)
    step = models.PositiveIntegerField(default=0)
    exit_code = models.SmallIntegerField(null=True)

    class Meta:
        constraints = [
            one_of("state", AttemptState, "attempt_state"),
            one_of("blame", Blame, "attempt_blame"),
            models.UniqueConstraint(fields=["run", "epoch"], name="attempt_once_per_epoch"),
            models.UniqueConstraint(
                fields=["run"], name="attempt_one_live", condition=Q(state__in=sorted(map(str, LIVE_ATTEMPT)))
            ),
        ]

    @property
    def live(self) -> bool:
        return self.state in LIVE_ATTEMPT


class AgentToken(Row):
    """What one audience may present, as SHA-256. Belongs to an attempt or to a check; dies with `revoked` or its time."""

    attempt = models.ForeignKey(Attempt, models.CASCADE, null=True, related_name="tokens")
    check_row = models.ForeignKey("record.Check", models.CASCADE, null=True, related_name="tokens")
    audience = models.CharField(max_length=10)
    digest = models.CharField(max_length=64, unique=True)
    generation = models.PositiveIntegerField(default=1)
    expires_at = models.DateTimeField()
    revoked = models.BooleanField(default=False)

    class Meta:
        constraints = [
            one_of("audience", Audience, "token_audience"),
            models.CheckConstraint(
                name="token_of_one",
                condition=Q(attempt__isnull=False, check_row__isnull=True)
                | Q(attempt__isnull=True, check_row__isnull=False),
            ),
        ]
