"""The words both sides use: phases, reasons, kinds. One list each, so that nobody spells his own."""

from enum import StrEnum


class Phase(StrEnum):
    """Where a run stands (`Run.phase`). `record/lifecycle.py` holds the table of moves between them."""

    QUEUED = "queued"
    STARTING = "starting"
    WORKING = "working"
    WAITING = "waiting"
    PAUSED = "paused"
    SEALING = "sealing"
    REVIEW = "review"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    MERGING = "merging"
    MERGED = "merged"
    CLOSED = "closed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDS = frozenset({Phase.MERGED, Phase.CLOSED, Phase.FAILED, Phase.CANCELLED})


class AttemptState(StrEnum):
    CREATED = "created"
    PENDING = "pending"
    RUNNING = "running"
    SEALED = "sealed"
    PARKED = "parked"
    FAILED = "failed"
    LOST = "lost"
    FENCED = "fenced"


LIVE_ATTEMPT = frozenset({AttemptState.CREATED, AttemptState.PENDING, AttemptState.RUNNING})


class Fate(StrEnum):
    """What became of a command. The last four are ends."""

    PENDING = "pending"
    DELIVERED = "delivered"
    APPLIED = "applied"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class Verb(StrEnum):
    """What a person (or a named rule) can say about a run."""

    APPROVE = "approve"
    DENY = "deny"
    ANSWER = "answer"
    REDIRECT = "redirect"
    PAUSE = "pause"
    RESUME = "resume"
    REWIND = "rewind"
    RETRY = "retry"
    STOP = "stop"
    RAISE_BUDGET = "raise budget"
    MERGE = "merge"


class RequestKind(StrEnum):
    PLAN = "plan"
    QUESTION = "question"
    PERMISSION = "permission"
    BUDGET = "budget"
    REVIEW = "review"
    CONFLICT = "conflict"
    FAILURE = "failure"


class Risk(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Blame(StrEnum):
    """Who answers for an attempt's end: infrastructure retries for free, agent counts, configuration asks a person."""

    INFRASTRUCTURE = "infrastructure"
    AGENT = "agent"
    CONFIGURATION = "configuration"
    NONE = "none"


class Audience(StrEnum):
    """What a token opens. Each is derived from the session; one opens nothing of another's."""

    SESSION = "session"
    STEP = "step"
    MODEL = "model"
    GIT = "git"
    CHECK = "check"
