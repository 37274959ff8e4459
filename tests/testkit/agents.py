"""An agent that was let in: its run, its attempt and its tokens, as hello would have left them."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from deckwire.tokens import derive
from deckwire.words import Audience, Phase
from quarterdeck.record import fences, ledger, tokens
from quarterdeck.record.models import Attempt, Run
from testkit import rows


@dataclass(frozen=True)
class Agent:
    run: UUID
    attempt: UUID
    session: str

    def headers(self, audience: Audience, **more: str) -> dict[str, str]:
        return {"authorization": f"Bearer {derive(self.session, audience)}", **more}

    def bearer(self, audience: Audience) -> tokens.Bearer:
        found = tokens.find(derive(self.session, audience), audience)
        assert found is not None
        return found


def working(run: Run) -> Agent:
    """The run works, in its first attempt."""
    rows.move(run, Phase.STARTING, Phase.WORKING)
    return let_in(run, rows.attempt(run, epoch=run.epoch + 1))


def let_in(run: Run, attempt: Attempt, nonce: str = "n") -> Agent:
    with transaction.atomic():
        fences.raise_epoch(run.id, attempt.epoch)
        Run.objects.filter(id=run.id).update(epoch=attempt.epoch)
        Attempt.objects.filter(id=attempt.id).update(nonce_digest=nonce, generation=1)
        session = tokens.session_for(attempt.id, nonce, 1)
        tokens.grant(attempt, session, 1)
    return Agent(run.id, attempt.id, session)


def replaced(agent: Agent) -> None:
    """The epoch rises past this agent: from here on it is Mallory, who holds a stale token."""
    with transaction.atomic():
        head = ledger.lock(f"run:{agent.run}")
        fences.raise_epoch(agent.run, head.epoch + 1)
