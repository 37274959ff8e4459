"""The keys agents hold: one-time secrets, sessions, and one token per audience. Only digests are stored."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from deckwire.tokens import derive, digest
from deckwire.words import Audience
from quarterdeck.errors import Refused
from quarterdeck.record.models import AgentToken, Attempt, Check

ATTEMPT_AUDIENCES = (Audience.SESSION, Audience.STEP, Audience.MODEL, Audience.GIT)
CHECK_AUDIENCES = (Audience.CHECK, Audience.GIT)
LIFE = timedelta(minutes=60)
RENEW_AFTER = timedelta(minutes=15)  # 45 minutes stay: a quarter of an hour without the platform ends nobody's session
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
    used: bool = True


def one_time_secret(owner: UUID) -> str:
    """What a place is given as a file. Derived, so that a place made twice by a dying reconciler holds the same one.

    It names its owner: a door tells a secret of ours from an invented one without asking the record.
    """
    return f"{owner.hex}{_mac(f'secret:{owner}')}"


def owner_of(secret: str) -> UUID | None:
    """Whose one-time secret this is, if we made it. Says nothing about whether it still opens anything."""
    try:
        owner = UUID(hex=secret[:32])
    except ValueError:
        return None
    made = one_time_secret(owner).encode()
    return owner if hmac.compare_digest(made, secret.encode(errors="replace")) else None


def session_for(owner: UUID, nonce_digest: str, generation: int) -> str:
    """HMAC(server key, owner, nonce, generation): the same hello gets the same session, without storing it."""
    return _mac(f"session:{owner}:{nonce_digest}:{generation}")


def _mac(text: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


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


def rotate(attempt: Attempt) -> str:
    """The next session of a living attempt; the tokens of the one before stay good for 60 s."""
    AgentToken.objects.filter(attempt=attempt, generation__lte=attempt.generation).update(expires_at=Now() + OVERLAP)
    attempt.generation += 1
    Attempt.objects.filter(id=attempt.id).update(generation=attempt.generation)
    session = session_for(attempt.id, attempt.nonce_digest, attempt.generation)
    grant(attempt, session, attempt.generation)
    return session


def due_for_renewal(attempt: Attempt) -> bool:
    return AgentToken.objects.filter(
        attempt=attempt, generation=attempt.generation, audience=Audience.SESSION, created_at__lt=Now() - RENEW_AFTER
    ).exists()


def find(token: str, audience: Audience) -> Bearer | None:
    """Whom this token speaks for, if it is this audience's and alive. One indexed query.

    Raises Refused(fenced), 409, for a token of an attempt that was replaced, and of a check that is over.
    """
    if not token.startswith(f"qd_{audience.value}_") or len(token) > 120:
        return None
    row = (
        AgentToken.objects.filter(digest=digest(token), audience=audience)
        .filter(Q(expires_at__gt=Now()) | Q(revoked=True))
        .select_related("attempt", "check_row")
        .first()
    )
    if row is None:
        return None
    if row.revoked:
        raise Refused("This attempt was replaced or ended.", reason="fenced", remedy="Leave: a newer attempt goes on.")
    if row.attempt is not None:
        one = row.attempt
        return Bearer(one.id, one.run_id, one.epoch, "attempt", audience, row.generation, one.used)
    check = row.check_row
    assert check is not None  # the table's own constraint
    return Bearer(check.id, check.run_id, 0, "check", audience, row.generation)


def revoke(owner: Attempt | Check) -> None:
    mine = {"attempt": owner} if isinstance(owner, Attempt) else {"check_row": owner}
    AgentToken.objects.filter(**mine).update(revoked=True)
