"""An agent says hello: the one-time secret becomes a session, and it learns all it needs to know."""

from django.db import transaction
from django.db.models import Max, Sum
from django.db.models.functions import Now

from deckwire.envelope import Config, Conflict, Fork, Hello, TicketText, Welcome
from deckwire.events import Attempted, Resumed
from deckwire.tokens import digest
from deckwire.words import AttemptState, Blame, Fate, Phase
from quarterdeck.errors import Refused
from quarterdeck.flow import asks, fencing, losses, pictures, starting, ticket_context
from quarterdeck.record import audit, fences, ledger, lifecycle, tokens
from quarterdeck.record.models import Attempt, Command, ModelCall, Run, RunRepository


def hello(said: Hello) -> Welcome:
    """May repeat with the same nonce until the session is first used. A second nonce is theft: fence and alarm.

    Raises Refused: bad_secret (401), fenced (409), theft (409).
    """
    attempt = Attempt.objects.filter(secret_digest=digest(said.secret)).first() if said.secret else None
    if attempt is None:
        raise Refused("This secret opens nothing.", reason="bad_secret", status=401)
    with transaction.atomic():
        run = lifecycle.hold(attempt.run_id)
        fences.writing(run.id, attempt.epoch)
        attempt = Attempt.objects.select_for_update().get(id=attempt.id)
        if not attempt.live:
            raise Refused("This attempt has ended.", reason="fenced")
        stolen = _is_second(attempt, digest(said.nonce))
        if not stolen:
            return _let_in(run, attempt, digest(said.nonce))
        _alarm(run, attempt)
    raise Refused("This secret was used already, by somebody else.", reason="theft")


def _is_second(attempt: Attempt, nonce_digest: str) -> bool:
    return bool(attempt.nonce_digest) and (attempt.nonce_digest != nonce_digest or attempt.used)


def _alarm(run: Run, attempt: Attempt) -> None:
    audit.write("rule:doors", "second hello", f"attempt:{attempt.id}", project=run.project_id, epoch=attempt.epoch)
    fencing.end(
        run, attempt, AttemptState.FENCED, reason="theft", text="A second hello came with this attempt's secret."
    )
    losses.send_on(run, "theft", "A second hello was fenced.", Blame.INFRASTRUCTURE)


def _let_in(run: Run, attempt: Attempt, nonce_digest: str) -> Welcome:
    first = not attempt.nonce_digest
    session = tokens.session_for(attempt.id, nonce_digest, 1)
    if first:
        Attempt.objects.filter(id=attempt.id).update(
            nonce_digest=nonce_digest, generation=1, state=AttemptState.RUNNING, started_at=Now(), sign_at=Now()
        )
        tokens.grant(attempt, session, 1)
        _announce(run, attempt)
        starting.begun()
    return _welcome(run, attempt, session)


def _announce(run: Run, attempt: Attempt) -> None:
    said = Attempted(epoch=attempt.epoch, state=AttemptState.RUNNING)
    ledger.note(run.stream, said, by="rule:doors", epoch=attempt.epoch)
    if run.head:
        again = Resumed(epoch=attempt.epoch, checkpoint=run.head, seq=run.head_seq, rewound=run.fork is not None)
        ledger.note(run.stream, again, by="rule:doors", epoch=attempt.epoch)
    if run.phase == Phase.STARTING:
        lifecycle.move(run, Phase.WORKING, reason="agent_ready", by="rule:doors")
        if asks.waits(run):  # the answer it was started for was taken back on the way
            lifecycle.move(run, Phase.WAITING, reason="taken_back", by="rule:doors")


def _welcome(run: Run, attempt: Attempt, session: str) -> Welcome:
    base = RunRepository.objects.filter(run=run).first()
    applied = Command.objects.filter(run=run, fate=Fate.APPLIED).aggregate(n=Max("n"))["n"]
    return Welcome(
        session=session, run=str(run.id), attempt=str(attempt.id), epoch=attempt.epoch, head=run.head,
        head_commit=run.head_commit or (base.base if base else ""), base_commit=base.base if base else "", branch="run",
        fork=Fork(**run.fork) if run.fork else None, forks=run.forks,
        conflict=Conflict(**run.conflict) if run.conflict else None, applied_n=applied or 0,
        git_path=f"/run/{run.id}.git", ticket=ticket_text(run), config=Config.tolerant(run.config),
        spent_micro=spent(run), steps_done=run.steps,
    )  # fmt: skip


def ticket_text(run: Run) -> TicketText:
    """The ticket as it is now, not as it was: an edit reaches the next attempt."""
    return ticket_context.text(run.ticket, images=pictures.taken(run))


def spent(run: Run) -> int:
    """Micro-units that are gone: settled calls. Counted from rows, never kept as a counter."""
    return ModelCall.objects.filter(run=run).aggregate(sum=Sum("settled"))["sum"] or 0
