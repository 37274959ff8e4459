"""Rewind: one transaction of the platform. The next attempt forks at the chosen checkpoint with the new words."""

from uuid import UUID

from deckwire.envelope import MAIN_THREAD
from deckwire.words import Fate, Phase
from quarterdeck.errors import Refused
from quarterdeck.flow import asks, mailbox, pokes, proposals, stop
from quarterdeck.record import lifecycle
from quarterdeck.record.models import Checkpoint, Command, Decision, Run

REWINDABLE = (
    Phase.QUEUED, Phase.STARTING, Phase.WORKING, Phase.WAITING, Phase.PAUSED, Phase.REVIEW, Phase.PUBLISHED,
)  # fmt: skip


def targets(run_id: UUID) -> list[Checkpoint]:
    """Where a run can be rewound to: `listen` checkpoints of the main thread, newest first."""
    rows = Checkpoint.objects.filter(run_id=run_id, thread=MAIN_THREAD, ns="", node="listen", hidden=False)
    return list(rows.order_by("-order")[:300])


def rewind(run: Run, decision: Decision, checkpoint: str, words: str) -> Command:
    """Money is not rewound; what was undone stays in the record."""
    if run.phase not in REWINDABLE:
        raise Refused(f"A run that is {run.phase} cannot be rewound.", reason="not_possible")
    point = Checkpoint.objects.filter(
        run=run, thread=MAIN_THREAD, ns="", node="listen", checkpoint=checkpoint, hidden=False
    ).first()
    if point is None:
        raise Refused("That is not a step this run can be rewound to.", reason="no_such_checkpoint", status=404)
    proposals.withdraw(run, "the run was rewound")
    restart(run, decision, point.checkpoint, words, commit=point.commit, seq=point.seq, reason="rewound")
    return mailbox.put(run, decision, fate=Fate.APPLIED, for_agent=False, why=f"goes on from step {point.step}")


def restart(
    run: Run,
    decision: Decision | None,
    checkpoint: str,
    words: str | None,
    *,
    commit: str,
    seq: int,
    reason: str,
    by: str = "",
) -> None:
    """Fences whoever works, moves the head, and queues the run to fork there with these words (None: no fork, a conflict)."""
    stop.drop_attempt(run, reason)
    mailbox.supersede(run, f"the run was {reason}")
    asks.supersede(run, f"the run was {reason}")
    n = run.next_command
    run.forks += 1
    run.fork = None if words is None else {"checkpoint": checkpoint, "words": words, "n": n}
    run.head, run.head_seq, run.head_commit, run.desired = checkpoint, seq, commit, "run"
    Run.objects.filter(id=run.id).update(
        forks=run.forks, fork=run.fork, head=checkpoint, head_seq=seq, head_commit=commit, desired="run", failures=0
    )
    if run.phase != Phase.QUEUED:
        lifecycle.move(run, Phase.QUEUED, reason=reason, by=by or (decision.actor if decision else "rule:platform"))
    pokes.poke("places")


def send_back(run: Run, decision: Decision, words: str) -> Command:
    """From the review: the proposal is void, the ref takes commits again, the words are the agent's next message."""
    proposals.withdraw(run, "sent back with words")
    by = str(decision.person or decision.actor)
    text = f"Redirect from {by}: {words}"
    restart(run, decision, run.head, text, commit=run.head_commit, seq=run.head_seq, reason="redirected")
    return mailbox.put(
        run, decision, fate=Fate.APPLIED, for_agent=False, why="the agent goes on from its head with these words"
    )
