"""An agent's sign of life. Leases run on database time; a session is renewed long before it ends."""

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from deckwire.envelope import Heartbeat, Pulse
from quarterdeck.errors import Refused
from quarterdeck.flow import mailbox, watching
from quarterdeck.flow.welcome import spent
from quarterdeck.record import tokens, wakes
from quarterdeck.record.models import Attempt, Command, Run, StreamHead
from quarterdeck.record.tokens import Bearer


def heartbeat(bearer: Bearer, said: Heartbeat) -> Pulse:
    """Raises Refused(fenced)."""
    head = StreamHead.objects.filter(stream=f"run:{bearer.run}").first()
    if head is None or head.epoch != bearer.epoch:
        raise Refused("This attempt was replaced.", reason="fenced")
    Attempt.objects.filter(id=bearer.id).update(sign_at=Now(), doing=said.doing[:300], step=said.step, used=True)
    wakes.tell("card", run=str(bearer.run))
    session = _session(bearer)
    mail = Command.objects.filter(run_id=bearer.run, for_agent=True, fate__in=mailbox.WAITING).aggregate(n=Max("n"))[
        "n"
    ]
    run = Run.objects.get(id=bearer.run)
    left = run.cap_micro - spent(run)
    return Pulse(session=session, mail=mail or 0, watched=watching.is_watched(str(bearer.run)), micro_left=left)


def _session(bearer: Bearer) -> str:
    """A new session when it is time, whole or not at all. Who still speaks with the old one never got it: once more."""
    with transaction.atomic():
        attempt = Attempt.objects.select_for_update().get(id=bearer.id)
        if bearer.generation < attempt.generation:
            return tokens.session_for(attempt.id, attempt.nonce_digest, attempt.generation)
        return tokens.rotate(attempt) if tokens.due_for_renewal(attempt) else ""
