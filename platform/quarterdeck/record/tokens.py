"""The keys agents hold: one-time secrets, sessions, and one token per audience. Only digests are stored."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from deckwire.tokens import derive, digest
from deckwire.words import Audience
from django.conf import settings
from django.db.models.functions import Now

from quarterdeck.record.models import AgentToken, Attempt, Check

ATTEMPT_AUDIENCES = (Audience.SESSION, Audience.STEP, Audience.MODEL, Audience.GIT)
CHECK_AUDIENCES = (Audience.CHECK, Audience.GIT)
LIFE = timedelta(minutes=15)
OVERLAP = timedelta(seconds=60)


@dataclass(frozen=True)
class Bearer:
    """Whom a token speaks for. `kind` is attempt or check; a check has epoch 0 and may never write."""

    id: UUID
    run: UUID
    epoch: int
    kind: str
    audience: Audience
    generation: int


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def session_for(owner: UUID, nonce: str, generation: int) -> str:
    """HMAC(server key, owner, nonce, generation): the same hello gets the same session, without storing it."""
    text = f"{owner}:{nonce}:{generation}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()


def grant(owner: Attempt | Check, session: str, generation: int) -> None:
    """Stores the digests of a session's tokens; repeating it is harmless."""
    mine = {"attempt": owner} if isinstance(owner, Attempt) else {"check_row": owner}
    audiences = ATTEMPT_AUDIENCES if isinstance(owner, Attempt) else CHECK_AUDIENCES
    AgentToken.objects.bulk_create(
        [
            AgentToken(**mine, audience=audience, digest=digest(derive(session, audience)), generation=generation,
                       expires_at=Now() + LIFE)
            for audience in audiences
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def rotate(attempt: Attempt, nonce: str) -> str:
    """The next session of a living attempt; the tokens of the one before stay good for 60 s."""
    AgentToken.objects.filter(attempt=attempt, generation__lte=attempt.generation).update(expires_at=Now() + OVERLAP)
    attempt.generation += 1
    Attempt.objects.filter(id=attempt.id).update(generation=attempt.generation)
    session = session_for(attempt.id, nonce, attempt.generation)
    grant(attempt, session, attempt.generation)
    return session


def find(token: str, audience: Audience) -> Bearer | None:
    """Whom this token speaks for, if it is this audience's, alive and not revoked. One indexed query."""
    if not token.startswith(f"qd_{audience.value}_") or len(token) > 120:
        return None
    row = (
        AgentToken.objects.filter(digest=digest(token), audience=audience, revoked=False, expires_at__gt=Now())
        .select_related("attempt", "check_row")
        .first()
    )
    if row is None:
        return None
    if row.attempt is not None:
        one = row.attempt
        return Bearer(one.id, one.run_id, one.epoch, "attempt", audience, row.generation)
    check = row.check_row
    assert check is not None  # the table's own constraint
    return Bearer(check.id, check.run_id, 0, "check", audience, row.generation)


def revoke(owner: Attempt | Check) -> None:
    mine = {"attempt": owner} if isinstance(owner, Attempt) else {"check_row": owner}
    AgentToken.objects.filter(**mine).update(revoked=True)
